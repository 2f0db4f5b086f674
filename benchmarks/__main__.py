"""`python -m benchmarks list | run SUITE [...] | report DIR`."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slit.errors import SlitError

OUTPUT = Path("runs/benchmarks")
DONE, FAILED, MISTAKE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    said = _parser().parse_args(arguments)
    try:
        code: int = said.command(said)
    except SlitError as error:
        print(f"slit benchmark: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("slit benchmark: interrupted; the same command continues", file=sys.stderr)
        return INTERRUPTED
    return code


def list_suites(said: argparse.Namespace) -> int:
    """List suites and cases."""
    from benchmarks.registry import cases, suites

    found = {
        "suites": [(suite.name, suite.line) for suite in suites().values()],
        "cases": [(case.name, case.line) for case in cases().values()],
    }
    if said.json:
        _print_json(
            {
                kind: [{"name": n, "what": line} for n, line in of_kind]
                for kind, of_kind in found.items()
            }
        )
        return DONE
    for kind, entries in found.items():
        print(f"{kind}:")
        for name, line in entries:
            print(f"  {name:16} {line}")
    return DONE


def run_suite(said: argparse.Namespace) -> int:
    """Run what is missing of a suite."""
    from benchmarks.execute import execute
    from benchmarks.registry import find_suite
    from benchmarks.store import Store

    for name in ("seeds", "jobs"):
        value = getattr(said, name)
        if value is not None and value < 1:
            raise SlitError(f"--{name}: {value}, expected at least 1")
    suite = find_suite(said.suite)
    plan = suite.plan(said.seeds or suite.seeds)
    folder = said.output or OUTPUT / suite.name
    for note in plan.notes:
        _tell(note)
    _tell(f"{suite.name}: {len(plan.jobs)} jobs, {plan.seeds} seeds, results in {folder}")
    tally = execute(plan, Store(folder), workers=said.jobs, tell=_tell, only=said.only)
    if said.json:
        _print_json({"suite": suite.name, "output": str(folder), **asdict(tally)})
    else:
        print(
            f"{suite.name}: {tally.before + tally.done} of {tally.jobs} jobs are done, "
            f"{tally.failed} failed; slit benchmark report {folder}"
        )
    return FAILED if tally.failed else DONE


def report_folder(said: argparse.Namespace) -> int:
    """Write the report of a folder."""
    from benchmarks.report.write import write_report

    written = write_report(said.folder)
    if said.json:
        _print_json({"report": str(written[0]), "tables": [str(path) for path in written[1:]]})
    else:
        for path in written:
            print(path)
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="slit benchmark", description="Benchmarks of slit.")
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("list", help="suites and cases")
    listing.set_defaults(command=list_suites)
    running = commands.add_parser("run", help="run a suite, or continue one that was killed")
    running.add_argument("suite", metavar="SUITE", help="see slit benchmark list")
    running.add_argument("--seeds", type=int, metavar="N", help="seeds (default: the suite's)")
    running.add_argument("--jobs", type=int, metavar="N", default=1, help="processes (default: 1)")
    running.add_argument("--output", type=Path, metavar="DIR", help=f"default: {OUTPUT}/SUITE")
    running.add_argument("--only", metavar="TEXT", default="", help="jobs whose name holds TEXT")
    running.set_defaults(command=run_suite)
    reporting = commands.add_parser("report", help="HTML and CSV of what is done so far")
    reporting.add_argument("folder", metavar="DIR", type=Path, help="folder of a run")
    reporting.set_defaults(command=report_folder)
    for command in (listing, running, reporting):
        command.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print_json(content: dict[str, Any]) -> None:
    print(json.dumps(content, allow_nan=False))


if __name__ == "__main__":
    sys.exit(main())
