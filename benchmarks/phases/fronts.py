"""`fronts`: the compiled Pareto tools on a published front.

Its hypervolume by our tool against that of pymoo and the formula; sorting and filtering against
pymoo on the front mixed with points behind it; what a bounded archive keeps of it.
"""

import numpy as np

from benchmarks.cases.continuous import Published
from benchmarks.job import Job
from benchmarks.measuring.scenarios import generator
from benchmarks.registry import BenchmarkPhase, find_case
from benchmarks.store import JobOutcome, Store
from operators.archive import Archive
from operators.dominance import front_ranks, nondominated
from operators.indicators import hypervolume, igd_plus
from operators.types import Floats

BEHIND = 400
"""Points of the front that are mixed with points behind them."""
CAPACITY = 200


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Compare."""
    from pymoo.indicators.hv import HV
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    known: Published = find_case(job.case).build(**job.case_options)
    front, corner = known.front, known.reference
    volume = hypervolume(front, reference=corner)
    mixed = _mixed(front, rng=generator(job))
    ranks = np.empty(len(mixed), np.int64)
    for rank, rows in enumerate(NonDominatedSorting().do(mixed)):
        ranks[rows] = rank
    archive = Archive(genes=0, objectives=front.shape[1], capacity=CAPACITY)
    shuffled = generator(job, 1).permutation(front)
    archive.add(np.zeros((len(front), 0), np.int16), shuffled)
    kept = archive.objectives
    values = {
        "points": len(front),
        "nondominated": int(nondominated(front).sum()),
        "ranks_equal": bool((front_ranks(mixed) == ranks).all()),
        "volume": volume,
        "volume_pymoo": float(HV(ref_point=corner)(front)),
        "volume_formula": known.volume,
        "archive_share": hypervolume(kept, reference=corner) / volume,
        "archive_igd_plus": igd_plus(kept, front=front),
    }
    return JobOutcome(values)


def _mixed(front: Floats, *, rng: np.random.Generator) -> Floats:
    """Some of the front, and points behind it."""
    some = rng.permutation(front)[:BEHIND]
    behind = some + rng.exponential(0.1, some.shape) * np.ptp(front, axis=0)
    return np.asarray(rng.permutation(np.concatenate([some, behind])))


FRONTS = BenchmarkPhase("fronts", perform)
