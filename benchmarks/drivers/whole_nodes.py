"""How much of the gap between a front and its bound a tighter bound closes.

Usage: python -m benchmarks.drivers.whole_nodes RUN [--facets 8] [--seconds 2]
    [--output RUN/whole_nodes.json]

The oracle is the program of each epoch with whole nodes (`slit.certificates.integrality_gap`),
solved without presolve for at most so many seconds; where it does not end, what HiGHS has proven by
then counts, which is a bound too. It is asked at the least of each objective within the limits on
objectives (with the relaxation's multipliers of the limits), then at the half-spaces of the
certificate that the plans of RUN are farthest from, no two of them alike. Of each gap: what whole
nodes close, which no plan can avoid, and what the plan nearest to the half-space loses by queues
and by nodes that load, which another plan might. Answers are kept in OUTPUT and read from there.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from operators.types import Floats
from slit.api import certify
from slit.arrays import frozen, product
from slit.certificates.bounds import SAFETY, Certificate
from slit.certificates.integrality_gap import whole_node_bound
from slit.certificates.normalization import REACH
from slit.certificates.outer_volume import cut_volume
from slit.evaluator import Evaluator
from slit.record import Run, read_run
from slit.record.runs import evaluator_of
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import minimize_capped

APART = 0.15
"""Weight vectors that differ by less in sum are alike."""


class Oracle(NamedTuple):
    """Bounds with whole nodes that were asked for before are read from `file`."""

    relaxation: Relaxation
    seconds: float
    file: Path

    def bound(self, name: str, weights: Floats) -> tuple[float, bool]:
        """No plan's weights (M,) @ objectives is below the first; whether each epoch was solved."""
        known: dict[str, list[float]] = {}
        if self.file.exists():
            known = json.loads(self.file.read_text())
        if name not in known:
            found = whole_node_bound(self.relaxation, weights, time_limit=self.seconds)
            known[name] = [found.bound, float(found.complete)]
            self.file.write_text(json.dumps(known, indent=1))
        value, complete = known[name]
        return value, bool(complete)


class Parts(NamedTuple):
    """A gap, and what of it whole nodes close, queues and loading lose: in one unit."""

    gap: float
    nodes: float
    queues: float
    loading: float
    proven: bool

    def row(self, name: str, size: float) -> str:
        """A row of a table: the gap in per cent of `size`, the parts in per cent of the gap."""
        parts = [self.nodes, self.queues, self.loading]
        shares = [100 * part / self.gap for part in parts]
        said = " | ".join(f"{share:.0f} %" for share in [*shares, 100 - sum(shares)])
        mark = "" if self.proven else ", whole nodes at least"
        return f"| {name}{mark} | {100 * self.gap / size:.1f} % | {said} |"


def main() -> None:
    """Ask the oracle, print two tables and the share."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--facets", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--output", type=Path)
    said = parser.parse_args()
    run = read_run(said.run)
    evaluator = evaluator_of(run, threads=1)
    certificate = certify(run).certificate
    box = certificate.box
    kept_in = said.output or said.run / "whole_nodes.json"
    oracle = Oracle(Relaxation.of(evaluator), said.seconds, kept_in)
    kept = run.front.on_front
    columns = [run.front.names.index(name) for name in box.names]
    values = run.front.F[kept][:, columns]
    still = {
        what: _without(evaluator, what).evaluate(run.front.X[kept]).F[:, columns]
        for what in ("queues", "loading", "both")
    }
    print("| | gap | whole nodes | queues | loading | left |")
    print("|---|---:|---:|---:|---:|---:|")
    for m, name in enumerate(box.names):
        if box.kept[m]:
            parts = least_of(m, oracle, _caps(run, box.names), values, still)
            print(parts.row(f"least {name}, of the bound", float(box.ideal[m])), flush=True)
    chosen = loosest(certificate, box.scaled(values), said.facets)
    offsets = certificate.offsets.copy()
    for k in chosen:
        weights = np.zeros(len(box.names))
        weights[box.kept] = certificate.weights[k] / box.range[box.kept]
        bound, proven = oracle.bound(f"facet {k}", weights)
        above = product(values, weights)
        row, least = int(np.argmin(above)), float(product(weights, box.ideal))
        old, new = offsets[k], bound - least - SAFETY
        offsets[k] = max(old, new)
        waits = {
            what: float(product(values[row] - each[row], weights)) for what, each in still.items()
        }
        parts = Parts(
            above[row] - least - old, offsets[k] - old, waits["queues"], waits["loading"], proven
        )
        listed = ", ".join(f"{w:.2f}" for w in certificate.weights[k])
        print(parts.row(f"facet {listed}, of the range", 1.0), flush=True)
    rng = np.random.default_rng(1)
    cut = cut_volume(certificate.weights, offsets, edge=REACH, rng=rng)
    volume, unhurried = (certificate.hypervolume(each) for each in (values, still["both"]))
    print(f"share of the bound {volume / certificate.bound:.2%}")
    print(f"of the bound with these whole nodes {volume / cut.value:.2%}")
    print(f"of that, if nobody waited {unhurried / cut.value:.2%}")


def least_of(
    m: int,
    oracle: Oracle,
    caps: Floats,
    values: Floats,
    still: Mapping[str, Floats],
) -> Parts:
    """Of the least of objective m within caps (M,), in its unit; values (N, M) of the plans, and
    `still` those without queues, and without loading."""
    unit = np.eye(len(caps))[m]
    size = np.abs(values).max(axis=0)
    found = minimize_capped(oracle.relaxation.fresh(), unit / size[m], caps)
    multipliers, capped = found.multipliers * size[m], np.isfinite(caps)
    bound, proven = oracle.bound(f"least {m}", unit + multipliers)
    best = bound - float(product(multipliers[capped], caps[capped]))
    row = int(np.argmin(values[:, m]))
    # Waits of a limited objective are worth the limit's multiplier.
    waits = {
        what: float(product(unit + multipliers, values[row] - each[row]))
        for what, each in still.items()
    }
    start = found.bound * size[m]
    gap, nodes = float(values[row, m]) - start, max(0.0, best - start)
    return Parts(gap, nodes, waits["queues"], waits["loading"], proven)


def loosest(certificate: Certificate, scaled: Floats, count: int) -> Sequence[int]:
    """The half-spaces that the nearest of the plans, scaled (N, M'), is farthest from; of those
    that are alike the farthest. Those that touch what is attainable beyond the box do not count."""
    gap = product(scaled, certificate.weights.T).min(axis=0) - certificate.offsets
    gap[(certificate.optima > REACH).any(axis=1)] = -np.inf
    chosen: list[int] = []
    for k in np.argsort(-gap):
        apart = np.abs(certificate.weights[chosen] - certificate.weights[k]).sum(axis=1)
        if (apart >= APART).all() and np.isfinite(gap[k]):
            chosen.append(int(k))
        if len(chosen) == count:
            break
    return chosen


def _caps(run: Run, names: Sequence[str]) -> Floats:
    caps = np.full(len(names), np.inf)
    for limit in run.manifest.resolved_limits:
        if limit.measure in names:
            m = names.index(limit.measure)
            caps[m] = min(caps[m], limit.most)
    return caps


def _without(evaluator: Evaluator, what: str) -> Evaluator:
    """The same objectives where nobody queues, nor waits for weights to load, or one of both."""
    problem = evaluator.problem
    if what != "loading":
        problem = problem._replace(variability=0.0)
    if what != "queues":
        still = frozen(np.zeros_like(problem.load_share), np.float64)
        problem = problem._replace(load_share=still)
    return evaluator.apart(problem)


if __name__ == "__main__":
    main()
