"""pymoo with the integer recipe of its documentation: SBX, polynomial mutation, rounding."""

from numpy.random import Generator
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling

from benchmarks.frameworks.pymoo_tuned import Wrapped, run
from benchmarks.measuring.choices import Choices
from operators.types import Floats

PACKAGE = "pymoo"


def evolve(
    problem: Choices, *, population: int, generations: int, rng: Generator
) -> tuple[Floats, Floats]:
    """NSGA-II of pymoo for integer variables, as documented."""
    algorithm = NSGA2(
        pop_size=population,
        sampling=IntegerRandomSampling(),
        crossover=SBX(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
        eliminate_duplicates=True,
    )
    return run(Wrapped(problem, numbered=True), algorithm, generations, rng)
