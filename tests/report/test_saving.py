"""Where the saving of a plan comes from: variant, place and time, which add up."""

import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import slit
from operators.types import Genes
from slit.commands.app import app
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import DEFAULT, find
from slit.problem import Problem, compile_problem
from slit.record import Run
from slit.report.saving import PARTS, place_shares, saving_parts, variant_shares
from tests.stored import small_scenario

SCENARIO = small_scenario()
EVALUATOR = Evaluator(compile_problem(SCENARIO), SCENARIO, objectives=find(DEFAULT))


def by_hand(**changes: Any) -> Problem:
    """Two groups of four chunks of one request; pools 0 and 1 that serve variants 0 and 1 each:
    placements 0 and 1, 2 and 3."""
    fields = {
        "group_epoch": np.array([0, 0]), "group_class": np.array([0, 0]),
        "group_origin": np.array([0, 1]), "group_chunks": np.array([4, 4]),
        "chunk_requests": np.ones(2), "allowed": np.ones((2, 4), bool),
        "placement_pool": np.array([0, 0, 1, 1]), "placement_variant": np.array([0, 1, 0, 1]),
    }  # fmt: skip
    return cast("Problem", SimpleNamespace(**(fields | changes)))


def random_plan(rng: np.random.Generator) -> Genes:
    problem = EVALUATOR.problem
    rows = problem.gene_row
    return problem.options[rows, rng.integers(problem.option_count[rows])]


def test_variants_change_where_the_reference_serves_by_hand() -> None:
    before = np.array([[4, 0, 0, 0], [0, 0, 4, 0]])
    after = np.array([[0, 4, 0, 0], [0, 0, 4, 0]])  # half of all requests to variant 1
    assert variant_shares(by_hand(), before, after).tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
    # Where pool 1 may not serve variant 1, its requests stay as they were.
    allowed = np.array([[True] * 4, [True, True, True, False]])
    found = variant_shares(by_hand(allowed=allowed), before, after)
    assert found.tolist() == [[0.5, 0.5, 0, 0], [0, 0, 1, 0]]
    # In epochs of their own each follows its own mix.
    found = variant_shares(by_hand(group_epoch=np.array([0, 1])), before, after)
    assert found.tolist() == [[0, 1, 0, 0], [0, 0, 1, 0]]
    # Among operating points of a pool and variant, those that the plan uses.
    points = by_hand(placement_pool=np.zeros(4, int), placement_variant=np.array([0, 1, 1, 1]))
    before, after = np.array([[4, 0, 0, 0]] * 2), np.array([[1, 0, 3, 0], [1, 0, 3, 0]])
    assert variant_shares(points, before, after) == pytest.approx(after / 4, abs=1e-9)


def test_places_are_those_of_all_hours_by_hand() -> None:
    hours = {"group_epoch": np.array([0, 1]), "group_origin": np.array([0, 0])}
    after = np.array([[4, 0, 0, 0], [0, 0, 2, 2]])
    # Variant 0: four requests in pool 0, two in pool 1; variant 1: all in pool 1.
    found = place_shares(by_hand(**hours), after)
    assert found == pytest.approx(np.array([[2 / 3, 0, 1 / 3, 0], [1 / 3, 0, 1 / 6, 0.5]]))
    # Requests count, not chunks.
    found = place_shares(by_hand(**hours, chunk_requests=np.array([1.0, 6.0])), after)
    assert found[0] == pytest.approx([0.25, 0, 0.75, 0])
    # Where another hour's place is not allowed, the others take its part.
    allowed = np.array([[True, True, False, True], [True] * 4])
    assert place_shares(by_hand(**hours, allowed=allowed), after)[0].tolist() == [1, 0, 0, 0]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_parts_add_up(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference, plan = random_plan(rng), random_plan(rng)
    found = saving_parts(EVALUATOR, reference, plan)
    ends = EVALUATOR.evaluate(np.array([reference, plan]))
    assert found.parts.shape == (len(PARTS), len(DEFAULT))
    assert found.total == pytest.approx(ends.F[1] - ends.F[0])
    assert found.base.tolist() == ends.F[0].tolist()
    # Plans between are no further beyond capacity than both together.
    assert found.violation[1:3].max() <= ends.G.sum()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_same_variants_save_nothing_by_variant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem, reference = EVALUATOR.problem, random_plan(rng)
    plan = reference.copy()
    variant = problem.placement_variant
    for gene, place in enumerate(reference):
        options = problem.options[problem.gene_row[gene]]
        same = [p for p in options if p >= 0 and variant[p] == variant[place]]
        plan[gene] = rng.choice(same)
    assert saving_parts(EVALUATOR, reference, plan).parts[0].tolist() == [0.0] * len(DEFAULT)


def test_show_says_where_a_saving_comes_from(run: Run) -> None:
    name = f"{run.manifest.optimizer}-balance"
    arguments = ["show", str(run.folder), "--plan", name, "--against", "nearest"]
    printed = CliRunner().invoke(app, arguments)
    assert printed.exit_code == 0
    assert "Where the change against nearest comes from" in printed.stdout
    said = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)["saving"]
    picks = slit.show(run)
    change = picks.values[picks.row(name)] - picks.values[picks.row("nearest")]
    for objective, expected in zip(run.front.names, change, strict=True):
        assert sum(said[part][objective] for part in PARTS) == pytest.approx(expected)
        assert said["total"][objective] == pytest.approx(expected)
    with pytest.raises(SlitError, match="'nobody', expected one of"):
        slit.saving(run, name, against="nobody")
