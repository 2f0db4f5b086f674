"""How few requests a plan about as good as a pick can reroute: the relaxation of the whole day.

Usage: python -m benchmarks.drivers.least_rerouting RUN [--picks cost,carbon] [--allowances 0,0.01]

For each extreme of RUN's search and its balanced plan the least share of requests rerouted between
epochs where each objective may exceed the pick's by an allowance, with divisible shares and nodes
and without waits: no plan of these objectives reroutes less, to the solver's tolerances. One linear
program of all epochs; placements are priced in until none can lower it.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats, Longs
from slit.arrays import product
from slit.front import Front
from slit.lp.solver import LinearModel, Solution, Solver, SolverError, SolverOptions, Status
from slit.problem import Problem
from slit.record import read_run
from slit.record.runs import evaluator_of
from slit.relaxation import Relaxation
from slit.relaxation.subproblem import Subproblem

SEARCH = "slit"
CHEAPEST = 6
"""Placements of a group that are there from the beginning, besides those of the plan."""
MORE = 4
"""That come in at a time, of each group."""
ROUNDS = 30
NEGATIVE = 1e-9
"""Of all requests: what a placement has to lower the program by to come in."""
OPTIONS = SolverOptions(interior_point=True)


def main() -> None:
    """Print a row for each pick."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--picks", default="carbon,water,cost,quality,balance")
    parser.add_argument("--allowances", default="0,0.01")
    said = parser.parse_args()
    run = read_run(said.run)
    evaluator = evaluator_of(run, threads=1)
    day = Day(Relaxation.of(evaluator))
    columns = [run.front.names.index(name) for name in day.relaxation.names]
    allowances = [float(each) for each in said.allowances.split(",")]
    print("| pick | " + " | ".join(f"at {100 * each:g} % more" for each in allowances) + " |")
    print("|---|" + "---:|" * len(allowances))
    wanted = said.picks.split(",")
    front = found_by_search(run.front)
    for pick in front.picks(prefix=SEARCH):
        if pick.name.removeprefix(f"{SEARCH}-") not in wanted:
            continue
        values = front.F[pick.row, columns]
        found = [day.least(front.X[pick.row], values, each) for each in allowances]
        print(
            f"| `{pick.name}` | " + " | ".join(f"{100 * x:.1f} %" for x in found) + " |", flush=True
        )


def found_by_search(front: Front) -> Front:
    """The plans of the search alone: without steady picks and the plans to compare with."""
    rows = [row for row, method in enumerate(front.methods) if method == SEARCH]
    return Front(
        X=front.X[rows],
        F=front.F[rows],
        G=front.G[rows],
        names=front.names,
        units=front.units,
        methods=(SEARCH,) * len(rows),
    )


