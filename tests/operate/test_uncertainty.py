"""Decisions by drawn courses of what comes."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from operators.types import Floats
from slit.errors import SlitError
from slit.operate.loop import begin
from slit.operate.outlook import Told
from slit.operate.panel import window_of
from slit.operate.risk import Risk, read_risk
from slit.operate.uncertainty import decision_for, drawn_paths
from tests.operate.stretches import DAY, settings, stretch

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


@pytest.mark.parametrize(
    ("text", "risk"),
    [
        ("mean", Risk(1.0, 10, 0.1)),
        ("worst", Risk(0.1, 10, 0.1)),
        ("cvar:0.75", Risk(0.25, 10, 0.1)),
    ],
)
def test_risks_as_text(text: str, risk: Risk) -> None:
    assert read_risk(text, paths=10) == risk


@pytest.mark.parametrize("text", ["cvar", "cvar:1", "cvar:1.5", "average", "mean:0.9"])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(SlitError, match=r"expected mean, worst, or cvar:LEVEL"):
        read_risk(text)


def told(mean: Floats, spread: float, requests: Floats) -> Told:
    """Quantiles that lie `spread` around the mean, as far as 1 at the outermost."""
    offsets = np.array([-1.0, -0.4, 0.0, 0.4, 1.0])
    quantiles = mean[None] * (1 + spread * offsets[:, None, None])
    return Told(mean, LEVELS, quantiles, requests > 0, np.zeros(len(mean)))


def test_paths_have_the_quantiles_that_were_said() -> None:
    mean = np.full((3, 24), 100.0)
    paths = drawn_paths(
        told(mean, 0.5, np.ones(3)), 4000, epoch_h=1.0, rng=np.random.default_rng(1)
    )
    assert paths.shape == (4000, 3, 24)
    found = np.quantile(paths, LEVELS, axis=(0, 1, 2))
    assert found == pytest.approx([50, 80, 100, 120, 150], abs=1.0)


def test_paths_are_correlated_in_time_and_only_there() -> None:
    """exp(-1 / 6) from hour to hour in ranks; nothing between series."""
    mean = np.full((2, 24), 100.0)
    paths = drawn_paths(
        told(mean, 0.5, np.ones(2)), 3000, epoch_h=1.0, rng=np.random.default_rng(2)
    )
    ranks = paths.argsort(axis=0).argsort(axis=0)
    along = np.corrcoef(ranks[:, 0, :-1].ravel(), ranks[:, 0, 1:].ravel())[0, 1]
    across = np.corrcoef(ranks[:, 0].ravel(), ranks[:, 1].ravel())[0, 1]
    assert 0.78 < along < 0.88
    assert abs(across) < 0.05


@given(st.integers(0, 1000), st.floats(0.0, 3.0))
@hypothesis_settings(max_examples=30, deadline=None)
def test_paths_stay_above_what_is_lowest(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    mean = rng.uniform(0, 10, (2, 6))
    paths = drawn_paths(told(mean, spread, np.ones(2)), 8, epoch_h=0.25, rng=rng)
    assert (paths >= 0).all()
    if spread == 0:
        assert paths == pytest.approx(np.broadcast_to(mean, paths.shape))


class Said(NamedTuple):
    """An outlook that says what it was given."""

    what: Told

    def expect(self, epoch: int, horizon: int) -> Floats:
        """The means."""
        return self.what.mean

    def told(self, epoch: int, horizon: int) -> Told:
        """All of it."""
        return self.what


@pytest.mark.parametrize("spread", [0.0, 0.6])
def test_a_plan_is_judged_over_paths(spread: float) -> None:
    found = stretch(3, days=1)
    panel = found.panel
    mean = np.nan_to_num(panel.values[:, found.first :])
    requests = np.array([each.signal == "requests" for each in panel.series])
    offsets = np.array([-1.0, -0.4, 0.0, 0.4, 1.0])[:, None, None]
    quantiles = mean[None] * (1 + np.where(requests[:, None], spread, 0.0) * offsets)
    said = Said(Told(mean, LEVELS, quantiles, requests, np.zeros(len(mean))))
    asked = settings(risk=Risk(tail=0.2, paths=10))
    state = begin(found.scenario, asked, first=found.first)
    carrier = window_of(found.scenario, found.first, DAY, genes=12 * DAY)
    decision = decision_for(carrier, said, asked, state, None)
    assert decision.spread is not None
    values = decision.spread.values
    assert values.shape == (10, 4)
    assert decision.spread.broken == 0.0
    assert not decision.spread.marked
    if spread == 0:
        promised = [decision.promised.totals()[name] for name in asked.names]
        assert values == pytest.approx(np.broadcast_to(promised, values.shape), rel=1e-9)
        assert decision.spread.candidate == 0
    else:
        assert np.ptp(values[:, 0]) > 0


def test_a_risk_needs_a_weighted_sum() -> None:
    found = stretch(3, days=1)
    mean = np.nan_to_num(found.panel.values[:, found.first :])
    said = Said(told(mean, 0.0, np.zeros(len(mean))))
    asked = settings("order:carbon,cost", risk=Risk(paths=2))
    state = begin(found.scenario, asked, first=found.first)
    carrier = window_of(found.scenario, found.first, DAY, genes=12 * DAY)
    with pytest.raises(SlitError, match="risk: policy of picks or an order"):
        decision_for(carrier, said, asked, state, None)
