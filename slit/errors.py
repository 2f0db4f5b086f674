"""The errors a user can cause."""

import difflib
import traceback
from collections.abc import Iterable


class SlitError(Exception):
    """A mistake the user can mend: printed without a traceback, exit code 2.

    The message has the form "thing: found, expected (meaning, unit)".
    """


class InfeasibleError(SlitError):
    """The demand cannot be served, or the limits asked for cannot be met together."""


def failure(error: Exception, file: str) -> str:
    """What went wrong in a user's `file`, and on which line: "KeyError: 'x' (mine.py:12)"."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file
    ]
    message = str(error)
    if isinstance(error, SyntaxError):
        message, lines = error.msg, [error.lineno]
    place = f" ({file}:{lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {message}{place}"


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: " (did you mean 'carbon'?)", or nothing."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(found.casefold(), folded, n=1, cutoff=0.6)
    return f" (did you mean {folded[near[0]]!r}?)" if near else ""
