"""The `slit` command: one module a subcommand."""

from slit.commands.app import app


def main() -> None:
    """Entry point of the `slit` command."""
    app()
