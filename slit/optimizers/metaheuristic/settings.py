"""Settings of the metaheuristic, and the two configurations that have names."""

from dataclasses import dataclass
from enum import StrEnum

from slit.errors import SlitError, did_you_mean
from slit.optimizers.variation import LARGEST_POPULATION


class Starts(StrEnum):
    """Where local searches start (SLIT, arXiv 2505.23554; MOELA; `slit-paper` uses LEARNED)."""

    RANDOM = "random"
    BEST = "best"
    LEARNED = "learned"


class Guidance(StrEnum):
    """What a gradient-boosting model of past searches chooses once the designed weights are done.

    Weight vectors (those of most expected gain, instead of those farthest from any searched), the
    epochs worth searching (instead of all), or both; NOVEL chooses both and counts the gain of a
    weight vector by its distance from those searched.
    """

    OFF = "off"
    BOTH = "both"
    WEIGHTS = "weights"
    EPOCHS = "epochs"
    NOVEL = "novel"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search is put together; every part can be turned off (the ablation suite does).

    batch: local searches between two evaluations. capacity: plans the archive keeps. lp_partitions:
    weights of the linear programs that give starts, as partitions of the simplex (0: none).
    partitions: the same for the designed weights of the local searches. loosest: whether those
    after them are where the front is loosest, or farthest from those searched. children: recombined
    plans evaluated per batch (0: no recombination of epochs). starts: where a local search starts.
    swaps: whether local search exchanges chunks of two cells (with `loosest` only for the first
    weights and once nothing is loose). guidance: what a learned model chooses. evolution: whether
    searched plans are crossed with unsearched ones (as the paper describes). pool: most locally
    searched plans to recombine from.
    """

    batch: int = 4
    capacity: int = 2000
    lp_partitions: int = 2
    partitions: int = 2
    loosest: bool = True
    children: int = 400
    starts: Starts = Starts.BEST
    swaps: bool = True
    guidance: Guidance = Guidance.OFF
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
        if self.population > LARGEST_POPULATION:
            raise SlitError(
                f"population: {self.population}, expected at most {LARGEST_POPULATION} (plans)"
            )
        for name, words in (("starts", Starts), ("guidance", Guidance)):
            found = getattr(self, name)
            if found not in list(words):
                near = did_you_mean(str(found), map(str, words))
                raise SlitError(f"{name}: {found!r}, expected one of {', '.join(words)}{near}")
            object.__setattr__(self, name, words(found))  # a checkpoint holds the word
