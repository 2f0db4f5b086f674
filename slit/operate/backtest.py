"""Weeks of real hours decided again: with forecasts, with perfect foresight, with yesterday.

The same policy is run over the same stretch with different knowledge of what comes; what each run
really came to is added up by the real requests and signals. The difference to perfect foresight is
the regret; a run in which one cause alone is forecast, and the rest known, says what that cause
adds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from operators.types import Floats
from slit.arrays import frozen
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.files import read_arrays, write_arrays
from slit.forecast import Source
from slit.objectives import find
from slit.operate.decide import PROMISED, Limiter, is_mean, promised_of
from slit.operate.due import Settings
from slit.operate.history import Learned, Stretch
from slit.operate.loop import begin, operate
from slit.operate.outlook import Mixed, Outlook, Perfect, Repeated
from slit.operate.panel import Cause, window_of
from slit.operate.rivals import served_by
from slit.operate.serve import REALIZED, Served
from slit.problem import compile_problem
from slit.relaxation import Relaxation

FORECAST, ORACLE, YESTERDAY = "forecast", "oracle", "yesterday"
COUNTS = ("requests", "rerouted", "compared", "spilled", "overload", "starts", "unplanned", "nodes")
"""Of `Served`, what is kept besides objectives."""
RIVALS = ("nearest", "splitwise", "helix")


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What one run came to, epoch by epoch: `totals` (E, len(REALIZED)), means as sums; `by_site`
    (E, 3, D) carbon, water and cost; `counts` (E, len(COUNTS)); `promised` (E, 3): what decisions
    promised of carbon, water and cost for their first epoch, NaN for schedulers of a day."""

    name: str
    totals: Floats
    by_site: Floats
    counts: Floats
    promised: Floats

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name != "name":
                object.__setattr__(self, field.name, frozen(getattr(self, field.name), np.float64))

    def count(self, name: str) -> Floats:
        """One of the counts, (E,)."""
        return np.asarray(self.counts[:, COUNTS.index(name)])

    def value(self, name: str) -> float:
        """An objective of all epochs together, means over requests as such."""
        total = float(self.totals[:, REALIZED.index(name)].sum())
        return total / float(self.count("requests").sum()) if is_mean(name) else total

    @property
    def rerouted(self) -> float:
        """Share of requests that are served elsewhere than in the epoch before."""
        compared = float(self.count("compared").sum())
        return float(self.count("rerouted").sum()) / compared if compared else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """All runs over one stretch, by name. `prices` (M,) of a weighted policy; `bound`: no plan's
    weighted sum is below it, without budgets and limits as well; None where none is weighed."""

    stretch: Stretch
    settings: Settings
    records: Mapping[str, Record]
    prices: Floats | None
    bound: float | None

    def weighted(self, name: str) -> float | None:
        """The weighted sum of a run."""
        if self.prices is None:
            return None
        totals = self.records[name].totals.sum(axis=0)
        values = [totals[REALIZED.index(each)] for each in self.settings.names]
        return float(np.dot(self.prices, values))


def names_of_runs(*, causes: bool, rivals: Sequence[str]) -> tuple[str, ...]:
    """The runs of a backtest, in their order."""
    alone = tuple(cause.value for cause in Cause) if causes else ()
    return (ORACLE, FORECAST, YESTERDAY, *alone, *rivals)


def run_record(
    name: str,
    stretch: Stretch,
    settings: Settings,
    *,
    method: str,
    limits: Limiter | None = None,
    sources: Sequence[Source] = (),
    file: Path | None = None,
) -> Record:
    """One run of a backtest. With `file` it is kept there, and read from there where it exists."""
    if file is not None and file.exists():
        return _read(name, file)
    if name in names_of_runs(causes=True, rivals=()):
        outlook = outlook_of(name, stretch, settings, method=method, sources=sources)
        record = _decided(name, outlook, stretch, settings, limits)
    else:
        record = _scheduled(name, stretch, settings)
    if file is not None:
        arrays = {field.name: getattr(record, field.name) for field in fields(record)[1:]}
        write_arrays(file, arrays)
    return record


def outlook_of(
    name: str,
    stretch: Stretch,
    settings: Settings,
    *,
    method: str,
    sources: Sequence[Source] = (),
) -> Outlook:
    """What a run knows of what comes."""
    panel, season = stretch.panel, stretch.clock.day
    if name == ORACLE:
        return Perfect(panel)
    if name == YESTERDAY:
        return Repeated(panel, season)
    forecast: Outlook = (
        Repeated(panel, season)
        if method == "yesterday"
        else Learned(panel, method, first=stretch.first, horizon=settings.horizon, sources=sources)
    )
    if name == FORECAST:
        return forecast
    return Mixed(Perfect(panel), forecast, panel, [Cause(name)])


