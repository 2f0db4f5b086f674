"""`learn`: an agent learns to decide requests over the air, and is measured on others.

Options: method (sac, sdrl), budget (steps). Requests follow from the seed, whatever the agent.
"""

from dataclasses import asdict
from typing import Any

from benchmarks.job import Job
from benchmarks.registry import BenchmarkPhase, find_case
from benchmarks.store import JobOutcome, Store

NAME = "agent"


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Train and measure."""
    from slit.papers.aolo.agents import find_agent, learning_of
    from slit.papers.aolo.checkpoints import Training
    from slit.papers.aolo.evaluation import effort_of, with_agent
    from slit.papers.aolo.training import train

    kind, day = find_agent(job.options["method"]), find_case(job.case).build(**job.case_options)
    learning = learning_of(job.options["budget"]["steps"])
    trained = train(day, Training(kind, job.seed or 0, day.file.name, learning))
    shown = with_agent(trained.measured, trained.agent, trained.task.scale, name=NAME)
    curve = [asdict(point) for point in trained.training.curve]
    seconds = [point.pop("cpu_seconds") for point in curve]
    effort = effort_of(trained.agent, trained.task.observations)
    values: dict[str, Any] = {
        "label": str(kind),
        "figures": shown.figures(NAME),
        "optimum": shown.figures("optimum"),
        "curve": curve,
        "effort": asdict(effort) | {"joules": effort.joules},
    }
    return JobOutcome(values, {}, {"seconds": seconds[-1], "curve_seconds": seconds})


LEARN = BenchmarkPhase("learn", perform)
