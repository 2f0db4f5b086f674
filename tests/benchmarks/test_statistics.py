"""Tests and effect sizes against scipy, by hand, and by properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.statistics import holm, paired, ranked, summary, vargha_delaney

SMALL = st.integers(-3, 3)


def test_a_summary_is_median_and_quartiles() -> None:
    found = summary([4.0, 1.0, 3.0, 2.0])
    assert (found.low, found.median, found.high, found.count) == (1.75, 2.5, 3.25, 4)
    assert math.isnan(summary([]).median)


def test_the_p_value_is_wilcoxons() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.5, 1.0, 12), rng.normal(0.0, 1.0, 12)
    found = paired(first, second)
    assert found.p == stats.wilcoxon(first, second).pvalue
    assert found.pairs == 12


def test_effect_sizes_by_hand() -> None:
    # Differences 3, -1, 2: ranks 3, 1, 2; five of six parts of the rank sum favor the first.
    found = paired([5.0, 1.0, 4.0], [2.0, 2.0, 2.0])
    assert found.rank_biserial == pytest.approx((3 + 2 - 1) / 6)
    assert found.superiority == pytest.approx(2 / 3)


def test_a_single_value_stands_for_all_pairs() -> None:
    assert paired([1.0, 2.0, 3.0], [0.5]).p == paired([1.0, 2.0, 3.0], [0.5] * 3).p == 0.25


def test_equal_methods_do_not_differ() -> None:
    found = paired([1.0, 2.0], [1.0, 2.0])
    assert (found.p, found.rank_biserial, found.superiority) == (1.0, 0.0, 0.5)


def test_one_pair_proves_nothing() -> None:
    found = paired([2.0], [1.0])
    assert math.isnan(found.p)
    assert (found.rank_biserial, found.superiority) == (1.0, 1.0)


@given(st.lists(SMALL, min_size=1, max_size=8), st.lists(SMALL, min_size=1, max_size=8))
def test_superiority_counts_pairs(first: list[int], second: list[int]) -> None:
    wins = sum((a > b) + (a == b) / 2 for a in first for b in second)
    one, two = np.array(first, float), np.array(second, float)
    assert vargha_delaney(one, two) == pytest.approx(wins / (len(first) * len(second)))
    u = stats.mannwhitneyu(one, two).statistic
    assert vargha_delaney(one, two) == pytest.approx(u / (len(first) * len(second)))


@given(st.lists(st.tuples(SMALL, SMALL), min_size=2, max_size=10))
def test_a_comparison_turned_around_has_the_opposite_effect(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, float).T
    there, back = paired(first, second), paired(second, first)
    assert there.p == pytest.approx(back.p)
    assert there.rank_biserial == pytest.approx(-back.rank_biserial)
    assert there.superiority == pytest.approx(1 - back.superiority)
    assert -1 <= there.rank_biserial <= 1


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.04 times 3, 2, 1; never below the one before.
    assert holm([0.04, math.nan, 0.01, 0.02])[0] == pytest.approx(0.04)
    assert holm([0.04, math.nan, 0.01, 0.02])[2:] == pytest.approx([0.03, 0.04])
    assert math.isnan(holm([0.04, math.nan])[1])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_friedman_is_scipys_and_w_is_kendalls() -> None:
    table = np.random.default_rng(2).normal(size=(6, 4))
    found = ranked(table)
    assert found is not None
    expected = stats.friedmanchisquare(*table.T)
    assert found.p == expected.pvalue
    ranks = np.array([stats.rankdata(-row) for row in table])
    squares = ((ranks.sum(axis=0) - 6 * 2.5) ** 2).sum()
    assert found.agreement == pytest.approx(12 * squares / (6**2 * (4**3 - 4)))
    assert found.mean_ranks == pytest.approx(ranks.mean(axis=0))
    assert found.blocks == 6


def test_the_largest_has_rank_one() -> None:
    found = ranked([[3.0, 2.0, 1.0]] * 5)
    assert found is not None
    assert found.mean_ranks == (1.0, 2.0, 3.0)
    assert found.agreement == pytest.approx(1.0)


def test_too_few_or_tied_methods_are_not_ranked() -> None:
    assert ranked([[1.0, 2.0]] * 5) is None
    assert ranked([[1.0, 2.0, 3.0]]) is None
    tied = ranked([[1.0, 1.0, 1.0]] * 4)
    assert tied is not None
    assert (tied.p, tied.agreement) == (1.0, 0.0)
