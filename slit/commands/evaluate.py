"""`slit evaluate`: whether a run folder says the truth."""

import typer

from slit.commands.terminal import AsJson, ExitCode, Plugin, RunFolder, Threads, print_json


def evaluate(
    folder: RunFolder, plugin: Plugin = None, threads: Threads = 0, as_json: AsJson = False
) -> None:
    """Evaluate every plan of a run again and compare with front.csv; exit code 1 if it differs."""
    from slit.front import broken_by
    from slit.record import read_run, reevaluate

    run = read_run(folder)
    compared = reevaluate(run, plugin=plugin, threads=threads)
    if as_json:
        print_json(
            {
                "equal": compared.equal,
                "plans": compared.plans,
                "largest_difference": compared.largest_difference,
            }
        )
    else:
        verdict = "equal" if compared.equal else "different"
        print(
            f"{folder}: {compared.plans} plans evaluated again: {verdict} "
            f"(largest relative difference {compared.largest_difference:.3g})"
        )
        for row in (run.front.G > 0).nonzero()[0]:
            said = f"plan {run.front.plans[row]} by {run.front.methods[row]}"
            print(f"  {said} is infeasible: {broken_by(run.front, int(row))}")
    if not compared.equal:
        raise typer.Exit(ExitCode.DIFFERS)
