"""`slit wireless train | evaluate`: agents that learn answers over the air (extra `rl`)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from slit.commands.terminal import AsJson, print_json, print_table
from slit.commands.wireless_tables import LEGEND, print_policies
from slit.errors import SlitError

if TYPE_CHECKING:
    from slit.papers.aolo.checkpoints import Training
    from slit.papers.aolo.training import Watch

Agent = Annotated[str, typer.Argument(metavar="AGENT", help="sac or sdrl (with a spiking actor).")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="File that slit wireless train wrote.")]


def train(
    agent: Agent,
    cell_day: Annotated[
        str, typer.Argument(metavar="[CELL-DAY]", help="Built-in name or TOML file of a cell-day.")
    ] = "cell-day",
    seed: Annotated[int, typer.Option(min=0, help="Of requests and training.")] = 0,
    steps: Annotated[
        int,
        typer.Option(min=1, help="Decisions; the first quarter of them, at most 5,000, at random."),
    ] = 40_000,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: AGENT-SEED.safetensors.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the file ends.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train an agent to decide requests of a day; see how far above the optimum it is."""
    from slit.papers.aolo.agents import check_extra, find_agent, learning_of

    kind, learning = find_agent(agent), learning_of(steps)
    file = output or Path(f"{kind}-{seed}.safetensors")
    if file.exists() and not resume:
        raise SlitError(f"{file}: exists, expected a new file (or --resume)")
    check_extra()
    from slit.papers.aolo.checkpoints import Training
    from slit.papers.aolo.requests import load_cell_day
    from slit.papers.aolo.training import train as learn

    day = load_cell_day(cell_day)
    training = Training(kind, seed, cell_day, learning)
    with _progress(quiet=as_json) as watch:
        trained = learn(day, training, output=file, resume=resume and file.exists(), watch=watch)
    curve = [asdict(point) for point in trained.training.curve]
    if as_json:
        print_json({"agent": kind, "seed": seed, "written": str(file), "curve": curve})
        return
    _print_curve(trained.training)
    print(f"\n{file}: slit wireless evaluate {file}")


def _print_curve(training: "Training") -> None:
    print_table(
        ["decisions", "gradient steps", "CPU s", "over optimum %", "kept %"],
        [
            [f"{p.steps:,}", f"{p.gradient_steps:,}", f"{p.cpu_seconds:.1f}", _percent(p.gap),
             f"{100 * p.kept_share:.1f}"]
            for p in training.curve
        ],
        left=0,
    )  # fmt: skip


def _percent(gap: float | None) -> str:
    return "" if gap is None else f"{100 * gap:+.2f}"


@contextmanager
def _progress(*, quiet: bool) -> Iterator["Watch | None"]:
    """A bar of the chunks, on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("learning", total=1.0)

        def watch(training: "Training") -> None:
            last = training.curve[-1]
            bar.update(
                task,
                completed=last.steps / training.learning.steps,
                description=f"{_percent(last.gap)} % over, {100 * last.kept_share:.0f} % kept",
            )

        yield watch


def evaluate(
    file: File,
    cell_day: Annotated[
        str | None,
        typer.Argument(metavar="[CELL-DAY]", help="Default: the one that it learned on."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the requests of the day.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Compare a trained agent with the exact optimum, and say what deciding takes."""
    from slit.papers.aolo.agents import check_extra

    check_extra()
    from slit.papers.aolo.evaluation import evaluate_agent

    found = evaluate_agent(file, cell_day, rng=np.random.default_rng(seed))
    if as_json:
        print_json(found)
        return
    _print_evaluation(found, seed)


def _print_evaluation(found: dict[str, Any], seed: int) -> None:
    requests = found["policies"]["optimum"]["requests"]
    print(f"{found['cell_day']}: {requests:,.0f} requests, seed {seed}\n")
    print_policies("policy", found["policies"])
    print()
    print_policies(f"{found['agent']} of users", found["groups"])
    effort = found["effort"]
    rate = effort["spike_rate"]
    spikes = "" if rate is None else f", {100 * rate:.1f} % of neurons spike in a step"
    gap = found["policies"][found["agent"]].get("gap")
    if gap is not None:
        print(
            f"\nthe optimum takes {100 * gap / (1 + gap):.2f} % less carbon than {found['agent']}"
        )
    print(
        f"deciding: {effort['multiplications']:,.0f} multiplications, {effort['additions']:,.0f} "
        f"additions a request{spikes}: {1e6 * effort['joules']:.3g} µJ by operations at 45 nm "
        "(4.6 and 0.9 pJ), without moving data, which takes most on a real chip"
    )
    print(f"\n{LEGEND}")
