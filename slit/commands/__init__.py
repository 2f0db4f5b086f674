"""The `slit` command: one module a subcommand."""

import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Entry point of the `slit` command."""
    from slit.commands.streams import finish, prepare

    code: str | int | None = 0
    output = None
    try:
        output = prepare()
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
