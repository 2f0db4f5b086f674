"""`converge`: NSGA-II of pymoo on a continuous problem, with its own survival or ours.

Options: method ("pymoo survival" or "compiled survival"), population, budget (evaluations). Both
should reach the same hypervolume.
"""

import time
from typing import Any

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.config import Config
from pymoo.core.population import Population
from pymoo.core.survival import Survival
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding
from pymoo.optimize import minimize

from benchmarks.cases.continuous import Published
from benchmarks.job import Job
from benchmarks.measuring.reference import HypervolumeReference, ReferenceKind
from benchmarks.measuring.scenarios import generator
from benchmarks.registry import BenchmarkPhase, find_case
from benchmarks.store import JobOutcome, Store
from operators.dominance import nondominated
from operators.indicators import hypervolume
from operators.selection import nsga2_survivors
from slit.certificates.normalization import REACH


class CompiledSurvival(Survival):  # type: ignore[misc] # pymoo is not typed
    """Survival of NSGA-II by `operators/`."""

    def __init__(self) -> None:
        super().__init__(filter_infeasible=False)

    def _do(self, _problem: Any, pop: Population, *_: Any, n_survive: int, **__: Any) -> Population:
        chosen = nsga2_survivors(pop.get("F"), size=min(n_survive, len(pop)))
        survivors = pop[chosen.indices]
        survivors.set("rank", chosen.rank)
        survivors.set("crowding", chosen.crowding)
        return survivors


SURVIVALS = {"pymoo survival": RankAndCrowding, "compiled survival": CompiledSurvival}


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Let it run."""
    Config.warnings["not_compiled"] = False
    known: Published = find_case(job.case).build(**job.case_options)
    method, size = job.options["method"], job.options["population"]
    evaluations = job.options["budget"]["evaluations"]
    algorithm = NSGA2(pop_size=size, survival=SURVIVALS[method]())
    seed = int(generator(job).integers(2**31))
    began = time.process_time()
    found = minimize(known.problem(), algorithm, ("n_eval", evaluations), seed=seed, verbose=False)
    seconds = time.process_time() - began
    F = np.asarray(found.pop.get("F"), dtype=np.float64)
    F = F[nondominated(F)]
    reference = reference_of(known)
    volume = reference.volume(F)
    values = {
        "label": method,
        "kind": "search",
        "volume": volume,
        "plans": len(F),
        "evaluations": evaluations,
        "moves": 0,
        "yardstick": reference.to_json(),
        "curve": [{"evaluations": evaluations, "moves": 0, "plans": len(F), "volume": volume}],
    }
    return JobOutcome(values, {"F": F}, {"seconds": seconds, "curve_seconds": [seconds]})


def reference_of(known: Published) -> HypervolumeReference:
    """The published front's hypervolume: by its formula where there is one."""
    extent = known.reference / REACH
    exact = known.volume
    if exact is None:
        exact = hypervolume(known.front, reference=known.reference)
    count = len(extent)
    return HypervolumeReference(
        names=tuple(f"f{m + 1}" for m in range(count)),
        columns=tuple(range(count)),
        ideal=np.zeros(count),
        span=extent,
        bound=exact / float(extent.prod()),
        kind=ReferenceKind.EXACT,
        detail="published front" + (", by its formula" if known.volume is not None else ""),
    )


CONVERGE = BenchmarkPhase("converge", perform)
