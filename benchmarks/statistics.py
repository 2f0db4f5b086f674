"""Tests and effect sizes for comparing methods over seeds and cases.

Values are paired by seed (or case) where methods share them; larger is better throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from operators.types import Floats


@dataclass(frozen=True, slots=True)
class Summary:
    """The median and quartiles of some values, and their number."""

    median: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Paired:
    """A paired comparison of a first with a second method.

    p: of the two-sided Wilcoxon signed-rank test (NaN for fewer than 2 pairs, 1 where all pairs are
    equal). rank_biserial: share of the rank sum that favors the first less that which does not, -1
    to 1 (Kerby 2014). superiority: probability that a value of the first is larger than one of the
    second, ties half (A of Vargha and Delaney 2000).
    """

    p: float
    rank_biserial: float
    superiority: float
    pairs: int


@dataclass(frozen=True, slots=True)
class MethodRanks:
    """All methods over blocks: Friedman's test, Kendall's W (0 to 1) as its effect size, and the
    mean rank of each method, 1 = best."""

    p: float
    agreement: float
    mean_ranks: tuple[float, ...]
    blocks: int


def summary(values: ArrayLike) -> Summary:
    """Median and quartiles (linear interpolation) of values (N,); NaN of none."""
    known = np.asarray(values, dtype=np.float64)
    if not len(known):
        return Summary(float("nan"), float("nan"), float("nan"), 0)
    low, median, high = (float(q) for q in np.quantile(known, [0.25, 0.5, 0.75]))
    return Summary(median, low, high, len(known))


def paired(first: ArrayLike, second: ArrayLike) -> Paired:
    """Compare values (N,) of two methods, pair by pair; a single value stands for all pairs."""
    one, two = np.atleast_1d(np.asarray(first, float)), np.atleast_1d(np.asarray(second, float))
    superiority = vargha_delaney(one, two)
    one, two = np.broadcast_arrays(one, two)
    difference = one - two
    moved = difference[difference != 0]
    if len(difference) < 2:
        return Paired(float("nan"), float(np.sign(difference.sum())), superiority, len(difference))
    if not len(moved):
        return Paired(1.0, 0.0, superiority, len(difference))
    ranks = stats.rankdata(np.abs(moved))
    biserial = float((ranks * np.sign(moved)).sum() / ranks.sum())
    p = float(stats.wilcoxon(moved).pvalue)
    return Paired(p, biserial, superiority, len(difference))


def vargha_delaney(first: Floats, second: Floats) -> float:
    """A of Vargha and Delaney (2000): P(first > second) + P(equal) / 2."""
    ranks = stats.rankdata(np.concatenate([first, second]))[: len(first)]
    count = len(first)
    return float((ranks.sum() - count * (count + 1) / 2) / (count * len(second)))


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for their number, step by step (Holm 1979); NaN stay and do not count."""
    p = np.asarray(p_values, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    corrected = np.full(len(p), np.nan)
    factors = len(order) - np.arange(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return [float(value) for value in corrected]


def ranked(table: ArrayLike) -> MethodRanks | None:
    """Friedman's test of values (blocks, methods), with ties; None for fewer than 3 methods or 2
    blocks. Where every block is tied throughout, p is 1."""
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 3:
        return None
    blocks, methods = values.shape
    ranks = np.array([stats.rankdata(-row) for row in values])
    means = tuple(float(mean) for mean in ranks.mean(axis=0))
    if (ranks == ranks[:, :1]).all():
        return MethodRanks(1.0, 0.0, means, blocks)
    found = stats.friedmanchisquare(*values.T)
    agreement = float(found.statistic) / (blocks * (methods - 1))
    return MethodRanks(float(found.pvalue), agreement, means, blocks)
