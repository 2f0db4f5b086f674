"""`slit-paper`: the metaheuristic configured as the paper describes it, as far as it does.

A reconstruction of SLIT (arXiv 2505.23554): learned starts, local search, evolution between
searched and unsearched plans; no linear programs, no recombination by the best epoch. It stays
beside `slit` so that both can be compared.
"""

from dataclasses import dataclass

from slit.optimizers.metaheuristic import settings
from slit.optimizers.metaheuristic.search import build
from slit.optimizers.metaheuristic.settings import Starts

__all__ = ["Settings", "build"]


@dataclass(frozen=True, slots=True)
class Settings(settings.Settings):
    """`slit`'s settings with the paper's choices as defaults."""

    lp_partitions: int = 0
    partitions: int = 4
    loosest: bool = False
    children: int = 0
    starts: Starts = Starts.LEARNED
    evolution: bool = True
