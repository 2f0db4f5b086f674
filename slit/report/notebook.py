"""What a notebook shows: a front as a figure, a plan, and a figure whose brush Python can read."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
import plotly.graph_objects as go

from operators.types import Bools, Genes, Integers
from slit.display import number
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front
from slit.ledger import Ledger
from slit.objectives import find
from slit.problem import compile_problem
from slit.record import Run
from slit.report.front import draw_parallel, draw_scatter_matrix, front_data
from slit.report.marks import axes_of
from slit.report.markup import joined, table, tag
from slit.report.plan import (
    PlanData,
    describe_plan,
    describe_stability,
    draw_by_datacenter,
    draw_load,
    draw_nodes,
    draw_waits,
    plan_data,
)
from slit.report.style import SEQUENCE, figure, label, trace
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario

KINDS = ("parallel", "scatter")
WIDGETS = "pip install 'slit-llm[notebooks]'"


def draw(front: Front, *, kind: str = "parallel", search: str | None = None) -> go.Figure:
    """A front as a plotly figure; `kind` is parallel (coordinates) or scatter (matrix).

    `search` is the optimizer whose extremes and balanced plan are marked: by default the method
    that made most of the rows.
    """
    if kind not in KINDS:
        raise SlitError(f"kind: {kind!r}, expected one of {', '.join(KINDS)}")
    data = front_data(_with_plans(front), search=search or main_method(front))
    return go.Figure(draw_parallel(data) if kind == "parallel" else draw_scatter_matrix(data))


def main_method(front: Front) -> str:
    """The method that made most of the rows of a front."""
    return Counter(_with_plans(front).methods).most_common(1)[0][0]


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """One plan (G,) and what it does: shows itself in a notebook, with `figures()` below it."""

    X: Genes
    ledger: Ledger

    @cached_property
    def data(self) -> PlanData:
        """The numbers that its figures show, by hour, datacenter and variant."""
        return plan_data(self.ledger)

    def totals(self) -> dict[str, float]:
        """Every built-in objective by its name."""
        return self.ledger.totals()

    def figures(self) -> dict[str, go.Figure]:
        """Its figures by name: load, variants, energy, carbon, water, cost, nodes, waits."""
        drawings = {
            "load": draw_load(self.data, by="datacenter"),
            "variants": draw_load(self.data, by="variant"),
        }
        for what in ("energy", "carbon", "water", "cost"):
            drawings[what] = draw_by_datacenter(self.data, what=what)
        drawings |= {"nodes": draw_nodes(self.data), "waits": draw_waits(self.data.waits)}
        return {name: go.Figure(drawing) for name, drawing in drawings.items()}

    def __repr__(self) -> str:
        return f"<Plan of {self.ledger.scenario.name}: {describe_plan(self.data)}>"

    def _repr_html_(self) -> str:
        data, totals = self.data, self.totals()
        objectives = [(each.title, number(totals[each.name]), each.unit) for each in find(totals)]
        requests = data.by_datacenter.sum(axis=0)
        order = [int(d) for d in np.argsort(-requests, kind="stable")]
        columns = (requests, *(each.sum(axis=0) for each in (data.energy, data.carbon)))
        columns += (data.water.sum(axis=0), data.cost.sum(axis=0))
        places = [(data.datacenters[d], *(number(each[d]) for each in columns)) for d in order]
        heads = ("requests", "energy (kWh)", "carbon (kg CO2e)", "water (L)", "cost (USD)")
        everything = joined(
            [
                tag("p", f"{describe_plan(data)}. {describe_stability(data)}."),
                table("The plan as a whole", ("objective", "value", "unit"), objectives),
                table("By datacenter", ("datacenter", *heads), places),
            ]
        )
        return str(everything)


def plan(scenario: Run | Scenario | str | PathLike[str], X: Integers | str | int) -> Plan:
    """What a plan (G,) of placement indices does.

    `scenario` is the one it was made for, the name of a built-in one or a scenario file; or a run,
    and `X` the number or name of one of its plans. Raises SlitError for a wrong shape or a
    placement that is not allowed for its group.
    """
    if isinstance(scenario, Run):
        if isinstance(X, str | int):
            front = scenario.front
            X = front.X[front.row_of(str(X), prefix=scenario.manifest.optimizer)]
        scenario = scenario.scenario
    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    judge = Evaluator(compile_problem(loaded), loaded, objectives=find(["energy"]))
    genes = judge.check(np.atleast_2d(np.asarray(X)))
    if len(genes) != 1:
        raise SlitError(f"plan: {len(genes)} plans, expected one (G,)")
    return Plan(genes[0], judge.ledger(genes[0]))


class Brush:
    """Parallel coordinates to brush in a notebook; what is brushed can be read from Python.

    Drag along an axis to keep only the plans between two values, along several axes to keep those
    within all; click an axis to undo. `selected` is then the front of the plans that are left.
    """

    def __init__(self, front: Front) -> None:
        self.front = _with_plans(front)
        first = self.front.F[:, 0]
        lines = trace(
            "parcoords",
            dimensions=[
                {"label": label(axis.full), "values": self.front.F[:, m]}
                for m, axis in enumerate(axes_of(front))
            ],
            line={"color": first, "colorscale": list(SEQUENCE)},
        )
        drawn = figure([lines], height=460, margin={"t": 60, "l": 80, "r": 80})
        try:
            self.widget = go.FigureWidget(go.Figure(drawn))
        except ImportError as error:
            raise SlitError(f"brush: no package anywidget, expected it ({WIDGETS})") from error

    @property
    def mask(self) -> Bools:
        """Which rows of `front` (N,) lie in all that is brushed; all where nothing is."""
        kept = np.ones(len(self.front), dtype=np.bool_)
        for m, dimension in enumerate(self.widget.data[0].dimensions):
            ranges = dimension.constraintrange
            if ranges is None or not len(ranges):
                continue
            values = self.front.F[:, m]
            limits = np.atleast_2d(np.asarray(ranges, dtype=np.float64))
            within = [(low <= values) & (values <= high) for low, high in limits]
            kept &= np.logical_or.reduce(within)
        return kept

    @property
    def selected(self) -> Front:
        """The plans that are brushed, as a front of its own."""
        return self.front.rows(self.mask)

    def limit(self, **ranges: tuple[float, float]) -> "Brush":
        """Brush from Python: the least and the largest value by objective. Returns itself."""
        for name, (low, high) in ranges.items():
            if name not in self.front.names:
                listed = ", ".join(self.front.names)
                raise SlitError(f"objective: {name!r}, expected one of {listed}")
            place = self.front.names.index(name)
            self.widget.data[0].dimensions[place].constraintrange = [low, high]
        return self

    def __repr__(self) -> str:
        return f"<Brush: {int(self.mask.sum())} of {len(self.front)} plans selected>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)


def brush(front: Front) -> Brush:
    """A front to brush in a notebook (see `Brush`). Needs the extra `notebooks`."""
    return Brush(front)


def _with_plans(front: Front) -> Front:
    if not len(front):
        raise SlitError("front: no plan, expected at least one")
    return front
