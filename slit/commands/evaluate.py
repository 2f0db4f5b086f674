"""`slit evaluate`: whether a run folder says the truth."""

import typer

from slit.commands.terminal import AsJson, ExitCode, Plugin, RunFolder, Threads, print_json


def evaluate(
    folder: RunFolder, plugin: Plugin = None, threads: Threads = 1, as_json: AsJson = False
) -> None:
    """Evaluate every plan of a run again and compare with front.csv; exit code 1 if it differs."""
    from slit.record import read_run, reevaluate

    found = reevaluate(read_run(folder), plugin=plugin, threads=threads)
    if as_json:
        print_json(
            {
                "equal": found.equal,
                "plans": found.plans,
                "largest_difference": found.largest_difference,
            }
        )
    else:
        verdict = "equal" if found.equal else "different"
        print(
            f"{folder}: {found.plans} plans evaluated again: {verdict} "
            f"(largest relative difference {found.largest_difference:.3g})"
        )
    if not found.equal:
        raise typer.Exit(ExitCode.DIFFERS)