class Day:
    """The programs of all epochs as one, in which requests are rerouted."""

    def __init__(self, relaxation: Relaxation) -> None:
        self.relaxation = relaxation
        problem: Problem = relaxation.problem
        programs: tuple[Subproblem, ...] = relaxation.programs
        self.previous = problem.group_previous
        self.requests = np.where(problem.compared, problem.group_requests, 0.0)
        self.requests = self.requests / self.requests.sum()
        models = [program.model() for program in programs]
        self.matrix = sparse.csc_array(
            sparse.block_diag([model.matrix for model in models], format="csc")
        )
        self.row_lower = np.concatenate([model.row_lower for model in models])
        self.row_upper = np.concatenate([model.row_upper for model in models])
        self.upper = np.concatenate([model.upper for model in models])
        self.values = np.concatenate([program.values for program in programs], axis=1)
        self.constant = relaxation.terms.constant + sum(p.constant.sum(axis=1) for p in programs)
        # Column of each group's share at a placement, -1 where it may not be.
        self.column = np.full((problem.groups, problem.placements), -1)
        self.others: list[int] = []
        first = 0
        for program in programs:
            shares, width = len(program.group), len(program.placement)
            at = program.first_group + program.group, program.placement[:shares]
            self.column[at] = first + np.arange(shares)
            self.others += range(first + shares, first + width)
            first += width

    def least(self, plan: Longs, values: Floats, allowance: float) -> float:
        """The least share rerouted where each objective (M,) is at most so much more."""
        caps = values + allowance * np.abs(values) - self.constant
        chosen = self._first(plan, values)
        for _ in range(ROUNDS):
            solution = self._solved(chosen, caps)
            lower = self._lower(solution)
            more = (lower < -NEGATIVE) & ~chosen
            if not more.any():
                return solution.value
            # The most promising of each group, at all epochs.
            chosen |= self._all_epochs(more & _least_of_each(lower, MORE))
        raise SolverError(f"not decided after {ROUNDS} rounds")

    def _first(self, plan: Longs, values: Floats) -> Bools:
        problem = self.relaxation.problem
        weighed = product(1.0 / np.abs(values), self.values)
        cost = np.where(self.column >= 0, weighed[self.column], np.inf)
        chosen = _least_of_each(cost, CHEAPEST)
        groups = np.repeat(np.arange(problem.groups), problem.group_chunks)
        chosen[groups, plan] = True
        return self._all_epochs(chosen)

    def _all_epochs(self, chosen: Bools) -> Bools:
        """Those of any epoch in all epochs of the same origin and class."""
        chain, chosen = np.arange(len(chosen)), chosen.copy()
        for group, before in enumerate(self.previous.tolist()):
            if before >= 0:
                chain[group] = chain[before]
        every = np.zeros_like(chosen)
        np.logical_or.at(every, chain, chosen)
        return np.asarray(every[chain] & (self.column >= 0))

    def _solved(self, chosen: Bools, caps: Floats) -> Solution:
        group, placement = np.nonzero(chosen)
        kept = np.concatenate([self.column[group, placement], np.array(self.others, np.int64)])
        position = np.full(self.column.shape, -1)
        position[group, placement] = np.arange(len(group))
        # Shares beyond those before are rerouted: rerouted - share + share before >= 0.
        moved = np.flatnonzero(self.requests[group] > 0)
        count, width = len(moved), len(kept)
        rows = np.arange(count)
        before = position[self.previous[group[moved]], placement[moved]]
        was = before >= 0
        entries = [
            (rows, width + rows, np.ones(count)),
            (rows, moved, -np.ones(count)),
            (rows[was], before[was], np.ones(int(was.sum()))),
        ]
        at, columns, numbers = (np.concatenate(each) for each in zip(*entries, strict=True))
        reroutes = sparse.csc_array((numbers, (at, columns)), shape=(count, width + count))
        size = np.abs(self.values).max(axis=1)
        upper = [self.matrix[:, kept], sparse.csc_array(self.values[:, kept] / size[:, None])]
        base = sparse.vstack(upper, format="csc")
        blank = sparse.csc_array((base.shape[0], count))
        model = LinearModel(
            cost=np.concatenate([np.zeros(width), self.requests[group[moved]]]),
            lower=np.zeros(width + count),
            upper=np.concatenate([self.upper[kept], np.full(count, np.inf)]),
            matrix=sparse.csc_array(
                sparse.vstack([sparse.hstack([base, blank], format="csc"), reroutes])
            ),
            row_lower=np.concatenate(
                [self.row_lower, np.full(len(caps), -np.inf), np.zeros(count)]
            ),
            row_upper=np.concatenate([self.row_upper, caps / size, np.full(count, np.inf)]),
        )
        solution = Solver(model, options=OPTIONS).solve()
        if solution.status is not Status.OPTIMAL:
            raise SolverError(f"least rerouting: HiGHS stopped ({solution.status.value})")
        return solution

    def _lower(self, solution: Solution) -> Floats:
        """(J, P): by how much shares that stay at a placement up to an epoch lower the program,
        from the best epoch on; entering it reroutes them."""
        size = np.abs(self.values).max(axis=1)
        rows, count = self.matrix.shape[0], len(size)
        duals = solution.row_duals
        reduced = -(self.matrix.T @ duals[:rows]) - product(
            duals[rows : rows + count] / size, self.values
        )
        found = np.where(self.column >= 0, reduced[self.column], np.inf)
        for group, before in enumerate(self.previous.tolist()):
            stays = found[before] if before >= 0 else np.inf
            found[group] += np.minimum(self.requests[group], stays)
        return np.asarray(found)


def _least_of_each(values: Floats, count: int) -> Bools:
    """(J, P): which of each row are among its `count` least."""
    nth = min(count, values.shape[1]) - 1
    return np.asarray(values <= np.sort(values, axis=1)[:, nth : nth + 1])


if __name__ == "__main__":
    main()
