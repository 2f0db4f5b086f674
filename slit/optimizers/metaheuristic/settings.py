"""Settings of the metaheuristic, and the two configurations that have names."""

from dataclasses import dataclass
from enum import StrEnum

from slit.errors import SlitError


class Starts(StrEnum):
    """Where local searches start (SLIT, arXiv 2505.23554; MOELA; `slit-paper` uses LEARNED)."""

    RANDOM = "random"
    BEST = "best"
    LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search is put together; every part can be turned off (the ablation suite does).

    batch: local searches between two evaluations. capacity: plans the archive keeps. lp_partitions:
    weights of the linear programs that give starts, as partitions of the simplex (0: none).
    partitions: the same for the designed weights of the local searches. children: recombined plans
    evaluated per batch (0: no recombination of epochs). starts: where a local search starts.
    swaps: whether local search exchanges chunks of two cells. guided: whether a gradient-boosting
    model chooses the weights and epochs to search once the designed weights are done. evolution:
    whether searched plans are crossed with unsearched ones (as the paper describes). pool: most
    locally searched plans to recombine from.
    """

    batch: int = 4
    capacity: int = 2000
    lp_partitions: int = 2
    partitions: int = 4
    children: int = 400
    starts: Starts = Starts.BEST
    swaps: bool = True
    guided: bool = False
    evolution: bool = False
    population: int = 50
    pool: int = 600

    def __post_init__(self) -> None:
        least = {
            "batch": 1,
            "capacity": 10,
            "lp_partitions": 0,
            "partitions": 1,
            "children": 0,
            "population": 4,
            "pool": 1,
        }
        for name, limit in least.items():
            if getattr(self, name) < limit:
                raise SlitError(f"{name}: {getattr(self, name)}, expected at least {limit}")
        known = ", ".join(Starts)
        if self.starts not in list(Starts):
            raise SlitError(f"starts: {self.starts!r}, expected one of {known}")
        object.__setattr__(self, "starts", Starts(self.starts))  # a checkpoint holds the word
