"""`slit calibrate`: services corrected by what a replay of a plan shows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slit.commands.terminal import AsJson, RunFolder, Threads, print_json, print_table
from slit.display import number, percent

if TYPE_CHECKING:
    from slit.replay.calibration import Correction


def calibrate(
    folder: RunFolder,
    plan: Annotated[str, typer.Option(metavar="ID", help="A plan's number or name.")],
    output: Annotated[Path, typer.Option(metavar="DIR", help="A new folder for the file.")],
    part: Annotated[
        float, typer.Option("--share", metavar="S", help="As slit replay: share of the requests.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bits.")] = 1,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Replay a plan and write the services it uses with the waits and the energy that were served:
    a scenario to optimize again.

    Of a built-in scenario a whole scenario file, else services to put into your own.
    """
    from slit.api import replay_plan
    from slit.record import read_run
    from slit.replay.calibration import calibrated, with_corrections
    from slit.replay.plan import ReplaySettings
    from slit.scenario.calibrated import write_calibrated

    run = read_run(folder)
    settings = ReplaySettings(seed=seed, share=part)
    found = calibrated(replay_plan(run, plan, settings=settings, threads=threads))
    services = with_corrections(run.scenario, found).services
    said = f"services as served by plan {plan} of {run.scenario.name} (slit calibrate)"
    file = write_calibrated(output, run.scenario, services, source=said)
    if as_json:
        print_json({"file": str(file), "services": [_content(each) for each in found]})
        return
    rows = [
        [
            each.key.node_type,
            each.key.variant,
            str(each.key.batch),
            number(each.promised_s),
            number(each.served_s),
            number(each.service.wait_s),
            percent(100 * (each.energy - 1)),
            number(each.service.energy_ratio),
        ]
        for each in found
    ]
    header = ["node type", "variant", "batch", "first token promised (s)", "served (s)", "wait_s",
              "energy above idle", "energy_ratio"]  # fmt: skip
    print_table(header, rows, left=2)
    print(file)


def _content(found: "Correction") -> dict[str, Any]:
    return {
        **found.key._asdict(),
        "requests": found.requests,
        "promised_ttft_s": found.promised_s,
        "served_ttft_s": found.served_s,
        "energy": found.energy,
        "wait_s": found.service.wait_s,
        "energy_ratio": found.service.energy_ratio,
    }