def weighted_bound(stretch: Stretch, settings: Settings, prices: Floats) -> float:
    """No plan of the stretch has a weighted sum below this, whatever it knows: the relaxation of
    each day by the real figures, whose duals prove it."""
    day, total = stretch.clock.day, 0.0
    for first in range(stretch.first, stretch.last, day):
        count = min(day, stretch.last - first)
        window = window_of(stretch.scenario, first, count, genes=stretch.genes * count)
        evaluator = Evaluator(compile_problem(window), window, objectives=find(settings.names))
        requests = evaluator.problem.total_requests
        each = np.where([is_mean(name) for name in settings.names], requests, 1.0)
        total += Relaxation.of(evaluator).minimize(prices * each).bound
    return total


def _scheduled(name: str, stretch: Stretch, settings: Settings) -> Record:
    rows = list(served_by(name, stretch, settings))
    return _record(name, rows, [[np.nan] * len(PROMISED) for _ in rows])


def _decided(
    name: str, outlook: Outlook, stretch: Stretch, settings: Settings, limits: Limiter | None
) -> Record:
    rows: list[Served] = []
    promised: list[list[float]] = []
    state = begin(stretch.scenario, settings, first=stretch.first)
    steps = operate(
        stretch.scenario, outlook, settings, state=state, last=stretch.last, limits=limits
    )
    for step, _ in steps:
        promised.append(promised_of(step.decision)[0].tolist())
        rows.append(step.served)
    return _record(name, rows, promised)


def _record(name: str, rows: Sequence[Served], promised: Sequence[Sequence[float]]) -> Record:
    return Record(
        name,
        totals=np.array([row.totals for row in rows]),
        by_site=np.array([row.by_site for row in rows]),
        counts=np.array([[float(getattr(row, count)) for count in COUNTS] for row in rows]),
        promised=np.array(promised),
    )


def _read(name: str, file: Path) -> Record:
    holding = "a run of a backtest"
    arrays = read_arrays(file, holding=holding)
    expected = {field.name for field in fields(Record)} - {"name"}
    if set(arrays) != expected:
        raise SlitError(f"{file}: {', '.join(arrays)}, expected {holding}")
    return Record(name, **arrays)


def daily(values: Floats, day: int) -> Floats:
    """Sums (D, ...) by day of what is there by epoch (E, ...); a rest of a day is left out."""
    days = len(values) // day
    return np.asarray(values[: days * day].reshape(days, day, *values.shape[1:]).sum(axis=1))


def saving_interval(
    plan: Floats, base: Floats, *, block: int = 3, resamples: int = 10_000
) -> tuple[float, float]:
    """Ends of the 95 % interval of sum(plan) / sum(base) - 1, in per cent: a bootstrap over
    circular blocks of days (N,), which keeps what neighboring days share; NaN below two blocks,
    where all draws would be nearly the same.
    """
    count = len(plan)
    if count < 2 * block:
        return (float("nan"), float("nan"))
    rng = np.random.default_rng(0)
    starts = rng.integers(count, size=(resamples, -(-count // block)))
    drawn = ((starts[:, :, None] + np.arange(block)) % count).reshape(resamples, -1)[:, :count]
    change = 100 * (plan[drawn].sum(axis=1) / base[drawn].sum(axis=1) - 1)
    low, high = np.quantile(change, [0.025, 0.975])
    return float(low), float(high)


def regret(backtest: Backtest, name: str, objective: str) -> float:
    """By how much a run's objective exceeds the oracle's, in per cent of that."""
    best = backtest.records[ORACLE].value(objective)
    return 100 * (backtest.records[name].value(objective) / best - 1) if best else float("nan")


def by_region(backtest: Backtest, name: str) -> Iterator[tuple[str, Floats]]:
    """Of each datacenter what a run took beyond the oracle, (3,): carbon, water, cost."""
    mine = backtest.records[name].by_site.sum(axis=0)
    best = backtest.records[ORACLE].by_site.sum(axis=0)
    for d, center in enumerate(backtest.stretch.scenario.datacenters):
        yield center.name, mine[:, d] - best[:, d]
