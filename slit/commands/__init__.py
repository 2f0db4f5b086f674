"""The `slit` command: one module a subcommand."""

import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    """Entry point of the `slit` command."""
    from slit.commands.streams import finish, prepare

    code: str | int | None = 0
    output = None
    try:
        output = prepare()
        _check_operators()
        from slit.commands.app import app  # in here: Ctrl-C may come while it is imported

        app()
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:
        sys.stderr.write("slit: interrupted\n")
        code = 128 + signal.SIGINT
    except OSError as error:
        if output is None or error is not output.error:
            raise
    sys.exit(code if (failed := finish(output)) is None else failed)


def _check_operators() -> None:
    """End where Python finds another package called `operators` before slit's own."""
    own = Path(__file__).resolve().parents[2] / "operators"
    spec = find_spec("operators")
    place = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
    if place != own / "__init__.py":
        sys.stderr.write(
            f"slit: operators: {place or 'no package'}, expected {own} (another package of that "
            "name comes first: give slit an environment of its own, and look at PYTHONPATH)\n"
        )
        sys.exit(2)
