"""The optimum of a request: by hand, against a grid, against every rule."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import lambertw

from operators.types import Floats
from slit.papers.aolo import kernels
from slit.papers.aolo.chain import coefficients
from slit.papers.aolo.policies import POLICIES, decide, optimal
from slit.papers.aolo.requests import draw_requests, load_cell_day

KG_PER_J = 0.36 / 3.6e6


@pytest.fixture(scope="module")
def tiny() -> Floats:
    day = load_cell_day("cell-tiny")
    return coefficients(day, draw_requests(day, np.random.default_rng(0)))


def test_one_user_by_hand(tiny: Floats) -> None:
    """100 prompt tokens at 10,000 token/s and 1 kW, 10 ms and 0.5 J an answer token, 2 x 4.8 W and
    2 x 8 W for each W of output on air; 10 m of free space at 3.5 GHz, noise of 1 MHz and 9 dB.
    """
    loss = 20 * math.log10(4 * math.pi * 10 * 3.5e9 / 299_792_458)
    assert loss == pytest.approx(63.32, abs=0.01)
    snr = 10 ** (-(loss + 9) / 10) / (1.380649e-23 * 290 * 1e6)
    uplink = 100 * 40 / (1e6 * math.log2(1 + snr * 0.1))
    (row,) = tiny
    assert row[kernels.SNR] == pytest.approx(2 * snr)
    assert row[kernels.FIXED_S] == pytest.approx(uplink + 0.01)
    assert row[kernels.TOKEN_S] == pytest.approx(0.01)
    assert row[kernels.FIXED_KG] == pytest.approx(10 * KG_PER_J)
    assert row[kernels.TOKEN_KG] == pytest.approx(0.5 * KG_PER_J)
    assert row[kernels.STATIC_KG] == pytest.approx(9.6 * KG_PER_J)
    assert row[kernels.SLOPE_KG] == pytest.approx(16 * KG_PER_J)
    assert row[kernels.UPLINK_KG] == pytest.approx(uplink * 9.6 * KG_PER_J)

    # 0.8 ln(1 + k/20) / ln 8 + 0.2 (1 - end / 4 s) >= 0.75: 72 tokens give 0.7502, 71 0.7465.
    best = decide(tiny, optimal, np.random.default_rng(0))
    assert best.tokens[0] == 72
    for tokens, quality in ((72, 0.7502), (71, 0.7465)):
        end = uplink + 0.01 + tokens * 0.01 + tokens * 2000 / (1e6 * math.log2(1 + 2 * snr * 0.05))
        felt = 0.8 * math.log(1 + tokens / 20) / math.log(8)
        assert felt + 0.2 * (1 - end / 4) == pytest.approx(quality, abs=2e-4)
    air = 72 * 2000 / (1e6 * math.log2(1 + 2 * snr * best.power[0]))
    link = (uplink * 9.6 + air * (9.6 + 16 * best.power[0])) * KG_PER_J
    assert best.link_kg[0] == pytest.approx(link)
    assert best.carbon_kg[0] == pytest.approx(link + (10 + 36) * KG_PER_J)
    assert best.kept[0]


@given(static=st.floats(0.01, 1000), slope=st.floats(0.1, 20), snr=st.floats(1e-2, 1e9))
def test_the_unconstrained_power_is_lamberts(static: float, slope: float, snr: float) -> None:
    row = np.zeros(kernels.COLUMNS)
    row[[kernels.STATIC_KG, kernels.SLOPE_KG, kernels.SNR]] = static, slope, snr
    exact = math.expm1(1 + lambertw((static * snr / slope - 1) / math.e).real) / snr
    assert kernels.unconstrained_power(row) == pytest.approx(exact, rel=1e-6)


def test_without_static_power_the_least_power_is_best() -> None:
    row = np.zeros(kernels.COLUMNS)
    row[[kernels.SLOPE_KG, kernels.SNR]] = 1.0, 100.0
    assert kernels.unconstrained_power(row) == 0


def random_requests(rng: np.random.Generator, count: int) -> Floats:
    """Coefficients of all sizes that make sense, feasible or not."""
    C = np.zeros((count, kernels.COLUMNS))
    spans = {
        kernels.FIXED_S: (1e-3, 0.5),
        kernels.TOKEN_S: (1e-3, 0.05),
        kernels.FIXED_KG: (1e-8, 1e-5),
        kernels.TOKEN_KG: (1e-9, 1e-7),
        kernels.BITS: (100.0, 1e4),
        kernels.HERTZ: (1e5, 2e7),
        kernels.SNR: (1e-2, 1e6),
        kernels.STATIC_KG: (1e-8, 1e-4),
        kernels.SLOPE_KG: (1e-8, 1e-5),
        kernels.HIGH_W: (0.05, 20.0),
        kernels.DEADLINE_S: (0.5, 10.0),
        kernels.LENGTH_SCALE: (5.0, 50.0),
        kernels.WANTED: (20.0, 400.0),
        kernels.UPLINK_KG: (1e-10, 1e-7),
    }
    for column, (low, high) in spans.items():
        C[:, column] = np.exp(rng.uniform(np.log(low), np.log(high), count))
    C[:, kernels.LOW_W] = 0.01 * C[:, kernels.HIGH_W]
    C[:, kernels.LEAST_QUALITY] = rng.uniform(0.2, 0.9, count)
    C[:, kernels.LENGTH_WEIGHT] = rng.uniform(0, 1, count)
    C[:, kernels.LENGTH_WEIGHT][::7] = 1.0
    C[:, kernels.LONGEST] = rng.integers(20, 200, count)
    return C


def grid_optimum(row: Floats) -> float:
    """The least carbon over all lengths and 4,000 powers, by the formulas of the docs."""
    powers = np.geomspace(row[kernels.LOW_W], row[kernels.HIGH_W], 4000)
    tokens = np.arange(1, int(row[kernels.LONGEST]) + 1)[:, None]
    rate = row[kernels.HERTZ] * np.log2(1 + row[kernels.SNR] * powers)
    air = tokens * row[kernels.BITS] / rate
    end = row[kernels.FIXED_S] + tokens * row[kernels.TOKEN_S] + air
    carbon = row[kernels.FIXED_KG] + row[kernels.UPLINK_KG] + tokens * row[kernels.TOKEN_KG]
    carbon = carbon + air * (row[kernels.STATIC_KG] + row[kernels.SLOPE_KG] * powers)
    scale, weight = row[kernels.LENGTH_SCALE], row[kernels.LENGTH_WEIGHT]
    felt = np.minimum(1, np.log1p(tokens / scale) / np.log1p(row[kernels.WANTED] / scale))
    quality = weight * felt + (1 - weight) * (1 - end / row[kernels.DEADLINE_S])
    allowed = (end <= row[kernels.DEADLINE_S]) & (quality >= row[kernels.LEAST_QUALITY])
    return float(carbon[allowed].min()) if allowed.any() else math.inf


def test_no_grid_finds_less() -> None:
    C = random_requests(np.random.default_rng(1), 300)
    best = decide(C, optimal, np.random.default_rng(0))
    grid = np.array([grid_optimum(row) for row in C])
    served = best.tokens > 0
    assert 50 < served.sum() < 290  # both kinds occur
    assert np.isinf(grid[~served]).all()
    found = np.isfinite(grid) & served
    assert (best.carbon_kg[found] <= grid[found] * (1 + 1e-9)).all()
    # Between two powers of the grid, and where the allowed ones lie between two.
    assert np.median(grid[found] / best.carbon_kg[found] - 1) < 1e-6
    assert best.kept[served].all()


@pytest.mark.parametrize("name", list(POLICIES))
def test_no_rule_finds_less(name: str) -> None:
    C = random_requests(np.random.default_rng(2), 500)
    best = decide(C, optimal, np.random.default_rng(0))
    rule = decide(C, POLICIES[name], np.random.default_rng(0))
    assert not (rule.kept & ~best.kept).any()
    assert (rule.carbon_kg[rule.kept] >= best.carbon_kg[rule.kept] * (1 - 1e-12)).all()
