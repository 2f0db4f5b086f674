"""`slit benchmark`: the suites of the checkout, in a process of their own.

Benchmarks are not part of the installed package; nothing here imports them.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from slit.commands.terminal import AsJson, ExitCode
from slit.errors import SlitError

PACKAGE = Path(__file__).resolve().parents[1]
SUITES = ("benchmarks/__main__.py", "slit/__init__.py")
"""What a checkout holds."""
GRACE = 5.0
"""Seconds that the process has to end by itself."""

benchmark = typer.Typer(no_args_is_help=True, help="Benchmark suites (of a checkout).")


@benchmark.command("list")
def list_suites(as_json: AsJson = False) -> None:
    """List the suites and what they are made of."""
    _start(["list"], as_json)


@benchmark.command("run")
def run_suite(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="See slit benchmark list.")],
    seeds: Annotated[
        int | None, typer.Option(metavar="N", help="Seeds (default: the suite's).")
    ] = None,
    jobs: Annotated[int, typer.Option(metavar="N", help="Processes side by side.")] = 1,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Default: runs/benchmarks/SUITE.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only jobs whose name holds TEXT.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a suite, or what is missing of one that was stopped."""
    words = ["run", suite, "--jobs", str(jobs)]
    for option, value in (("--seeds", seeds), ("--output", output), ("--only", only)):
        if value is not None:
            words += [option, str(value)]
    _start(words, as_json)


@benchmark.command("report")
def report_folder(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a suite that ran.")],
    as_json: AsJson = False,
) -> None:
    """Write the report (HTML) and the tables (CSV) of a suite, as far as it ran."""
    _start(["report", str(folder)], as_json)


def find_checkout() -> Path:
    """The checkout this package belongs to, or the present folder if it is one.

    Raises SlitError, saying how to get one, where there is none.
    """
    for folder in (PACKAGE.parent, Path.cwd()):
        if all((folder / file).is_file() for file in SUITES):
            return folder
    raise SlitError(
        f"benchmarks: none beside {PACKAGE}, expected a checkout of slit (they are not part of the "
        "installed package: clone its repository, run pip install -e . there, and try again)"
    )


def _start(words: list[str], as_json: bool) -> None:
    """`python -m benchmarks` of the checkout; its exit code is ours."""
    checkout = find_checkout()
    path = os.pathsep.join(filter(None, [str(checkout), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "benchmarks", *words, *(["--json"] if as_json else [])]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})
    try:
        code = process.wait()
    except KeyboardInterrupt:
        code = _interrupted(process)
    if code:
        raise typer.Exit(code if code > 0 else ExitCode.INTERRUPTED)


def _interrupted(process: subprocess.Popen[bytes]) -> int:
    """Ctrl-C reaches the process too, and it ends by itself; a signal to us alone does not."""
    try:
        return process.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        return process.wait()
