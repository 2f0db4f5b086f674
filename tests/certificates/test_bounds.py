"""Certificates: volumes by hand and by sampling, bounds above every front, gaps."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.directions import das_dennis
from slit.certificates import bounds
from slit.certificates.bounds import MOST_SOLVES, certify, gaps, vectors_within
from slit.certificates.certificate_store import stored_certificate
from slit.certificates.normalization import reference_box
from slit.certificates.outer_volume import cut_volume, sampled_volume
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find, ledger_objective
from slit.objectives.builtin import BUILT_IN
from slit.relaxation import Relaxation
from tests.cases import Case, cases, make_case
from tests.relaxation.plain_relaxation import plain_minimum
from tests.relaxation.plans import feasible_objectives


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(("dimensions", "volume"), [(1, 1.0), (2, 3.5), (3, 8 - 1 / 6)])
def test_volume_of_a_cube_without_its_corner(dimensions: int, volume: float) -> None:
    """Of [0, 2]^M the half-space sum >= 1 leaves all but a simplex of volume 1 / M!."""
    found = cut_volume(np.ones((1, dimensions)), np.ones(1), edge=2.0, rng=rng())
    assert found.exact
    assert found.value == pytest.approx(volume, rel=1e-12)


def test_volume_with_repeated_and_idle_half_spaces() -> None:
    """Copies, multiples, half-spaces that cut nothing, and many through one corner."""
    normals = np.array([[1.0, 1.0], [1.0, 1.0], [2.0, 2.0], [1.0, 0.0], [0.5, 1.0], [1.0, 0.5]])
    offsets = np.array([1.0, 1.0, 2.0, 0.0, 0.5, 0.5])
    found = cut_volume(normals, offsets, edge=2.0, rng=rng())
    assert found.value == pytest.approx(3.5, rel=1e-12)


@given(seed=st.integers(0, 2**32 - 1), dimensions=st.integers(2, 5))
@settings(max_examples=25)
def test_exact_volume_lies_within_the_sampled_limits(seed: int, dimensions: int) -> None:
    generator = np.random.default_rng(seed)
    normals = generator.dirichlet(np.full(dimensions, 0.7), size=12)
    offsets = generator.uniform(-0.1, 0.6, size=12)
    exact = cut_volume(normals, offsets, edge=1.1, rng=generator)
    sampled = sampled_volume(normals, offsets, edge=1.1, rng=generator, power=10)
    assert exact.exact
    assert not sampled.exact
    assert abs(exact.value - sampled.value) <= 2.0 * sampled.error


def test_beyond_five_objectives_the_volume_is_an_upper_limit() -> None:
    normals = das_dennis(6, 2)
    found = cut_volume(normals, np.full(len(normals), -1.0), edge=1.1, rng=rng())
    assert not found.exact
    assert found.value == pytest.approx(1.1**6)
    half = cut_volume(np.eye(6)[:1], np.array([0.55]), edge=1.1, rng=rng())
    assert half.value <= 1.1**6 / 2 * (1 + 1e-3)
    assert half.value + half.error >= 1.1**6 / 2
    assert half.error < 0.01


@settings(max_examples=40)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_no_front_dominates_more_than_the_bound(case: Case, seed: int) -> None:
    """Any objectives, those of the largest datacenter and those that cannot conflict among them."""
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(BUILT_IN))[: int(generator.integers(1, 5))]
    objectives = tuple(BUILT_IN[i] for i in chosen)
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    found = certify(relaxation, rng=generator, weights=6, refined=6)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    front = feasible_objectives(case, evaluator, rng=generator)
    if not len(front):
        return
    scaled = found.box.scaled(front)
    assert (scaled >= -1e-9).all()
    assert (scaled @ found.weights.T >= found.offsets).all()
    share = found.share(front)
    assert np.isnan(share) == (found.box.kept.sum() < 2)
    assert np.isnan(share) or 0 <= share <= 1
    for gap in gaps(found.box, front):
        assert gap.best >= gap.bound - 1e-9 * abs(gap.bound)


def test_more_weights_bound_closer() -> None:
    case = make_case(8, origins=3, nodes_per_group=8.0, spare_nodes=20, residency=False)
    relaxation = Relaxation(case.problem, case.scenario, find(["carbon", "water", "quality"]))
    box = reference_box(relaxation)
    coarse, fine, refined = (
        certify(relaxation, rng=rng(), weights=count, refined=more, box=box).bound
        for count, more in ((3, 0), (28, 0), (6, 22))
    )
    assert fine < coarse
    assert refined < coarse
    assert coarse <= 1.1**3 * (1 + 1e-8)


def test_reference_box_by_hand() -> None:
    """Ideal and nadir from single-objective optima with ties broken in order."""
    case = make_case(5, extras=False, negative_prices=False, residency=False)
    objectives = find(["carbon", "answer_loss", "ttft"])
    box = reference_box(Relaxation(case.problem, case.scenario, objectives))
    extremes = np.empty((3, 3))
    for m in range(3):
        caps: dict[int, float] = {}
        for other in [m, *(i for i in range(3) if i != m)]:
            least = plain_minimum(case.problem, case.scenario, objectives, np.eye(3)[other], caps)
            assert least is not None
            extremes[m, other] = least
            caps[other] = least + 1e-9 * abs(least)
    np.testing.assert_allclose(box.ideal, extremes.diagonal(), rtol=1e-6)
    np.testing.assert_allclose(box.nadir, extremes.max(axis=0), rtol=1e-5)
    np.testing.assert_allclose(box.reference, box.ideal + 1.1 * (box.nadir - box.ideal))
    assert box.kept.all()


def test_the_box_does_not_depend_on_earlier_solves_or_threads() -> None:
    case = make_case(9, epochs=4)
    objectives = find(["carbon", "water", "cost", "quality"])
    cold = reference_box(Relaxation(case.problem, case.scenario, objectives))
    used = Relaxation(case.problem, case.scenario, objectives, threads=2)
    used.minimize_many(np.random.default_rng(0).random((20, 4)))
    warm = reference_box(used)
    assert cold.ideal.tolist() == warm.ideal.tolist()
    assert cold.nadir.tolist() == warm.nadir.tolist()


def test_what_has_no_part_in_the_certificate_is_named() -> None:
    @ledger_objective(name="peak", unit="kWh", title="Peak")
    def peak(ledger: object) -> float:
        return 0.0

    case = make_case(1, variants=1, extras=False, residency=False)
    objectives = (*find(["carbon", "answer_loss", "water", "reroute"]), peak)
    found = certify(Relaxation(case.problem, case.scenario, objectives), rng=rng(), weights=5)
    assert found.box.left_out == {
        "peak": "no linear part",
        "answer_loss": "does not conflict with the other objectives (range 0)",
        "reroute": "the relaxation does not see it: its bound there is the same for every plan",
    }
    assert found.weights.shape[1] == 2


def test_gap_without_a_positive_bound_has_no_percentage() -> None:
    """Paid to burn energy: the least cost is negative."""
    case = make_case(13, extras=False, renewables=False, residency=False, spare_nodes=20)
    problem = case.problem._replace(price=-np.abs(case.problem.price) - 0.01)
    box = reference_box(Relaxation(problem, case.scenario, find(["cost", "carbon"])))
    cost, carbon = gaps(box, box.ideal[None, :] + 0.1 * box.range)
    assert carbon.percent == pytest.approx(10.0 * box.range[1] / box.ideal[1])
    assert carbon.share == pytest.approx(0.1 / 1.1)
    assert cost.bound < 0
    assert cost.percent is None
    assert cost.share == pytest.approx(0.1 / 1.1)


def test_refuses_no_weights() -> None:
    case = make_case(1)
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon"]))
    with pytest.raises(SlitError, match="expected at least 1 "):
        certify(relaxation, rng=rng(), weights=0)


def test_certificates_are_kept_by_what_they_follow_from(tmp_path: Path) -> None:
    case = make_case(3)
    relaxation = Relaxation(case.problem, case.scenario, find(["cost", "carbon", "quality"]))
    first = stored_certificate(relaxation, rng=rng(), folder=tmp_path, weights=10, refined=4)
    solves = relaxation.solves
    again = stored_certificate(relaxation, rng=rng(), folder=tmp_path, weights=10, refined=4)
    assert relaxation.solves == solves
    assert again.bound == first.bound
    assert again.box.names == first.box.names
    np.testing.assert_array_equal(again.offsets, first.offsets)
    stored_certificate(relaxation, rng=rng(), folder=tmp_path, weights=6, refined=4)
    other = Relaxation(case.problem, case.scenario, find(["cost", "carbon", "water"]))
    stored_certificate(other, rng=rng(), folder=tmp_path, weights=10, refined=4)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    for file in files:
        file.write_text("damaged", encoding="utf-8")
    assert stored_certificate(
        relaxation, rng=rng(), folder=tmp_path, weights=10, refined=4
    ).bound == pytest.approx(first.bound)


@pytest.mark.parametrize(
    ("epochs", "expected"), [(1, (35, 130)), (242, (35, 130)), (400, (35, 65)), (2000, (10, 10))]
)
def test_many_epochs_have_fewer_weight_vectors(epochs: int, expected: tuple[int, int]) -> None:
    assert vectors_within(epochs) == expected
    assert epochs * sum(expected) <= MOST_SOLVES


@pytest.mark.parametrize("epochs", [10**5, 10**7])
def test_there_is_always_a_weight_vector(epochs: int) -> None:
    assert vectors_within(epochs) == (1, 0)


def test_fewer_weight_vectors_bound_what_more_of_them_do(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(8, origins=3, nodes_per_group=8.0, spare_nodes=20, residency=False)
    objectives = find(["carbon", "water", "quality"])
    usual, coarse = (Relaxation(case.problem, case.scenario, objectives) for _ in range(2))
    fine = certify(usual, rng=rng())
    monkeypatch.setattr(bounds, "MOST_SOLVES", 8 * coarse.solvers.distinct)
    found = certify(coarse, rng=rng())
    assert len(found.weights) <= 8 < len(fine.weights)
    assert found.bound >= fine.bound
    assert found.bound < 1.1**3
    np.testing.assert_array_equal(found.box.ideal, fine.box.ideal)
