"""`predictor`: errors of `slit predict`, what its parts are worth, and what to measure next."""

from benchmarks.machine import installed
from benchmarks.measuring.predictors import WITHOUT
from benchmarks.planning import CaseInstance, job, plan, present
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan
from slit.predictor.evaluation import Split
from slit.predictor.models import Method

COUNTS = (40, 60, 90, 130, 190, 280)
ML_ENERGY = CaseInstance("ml-energy")
TWIN = CaseInstance("twin", {"rows": 2400, "seed": 0})
LEFT = {"ml-energy": 100, "twin": 400}
FOLDS_SEED = 0
SPLITS = Split.RANDOM, Split.MODEL, Split.GPU
"""On which parts are left out."""


def make_plan(seeds: int) -> SuitePlan:
    """Every method and every part on every split, then the samplings with every seed."""
    there, notes = present([ML_ENERGY, TWIN])
    methods = list(Method)
    if not installed("torch"):
        methods.remove(Method.LLMCO2)
        notes.append(f"{Method.LLMCO2}: torch is not installed (extra learn), left out")
    asked = [(method, "") for method in methods]
    asked += [(method, part) for method in methods for part in WITHOUT.get(method, ())]
    jobs = []
    if ML_ENERGY in there:
        for method, part in asked:
            said = {"method": method.value}
            if part:
                said |= {"without": part, "label": f"{method} without {part}"}
            jobs += [
                job("predict", ML_ENERGY, seed=FOLDS_SEED, split=split.value, **said)
                for split in (SPLITS if part else Split)
            ]
    for instance in there:
        jobs += [
            job("sample", instance, seed=seed, focused=focused, counts=list(COUNTS),
                left=LEFT[instance.case], label="focused" if focused else "random")
            for seed in range(seeds)
            for focused in (True, False)
        ]  # fmt: skip
    return plan("predictor", seeds, jobs, notes)


PREDICTOR = Suite("predictor", "errors of predicted speed and power", make_plan, 5)
