"""HiGHS that prints nothing."""

import highspy


class SilentHighs(highspy.Highs):
    """Without the banner that highspy 1.16 writes to file descriptor 1 while it is made.

    Options can be set only once it is made, and `sys.stdout` is not what native code writes to.
    """

    def enableCallbacks(self) -> None:  # noqa: N802 - highspy's name; its constructor calls it
        """Turn output off before the first call that prints."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]
