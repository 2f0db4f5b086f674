"""The errors a user can cause."""


class SlitError(Exception):
    """A mistake the user can mend: printed without a traceback, exit code 2.

    The message has the form "thing: found, expected (meaning, unit)".
    """


class InfeasibleError(SlitError):
    """The demand cannot be served, or the limits asked for cannot be met together."""
