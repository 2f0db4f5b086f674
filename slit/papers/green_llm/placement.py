"""The early variant (first version of the preprint): which models are placed where, when.

A query type's model is placed at a datacenter for an hour or not (binary); queries go only where it
is; placing what was not there the hour before is a download that costs; a capped share of an area's
queries may stay unmet at a penalty; the answers must reach an accuracy. A mixed-integer program.

Ours, because it is not disclosed: every number in PlacementTerms (default_terms draws them), the
error rate by datacenter and type (by type alone the floor would hold or fail whatever is decided),
and that the objective is the letter's E + C with the downloads and penalties, delay being a limit.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats
from slit.arrays import frozen
from slit.errors import InfeasibleError, SlitError
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel, Solution, Solver, SolverError, SolverOptions, Status
from slit.papers.green_llm.instance import Instance
from slit.papers.green_llm.outcome import PaperTotals, measure
from slit.papers.green_llm.program import PaperObjective, Program, build


@dataclass(frozen=True, slots=True, eq=False)
class PlacementTerms:
    """What the early variant needs beside an instance: read-only arrays, shapes by letter.

    download_cost (J,) USD a download; placed_before (J, K) models there before the first hour;
    unmet_price (K,) USD a query left unmet; unmet_cap (I,) largest share of an area's queries left
    unmet; error_rate (J, K) share of wrong answers; accuracy_floor (K,) least share of right
    answers among the queries served in an hour. Raises SlitError on values out of range.
    """

    download_cost: Floats
    placed_before: Bools
    unmet_price: Floats
    unmet_cap: Floats
    error_rate: Floats
    accuracy_floor: Floats

    def __post_init__(self) -> None:
        limits = {"download_cost": np.inf, "unmet_price": np.inf}
        for field in fields(self):
            kind = np.bool_ if field.name == "placed_before" else np.float64
            values = frozen(getattr(self, field.name), kind)
            object.__setattr__(self, field.name, values)
            most = limits.get(field.name, 1.0)
            if not (np.isfinite(values) & (values >= 0) & (values <= most)).all():
                meaning = "USD" if field.name in limits else "share"
                raise SlitError(
                    f"{field.name}: found {values.min():g} to {values.max():g}, "
                    f"expected 0 to {most:g} ({meaning})"
                )


def default_terms(instance: Instance, *, rng: np.random.Generator) -> PlacementTerms:
    """Random terms (ours, but for the ranges of error rates and unmet caps, which the authors'
    sample code has): nothing placed before, an accuracy floor at the mean of the datacenters."""
    sizes = instance.sizes
    error_rate = rng.uniform(0.01, 0.1, (sizes["J"], sizes["K"]))
    return PlacementTerms(
        download_cost=rng.uniform(0.05, 0.25, sizes["J"]),
        placed_before=np.zeros((sizes["J"], sizes["K"]), dtype=bool),
        unmet_price=rng.uniform(0.005, 0.02, sizes["K"]),
        unmet_cap=rng.uniform(0.05, 0.2, sizes["I"]),
        error_rate=error_rate,
        accuracy_floor=1 - error_rate.mean(axis=0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class PlacementResult:
    """The plan: shares (I, J, K, T), grid energy (J, T) in kWh, placed (J, K, T), unmet shares
    (I, K, T).

    total_cost = energy_cost + carbon_cost of `outcome` + download_cost + unmet_penalty (USD);
    bound: what no plan can go below; proved: whether the plan is optimal within the solver's gap.
    """

    shares: Floats
    grid: Floats
    placed: Bools
    unmet: Floats
    outcome: PaperTotals
    download_cost: float
    unmet_penalty: float
    bound: float
    proved: bool

    @property
    def total_cost(self) -> float:
        """What was minimized (USD)."""
        paid = self.outcome.energy_cost + self.outcome.carbon_cost
        return paid + self.download_cost + self.unmet_penalty


def solve_placement(
    instance: Instance, terms: PlacementTerms, *, options: SolverOptions | None = None
) -> PlacementResult:
    """The plan of least total cost.

    The search starts from the rounded relaxation. A time limit in `options` is the search's: the
    best plan found by then is returned, `proved` False. Raises SlitError on terms that do not fit
    the instance, InfeasibleError where there is no plan.
    """
    _check_sizes(instance, terms)
    program = build(instance)
    columns = _Columns(instance)
    model = _model(program, columns, terms)
    relaxed = Solver(replace(model, integer=None), options=SolverOptions(interior_point=True))
    start = relaxed.solve()
    if start.status is Status.OPTIMAL:
        solution = Solver(model, options=options).solve(start=_rounded(start.x, columns, terms))
    else:
        solution = start
    if solution.status is Status.INFEASIBLE:
        raise InfeasibleError(
            "placement: found no plan, expected limits that can be met together (water, power, "
            "resources, delay, unmet queries, accuracy)"
        )
    if solution.status not in (Status.OPTIMAL, Status.LIMIT) or not len(solution.x):
        raise SolverError(f"Green-LLM placement: HiGHS ended with {solution.status.value}")
    return _result(program, columns, terms, solution, bound=relaxed.lower_bound())


class _Columns:
    """Positions of the columns: shares and grid as in the letter's program, then placed z and
    downloads w (J, K, T), unmet q (I, K, T)."""

    def __init__(self, instance: Instance) -> None:
        sizes = instance.sizes
        self.shares_shape = tuple(sizes[letter] for letter in "IJKT")
        placed_shape = self.shares_shape[1:]
        shares = int(np.prod(self.shares_shape))
        self.base = shares + sizes["J"] * sizes["T"]
        places = int(np.prod(placed_shape))
        self.x = np.arange(shares).reshape(self.shares_shape)
        self.z = self.base + np.arange(places).reshape(placed_shape)
        self.w = self.z + places
        first = self.base + 2 * places
        self.q = first + np.arange(instance.demand.size).reshape(instance.demand.shape)
        self.count = first + instance.demand.size


def _model(program: Program, columns: _Columns, terms: PlacementTerms) -> LinearModel:
    instance, letter = program.instance, program.model
    kept = min(program.total_rows.values())
    narrow = letter.matrix[:kept]
    wide = sparse.csr_array(
        (narrow.data, narrow.indices, narrow.indptr), shape=(kept, columns.count)
    )
    served = program.groups["all queries are served"].ravel()
    unmet = sparse.csr_array(
        (np.ones(served.size), (served, columns.q.ravel())), shape=(kept, columns.count)
    )
    extra = _extra_rows(instance, columns, terms)
    more, extra_lower, extra_upper = extra.assembled(columns.count)
    upper = np.ones(columns.count)
    upper[: columns.base] = letter.upper
    upper[columns.q] = terms.unmet_cap[:, None, None]
    integer = np.zeros(columns.count, dtype=bool)
    integer[columns.z] = True
    return LinearModel(
        cost=_cost(program, columns, terms),
        lower=np.zeros(columns.count),
        upper=upper,
        matrix=sparse.csr_array(sparse.vstack([wide + unmet, more], format="csr")),
        row_lower=np.concatenate([letter.row_lower[:kept], extra_lower]),
        row_upper=np.concatenate([letter.row_upper[:kept], extra_upper]),
        integer=integer,
    )


def _extra_rows(instance: Instance, columns: _Columns, terms: PlacementTerms) -> Rows:
    x, z, w = columns.x, columns.z, columns.w
    rows = Rows()
    # Queries go only where the model is.
    pairs = np.stack([x, np.broadcast_to(z, x.shape)], axis=-1)
    rows.add_dense(pairs, [1.0, -1.0], upper=0.0)
    # A download is paid where a model is placed that was not there the hour before.
    rows.add_dense(
        np.stack([z[..., 0], w[..., 0]], axis=-1),
        [1.0, -1.0],
        upper=terms.placed_before.astype(np.float64),
    )
    rows.add_dense(
        np.stack([z[..., 1:], z[..., :-1], w[..., 1:]], axis=-1), [1.0, -1.0, -1.0], upper=0.0
    )
    # Right answers among the queries served, by query type and hour.
    above = 1 - terms.error_rate - terms.accuracy_floor  # (J, K)
    right = above[:, :, None] * instance.demand[:, None]
    by_type = (2, 3, 0, 1)
    shape = (instance.sizes["K"], instance.sizes["T"], -1)
    rows.add_dense(
        x.transpose(by_type).reshape(shape), right.transpose(by_type).reshape(shape), lower=0.0
    )
    return rows


def _cost(program: Program, columns: _Columns, terms: PlacementTerms) -> Floats:
    cost = np.zeros(columns.count)
    cost[: columns.base] = (
        program.costs[PaperObjective.ENERGY] + program.costs[PaperObjective.CARBON]
    )
    cost[columns.w] = terms.download_cost[:, None, None]
    cost[columns.q] = terms.unmet_price[:, None] * program.instance.demand
    return cost


def _rounded(x: Floats, columns: _Columns, terms: PlacementTerms) -> Floats:
    """A plan from a relaxed one: whatever is partly placed is placed."""
    start = x.copy()
    placed = x[columns.z] > 0
    start[columns.z] = placed
    start[columns.w] = placed & ~_before(placed, terms)
    return start


def _before(placed: Bools, terms: PlacementTerms) -> Bools:
    """What was placed the hour before (J, K, T)."""
    return np.concatenate([terms.placed_before[:, :, None], placed[:, :, :-1]], axis=2)


def _result(
    program: Program,
    columns: _Columns,
    terms: PlacementTerms,
    solution: Solution,
    *,
    bound: float,
) -> PlacementResult:
    instance = program.instance
    shares, grid = program.split(solution.x[: columns.base])
    placed = solution.x[columns.z] > 0.5
    downloads = (placed & ~_before(placed, terms)).sum(axis=(1, 2))
    unmet = np.clip(solution.x[columns.q], 0, terms.unmet_cap[:, None, None])
    lost = (unmet * instance.demand).sum(axis=(0, 2))
    return PlacementResult(
        shares=shares,
        grid=grid,
        placed=placed,
        unmet=unmet,
        outcome=measure(instance, shares, grid),
        download_cost=float(downloads @ terms.download_cost),
        unmet_penalty=float(terms.unmet_price @ lost),
        bound=float(np.fmax(solution.mip_bound, bound)),
        proved=solution.status is Status.OPTIMAL,
    )


def _check_sizes(instance: Instance, terms: PlacementTerms) -> None:
    axes = {
        "download_cost": "J",
        "placed_before": "JK",
        "unmet_price": "K",
        "unmet_cap": "I",
        "error_rate": "JK",
        "accuracy_floor": "K",
    }
    for name, letters in axes.items():
        expected = tuple(instance.sizes[letter] for letter in letters)
        found = getattr(terms, name).shape
        if found != expected:
            raise SlitError(f"{name}: found shape {found}, expected {expected} = {letters}")
