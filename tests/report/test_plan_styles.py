"""Colors and symbols of plans with a name."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from plotly.validator_cache import ValidatorCache

from slit import objectives
from slit.optimizers import registry
from slit.report.plan_styles import _EXTREMES, BALANCE, OUTLINES, style_of_extreme, style_of_method


def test_no_two_plans_look_the_same() -> None:
    kinds = (
        registry.OptimizerKind.REFERENCE,
        registry.OptimizerKind.BASELINE,
        registry.OptimizerKind.RIVAL,
    )
    known = [each.name for each in objectives.available() if each.name in _EXTREMES]
    styles = [style_of_extreme(name) for name in known]  # other tests register objectives of theirs
    styles += [style_of_method(each.name) for each in registry.available(*kinds)]
    styles.append(style_of_method("today"))
    pairs = [(style.color, style.symbol) for style in (*styles, BALANCE)]
    assert len(pairs) == 15 + 10 + 1 + 1
    assert len(set(pairs)) == len(pairs)


def test_a_plan_looks_the_same_whatever_the_others_of_its_run() -> None:
    """By hand: these were chosen once and stay."""
    assert (style_of_extreme("water").color, style_of_extreme("water").symbol) == (
        "#0072b2",
        "triangle-down",
    )
    assert style_of_method("nearest").dashed
    assert not style_of_method("lexicographic").dashed


def test_the_look_of_a_plug_in_is_the_same_in_another_process() -> None:
    code = "from slit.report.plan_styles import style_of_extreme as s; print(s('mine').color)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == style_of_extreme("mine").color


@pytest.mark.parametrize("symbol", OUTLINES)
def test_symbols_are_plotlys_and_have_their_middle_in_the_middle(symbol: str) -> None:
    known = ValidatorCache.get_validator("scatter.marker", "symbol")
    assert known.validate_coerce(symbol) == symbol
    corners = np.array(OUTLINES[symbol])
    assert corners.mean(axis=0) == pytest.approx([0, 0], abs=1e-3)
    assert all(np.hypot(*(b - a)) > 0.1 for a, b in pairwise(corners))


def test_directions_of_triangles() -> None:
    assert OUTLINES["triangle-up"][0] == (0.0, -1.0)
    assert OUTLINES["triangle-right"][0] == (1.0, 0.0)
    assert OUTLINES["triangle-down"][0] == (0.0, 1.0)
