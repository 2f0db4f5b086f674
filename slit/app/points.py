"""The plans of one or several runs as one table, and the runs that could not be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.errors import SlitError
from slit.front import broken_by
from slit.objectives.limit_text import ResolvedLimit
from slit.record import Run, read_run
from slit.report.front import distinct_marks
from slit.report.marks import Axis, Mark, axes_of, marks_of
from slit.report.picks import default_reference


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder that holds no run this page can show, and why."""

    folder: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class FrontPoints:
    """Plans of R runs. Shapes: N plans, M objectives (`axes`).

    `keys` name the plans: run and plan number, as in 0:17. The rows of `marks` point here.
    `references` (R,) are what savings refer to in each run: a name and a row, or None. `limits`
    are those that every run kept to, by objective, the loosest of each.
    """

    labels: tuple[str, ...]  # (R,)
    axes: tuple[Axis, ...]
    F: Floats  # (N, M)
    violation: Floats  # (N,)
    beyond: tuple[str, ...]  # (N,) what that is, in words
    on_front: Bools  # (N,)
    run: Longs  # (N,) which run
    row: Longs  # (N,) of that run's front
    keys: tuple[str, ...]  # (N,)
    methods: tuple[str, ...]  # (N,)
    marks: tuple[Mark, ...]
    references: tuple[tuple[str, int] | None, ...]
    limits: Mapping[str, ResolvedLimit] = field(default_factory=dict)
    index: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index.update({key: n for n, key in enumerate(self.keys)})

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the objectives."""
        return tuple(axis.name for axis in self.axes)

    @property
    def best(self) -> Bools:
        """Plans that may be chosen (N,): the feasible ones, else those of least violation."""
        return np.asarray(self.violation <= max(0.0, float(self.violation.min(initial=np.inf))))

    @property
    def preset(self) -> dict[str, tuple[None, float]]:
        """What the page is limited to at first: limits of the runs that the plans which may be
        chosen exceed; those that they meet are where the knobs end."""
        return {
            name: (None, limit.most)
            for name, limit in self.limits.items()
            if self.F[self.best, self.column(name)].max(initial=-np.inf) > limit.most
        }

    def column(self, name: str) -> int:
        """The column of an objective."""
        return self.names.index(name)

    def title(self, index: int) -> str:
        """What a plan is called: its number and its name, or its run if there are several."""
        run, plan = self.keys[index].split(":")
        name = next((mark.name for mark in self.marks if mark.row == index), None)
        if name is not None:
            return f"plan {plan}, {name}"
        return f"plan {plan}" + (f" of {self.labels[int(run)]}" if len(self.labels) > 1 else "")


def read_runs(folders: Sequence[Path]) -> tuple[list[Run], list[Unreadable]]:
    """The runs that can be shown, and the folders that cannot, each with its reason."""
    runs: list[Run] = []
    unreadable = []
    for folder in folders:
        try:
            runs.append(read_shown(folder))
        except SlitError as error:
            unreadable.append(Unreadable(str(folder), str(error)))
    return runs, unreadable


def read_shown(folder: Path) -> Run:
    """A run that has a plan to show. Raises SlitError."""
    run = read_run(folder)
    if not len(run.front):
        raise SlitError(f"{folder}: no plan, expected at least one")
    return run


def points_of(runs: Sequence[Run]) -> FrontPoints:
    """All plans of runs with the same objectives."""
    fronts = [run.front for run in runs]
    first = np.cumsum([0, *(len(front) for front in fronts)])
    labels = run_labels(runs)
    named = [
        [
            replace(mark, row=int(first[r]) + mark.row)
            for mark in marks_of(run.front, search=run.manifest.optimizer)
        ]
        for r, run in enumerate(runs)
    ]
    marks = tuple(
        mark if len(runs) == 1 else replace(mark, name=f"{mark.name} ({label})")
        for label, own in zip(labels, named, strict=True)
        for mark in distinct_marks(own)
    )
    return FrontPoints(
        labels=labels,
        axes=axes_of(fronts[0]),
        F=np.concatenate([front.F for front in fronts]),
        violation=np.concatenate([front.G for front in fronts]),
        beyond=tuple(broken_by(front, row) for front in fronts for row in range(len(front))),
        on_front=np.concatenate([front.on_front for front in fronts]),
        run=np.concatenate([np.full(len(front), r) for r, front in enumerate(fronts)]),
        row=np.concatenate([np.arange(len(front)) for front in fronts]),
        keys=tuple(f"{r}:{plan}" for r, front in enumerate(fronts) for plan in front.plans),
        methods=tuple(method for front in fronts for method in front.methods),
        marks=marks,
        references=tuple(_reference(own) for own in named),
        limits=_common_limits(runs),
    )


def _common_limits(runs: Sequence[Run]) -> dict[str, ResolvedLimit]:
    """By objective the loosest limit that each of the runs kept to."""
    found = {}
    for name in runs[0].front.names:
        own = [[x for x in run.manifest.resolved_limits if x.measure == name] for run in runs]
        if all(own):
            found[name] = max((min(x, key=_most) for x in own), key=_most)
    return found


def _most(limit: ResolvedLimit) -> float:
    return limit.most


def _reference(marks: Sequence[Mark]) -> tuple[str, int] | None:
    name = default_reference(tuple(marks))
    return next(((mark.name, mark.row) for mark in marks if mark.name == name), None)


def run_labels(runs: Sequence[Run]) -> tuple[str, ...]:
    """Names of the runs: their folders', numbered where two are the same."""
    names = [run.folder.resolve().name for run in runs]
    return tuple(
        name if names.count(name) == 1 else f"{name} #{n + 1}" for n, name in enumerate(names)
    )
