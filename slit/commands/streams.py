"""Standard streams that are closed, full or read by nobody; signals and warnings."""

import io
import os
import signal
import sys
import threading
import warnings
from contextlib import suppress
from errno import EPIPE
from typing import cast


class Output(io.TextIOWrapper):
    """Standard output that keeps in mind why it could not be written."""

    error: OSError | None = None

    def write(self, text: str, /) -> int:
        """Write it, or remember why not."""
        try:
            return super().write(text)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Write what waits, or remember why not."""
        try:
            super().flush()
        except OSError as error:
            self.error = error
            raise

    def failed(self) -> int | None:
        """Write what waits; the exit code where that cannot be written.

        Who stops reading (`slit show RUN | head -1`) wants no more: no message, and the code of a
        process that the closed pipe ended.
        """
        with suppress(OSError):
            self.flush()
        if self.error is None:
            return None
        # Python writes again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        if self.error.errno == EPIPE:
            return 128 + signal.SIGPIPE
        from slit.commands.terminal import ExitCode, complain

        complain(f"standard output: {self.error.strerror}, expected a place that can be written")
        return ExitCode.MISTAKE


def prepare() -> Output:
    """Make the process ready for a command; standard output as it is from now on."""
    _open_missing()
    warnings.formatwarning = _formatted
    sys.unraisablehook = _unraisable
    usual = cast(io.TextIOWrapper, sys.stdout)
    output = Output(
        usual.buffer,
        encoding=usual.encoding,
        errors=usual.errors,
        line_buffering=usual.line_buffering,
        write_through=usual.write_through,
    )
    sys.stdout = output
    return output


def finish(output: Output | None) -> int | None:
    """Write what waits; the exit code where standard output could not be written."""
    failed = None if output is None else output.failed()
    try:
        sys.stderr.flush()
    except OSError:  # Python would change the exit code for it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    return failed


def _open_missing() -> None:
    """Point standard streams that are closed at nothing.

    Otherwise the next file that is opened takes their descriptor, and gets what is printed.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != descriptor:
                os.dup2(nothing, descriptor)
                os.close(nothing)
            raw = io.FileIO(descriptor, "w" if descriptor else "r", closefd=False)
            buffered = io.BufferedWriter(raw) if descriptor else io.BufferedReader(raw)
            stream = io.TextIOWrapper(buffered, encoding="utf-8")
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


_usual_format = warnings.formatwarning


def _formatted(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Warnings of slit itself are one line each, as its errors are."""
    if category.__module__.partition(".")[0] in ("slit", "operators"):
        return f"slit: {message}\n"
    return _usual_format(message, category, filename, lineno, line)


def _unraisable(what: "sys.UnraisableHookArgs") -> None:
    """Ctrl-C in a callback of the interpreter or of native code is lost: it comes again at once."""
    if what.exc_type is KeyboardInterrupt:
        main = threading.main_thread().ident
        # When the callback has ended; a signal of its own, which wakes who sleeps.
        threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(what)
