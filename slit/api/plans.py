"""The plans of a front that have a name."""

from os import PathLike
from pathlib import Path

from slit.errors import SlitError, did_you_mean
from slit.evaluator import Evaluator
from slit.front import Front
from slit.objectives import find
from slit.record import Run, read_run
from slit.report.equal_quality import EqualQuality, equal_quality_of
from slit.report.picks import PicksData, picks_data
from slit.report.recommendation import Recommendation, recommendation
from slit.report.saving import Saving, saving_parts


def show(run: Run | str | PathLike[str], *, against: str | None = None) -> PicksData:
    """The plans of a run (or run folder) that have a name: extremes, balanced plan, references.

    Changes refer to the pick called `against`, by default to `nearest`. Raises SlitError where
    there is no such pick. `slit.plan(run, name)` is one of them in detail.
    """
    shown = run if isinstance(run, Run) else read_run(Path(run))
    return picks_of(shown.front, search=shown.manifest.optimizer, against=against)


def recommend(
    run: Run | str | PathLike[str], *, against: str | None = None
) -> Recommendation | None:
    """The plan that a run (or run folder) recommends: the balanced one, which keeps to the limits
    if any plan does, with what it gives and gives up, and what the next plans would buy.

    Compared is as in `slit.show`, and with the plans that limits are relative to. None if the run
    holds no plan.
    """
    opened = run if isinstance(run, Run) else read_run(Path(run))
    if not len(opened.front):
        return None
    return recommendation(opened, show(opened, against=against))


def equal_quality(
    run: Run | str | PathLike[str], *, against: str | None = None, every: bool = True
) -> EqualQuality | None:
    """What the front of a run (or run folder) offers at equal quality: against each reference plan
    the balanced one of the plans that lose no more quality, and of those that lose at most 1 % and
    5 % more of what it loses, over all requests and in each class; and what that plan saves against
    the same scheduler with the same variants.

    Without `every` the latter only for the plans that matter most: `against` (by default as in
    `slit.show`), today's routing, nearest, splitwise and helix. None without a reference plan, and
    where quality is not among the objectives.
    """
    opened = run if isinstance(run, Run) else read_run(Path(run))
    if not len(opened.front):
        return None
    return equal_quality_of(opened, show(opened, against=against), every=every)


def saving(run: Run | str | PathLike[str], plan: str, *, against: str) -> Saving:
    """Where the saving of a plan of a run (or run folder) comes from: what changes against the pick
    `against` by variant, place and time.

    Raises SlitError for an unknown plan, pick or objective (of a plug-in that was not loaded).
    """
    opened = run if isinstance(run, Run) else read_run(Path(run))
    front = opened.front
    picks = show(opened, against=against)
    evaluator = Evaluator(opened.problem, opened.scenario, objectives=find(front.names))
    return saving_parts(
        evaluator,
        front.X[picks.marks[picks.row(against)].row],
        front.X[front.row_of(plan, prefix=opened.manifest.optimizer)],
    )


def picks_of(front: Front, *, search: str, against: str | None = None) -> PicksData:
    """The picks of a front whose optimizer is called `search`."""
    picks = picks_data(front, search=search, reference=against)
    if against is not None and picks.reference is None:
        listed = ", ".join(mark.name for mark in picks.marks)
        near = did_you_mean(against, [mark.name for mark in picks.marks])
        raise SlitError(f"against: {against!r}, expected one of {listed}{near}")
    return picks
