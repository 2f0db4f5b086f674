"""Nothing but slit itself writes to standard output."""

import subprocess
import sys


def test_solvers_print_nothing_to_the_descriptor() -> None:
    code = "from slit.lp.silent import SilentHighs; SilentHighs().run(); SilentHighs().run()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
