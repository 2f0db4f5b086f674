"""What the gap to the bound is made of: hulls by hand and by sampling, parts that add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from operators.indicators import hypervolume
from slit.certificates.bounds import certify
from slit.certificates.certified import certified_data
from slit.certificates.gap_decomposition import gap_parts, whole_node_bounds
from slit.certificates.inner_volume import hull_of, spread_volume
from slit.evaluator import Evaluator
from slit.front import Front
from slit.objectives import find, ledger_objective
from slit.relaxation import Relaxation
from tests.cases import make_case


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def front_of(case_seed: int, names: list[str]) -> tuple[Front, Evaluator, Relaxation]:
    case = make_case(case_seed, plans=40, residency=False, spare_nodes=30)
    objectives = find(names)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    found = evaluator.evaluate(case.plans)
    front = Front(
        X=case.plans,
        F=found.F,
        G=found.G,
        names=evaluator.names,
        units=tuple(each.unit for each in objectives),
        methods=("random",) * len(case.plans),
    )
    return front, evaluator, Relaxation(case.problem, case.scenario, objectives)


def test_hull_of_two_corners_is_a_square_without_a_triangle() -> None:
    found = hull_of(np.array([[1.0, 0.0], [0.0, 1.0]]), edge=2.0)
    assert found is not None
    assert found.volume == pytest.approx(4.0 - 0.5)
    alone = hull_of(np.array([[0.5, 0.25, 0.0]]), edge=1.0)
    assert alone is not None
    assert alone.volume == pytest.approx(0.5 * 0.75)


def test_no_hull_beyond_the_box_and_beyond_five_objectives() -> None:
    assert hull_of(np.full((3, 2), 1.2), edge=1.1) is None
    assert hull_of(np.zeros((3, 6)), edge=1.1) is None


@given(seed=st.integers(0, 2**32 - 1), dimensions=st.integers(2, 4))
@settings(max_examples=15)
def test_a_hull_holds_what_a_mixture_of_the_optima_dominates(seed: int, dimensions: int) -> None:
    generator = np.random.default_rng(seed)
    optima = generator.uniform(0.0, 1.05, size=(7, dimensions))
    found = hull_of(optima, edge=1.1)
    assert found is not None
    sample = generator.uniform(0.0, 1.1, size=(60, dimensions))
    for point in sample:
        mixture = linprog(np.zeros(7), A_ub=optima.T, b_ub=point, A_eq=np.ones((1, 7)), b_eq=[1.0])
        slack = float((found.offsets - found.normals @ point).min())
        assert (mixture.status == 0) == (slack >= 0) or abs(slack) < 1e-6


def test_spread_points_lie_on_the_hull_and_more_hold_more() -> None:
    optima = np.eye(3)
    found = hull_of(optima, edge=1.1)
    assert found is not None
    far = np.full(3, 1.1)
    volumes = [spread_volume(found, count) for count in (1, 2, 3, 30, 300, 3000)]
    assert volumes == sorted(volumes)
    assert volumes[0] == pytest.approx(hypervolume(optima[:1], reference=far))
    assert volumes[2] == pytest.approx(hypervolume(optima, reference=far))
    assert volumes[-1] < found.volume
    assert volumes[-1] > 0.97 * found.volume


@pytest.mark.parametrize("names", [["carbon", "water", "cost", "quality"], ["cost", "ttft"]])
def test_the_parts_add_up_and_none_is_more_than_proven(names: list[str]) -> None:
    front, evaluator, relaxation = front_of(12, names)
    certificate = certify(relaxation, rng=rng(), weights=10, refined=10)
    assert front.on_front.any()
    plain = gap_parts(front, certificate, evaluator, rng=rng())
    nodes = whole_node_bounds(relaxation)
    found = gap_parts(front, certificate, evaluator, rng=rng(), nodes=nodes)
    assert plain is not None
    assert found is not None
    volume = found.volume
    assert volume is not None
    assert plain.volume is not None
    assert volume.weights is not None
    assert volume.size is not None
    assert volume.nodes is not None
    said = certified_data(front, certificate, parts=found)
    assert (volume.bound, volume.hypervolume) == (said.bound, said.hypervolume)
    total = volume.hypervolume + volume.weights + volume.size + volume.nodes + volume.waits
    assert total + volume.left == pytest.approx(certificate.bound)
    assert plain.volume.left == pytest.approx(volume.left + volume.nodes)
    assert min(volume.weights, volume.size, volume.nodes) >= 0
    for each, before, gap in zip(found.extremes, plain.extremes, said.gaps, strict=True):
        assert before.nodes is None
        assert each.nodes is not None
        assert each.gap == pytest.approx(gap.best - gap.bound)
        assert each.nodes + each.waits + each.left == pytest.approx(each.gap)
        assert min(each.nodes, each.waits) >= -1e-9 * abs(each.best)
        assert each.left >= -1e-6 * abs(each.best)
        assert before.waits == each.waits
        assert (each.waits > 0) <= (each.name in ("quality", "ttft"))
        relative = each.relative(each.gap)
        assert relative == (None if gap.percent is None else pytest.approx(gap.percent))


def test_waits_are_what_a_plan_without_them_saves() -> None:
    """TTFT by hand: without waits it is the mean of the base times."""
    front, evaluator, relaxation = front_of(3, ["ttft", "carbon"])
    certificate = certify(relaxation, rng=rng(), weights=4, refined=0)
    found = gap_parts(front, certificate, evaluator, rng=rng())
    assert found is not None
    problem = evaluator.problem
    rows = np.flatnonzero(front.on_front)
    best = rows[np.argmin(front.F[rows, 0])]
    base = problem.base_ttft[problem.gene_group, front.X[best]]
    requests = problem.chunk_requests[problem.gene_group]
    mean = float((base * requests).sum() / requests.sum())
    assert found.extremes[0].waits == pytest.approx(front.F[best, 0] - mean)
    assert found.extremes[1].waits == 0


def test_an_objective_without_a_bound_has_no_part_but_is_measured() -> None:
    @ledger_objective(name="mean_power", unit="kWh", title="Mean power")
    def mean_power(ledger: object) -> float:
        return float(ledger.facility_kwh.mean())  # type: ignore[attr-defined]

    case = make_case(12, plans=20, residency=False, spare_nodes=30)
    objectives = (mean_power, *find(["quality", "carbon"]))
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    found = evaluator.evaluate(case.plans)
    front = Front(
        X=case.plans, F=found.F, G=found.G, names=evaluator.names, units=("kWh", "share", "kg"),
        methods=("random",) * len(case.plans),
    )  # fmt: skip
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    certificate = certify(relaxation, rng=rng(), weights=4, refined=0)
    parts = gap_parts(front, certificate, evaluator, rng=rng())
    assert parts is not None
    assert [each.name for each in parts.extremes] == ["quality", "carbon"]
    said = certified_data(front, certificate, parts=parts)
    assert said.left_out == {"mean_power": "no linear part"}
    assert list(said.reference) == ["quality", "carbon"]


def test_no_feasible_plan_has_no_parts() -> None:
    front, evaluator, relaxation = front_of(12, ["carbon", "quality"])
    none = Front(
        X=front.X, F=front.F, G=front.G + 1, names=front.names, units=front.units,
        methods=front.methods,
    )  # fmt: skip
    certificate = certify(relaxation, rng=rng(), weights=4, refined=0)
    assert gap_parts(none, certificate, evaluator, rng=rng()) is None
    assert certified_data(none, certificate).share == 0


def test_certificates_say_what_they_are_in_a_line() -> None:
    front, _, relaxation = front_of(12, ["carbon", "quality"])
    certificate = certify(relaxation, rng=rng(), weights=4, refined=0)
    assert repr(certificate).startswith("<Certificate of carbon, quality: hypervolume at most ")
    said = certified_data(front, certificate)
    assert f"{said.plans} plans, at least " in repr(said)
    assert "4 weight vectors" in repr(said)
