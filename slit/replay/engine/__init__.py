"""The engine of one placement: discrete events, as few as there are changes of a batch."""

from slit.replay.engine.advance import advance, fits

__all__ = ["advance", "fits"]
