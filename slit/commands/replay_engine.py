"""`slit replay --engine`: a measured run of an engine replayed without fitting."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from slit.commands.terminal import print_json, print_table
from slit.display import percent

if TYPE_CHECKING:
    from slit.replay.measured.run import MeasuredRun

TITLES = {"ttft": "time to first token", "tpot": "time per output token", "latency": "latency"}
PUBLISHED = (
    "Published elsewhere: LLMServingSim 2.0 on its four runs, time to first token +0.6 to -13.6 % "
    "(mean), time per token within 1.7 %, latency within 2.2 %; BLIS end to end 6.5 to 16 % "
    "(median); Vidur below 9 % latency (its paper)."
)


def replay_engine(folder: Path, *, as_json: bool) -> None:
    """Print measured and replayed times of a run in the layout of LLMServingSim's examples.

    Raises:
        SlitError: a file, column or layer that is missing.
    """
    from slit.replay.measured.run import read_measured, serve_again

    run = read_measured(folder)
    measured, replayed = run.measured.figures(), serve_again(run).figures()
    if as_json:
        print_json({"engine": _settings(run), "measured": measured, "replayed": replayed})
        return
    count = len(run.measured.queued_s)
    print(f"{run.model}: {count} requests, served again by measured times of layers, unfitted\n")
    rows = []
    for name, title in TITLES.items():
        for what, before in measured[name].items():
            after = replayed[name][what]
            change = percent(100 * (after / before - 1) if before > 0 else None)
            rows.append([f"{title}, {what}", f"{1e3 * before:,.1f}", f"{1e3 * after:,.1f}", change])
    print_table(["ms", "measured", "replayed", "change"], rows)
    print(f"\n{PUBLISHED}")


def _settings(run: "MeasuredRun") -> dict[str, Any]:
    return {
        "model": run.model,
        "requests": len(run.measured.queued_s),
        "engines": run.engines,
        "most_sequences": run.most_sequences,
        "token_budget": run.token_budget,
    }
