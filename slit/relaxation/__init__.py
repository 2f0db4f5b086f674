"""The linear relaxation of a scenario: what no plan can be below, and the way back to plans."""

from slit.relaxation.relaxation import Relaxation, Relaxed

__all__ = ["Relaxation", "Relaxed"]
