"""The suite `predictor`: what is left out, which rows the loop may see, tables of the report."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cases.measured_inferences import build_twin
from benchmarks.job import Job
from benchmarks.measuring import predictors, sampling
from benchmarks.report.predictions import error_records, sampling_records
from benchmarks.store import JobOutcome, JobResult
from benchmarks.suites.predictor import make_plan
from operators.types import Floats, Longs
from slit.predictor.evaluation import Forecast, forecast_by, targets
from slit.predictor.graph import InferencePhase, as_graphs
from slit.predictor.measurements import Measurements
from slit.predictor.models import Method
from tests.predictor.made import made_configs


@pytest.fixture(scope="module")
def twin() -> Measurements:
    return build_twin(80, seed=3)


def test_the_twin_is_a_formula_with_noise(twin: Measurements) -> None:
    again = build_twin(80, seed=3)
    np.testing.assert_array_equal(targets(twin), targets(again))
    for config in twin.configs:
        config.check_fits()
    known, left = np.arange(60), np.arange(60, 80)
    found = forecast_by(twin, method=Method.ROOFLINE, seed=0)(known, left)
    assert np.abs(found / targets(twin)[left] - 1.0).mean() < 0.1


def test_methods_that_cannot_be_trained_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.suites.predictor.installed", lambda _: False)
    found = make_plan(2)
    assert "llmco2: torch is not installed (extra learn), left out" in found.notes
    methods = {job.options["method"] for job in found.jobs if job.phase == "predict"}
    assert "llmco2" not in methods
    assert sum(job.phase == "sample" and job.case == "twin" for job in found.jobs) == 4


def test_trees_with_all_parts_are_the_method(twin: Measurements) -> None:
    known, left = np.arange(60), np.arange(60, 80)
    whole = forecast_by(twin, method=Method.TREES, seed=0)(known, left)
    np.testing.assert_allclose(predictors.trees(twin, known, left, seed=0), whole, rtol=1e-12)
    for part in ("phases apart", "features of the roofline", "roofline"):
        forecast = predictors.forecast_without(part, twin, method=Method.TREES, seed=0)
        assert (forecast(known, left) != whole).any()


def test_graphs_are_changed_where_a_part_is_left_out() -> None:
    from slit.predictor.columns import as_columns

    columns = as_columns(made_configs()[:4])
    plain = {phase: as_graphs(columns, phase) for phase in InferencePhase}
    alone = predictors._no_edges(plain[InferencePhase.DECODE], InferencePhase.DECODE)
    assert not alone.edges.any()
    np.testing.assert_array_equal(alone.nodes, plain[InferencePhase.DECODE].nodes)
    assert not predictors._one_phase(
        plain[InferencePhase.PREFILL], InferencePhase.PREFILL
    ).least.any()
    assert predictors._one_phase(plain[InferencePhase.DECODE], InferencePhase.DECODE).least.all()
    blind = predictors._no_roofline(plain[InferencePhase.DECODE], InferencePhase.DECODE)
    slower = replace(plain[InferencePhase.DECODE], least=9.0 * plain[InferencePhase.DECODE].least)
    np.testing.assert_array_equal(
        blind.least, predictors._no_roofline(slower, InferencePhase.DECODE).least
    )


@pytest.mark.parametrize("focused", [True, False])
def test_the_loop_never_sees_the_fixed_rows(
    twin: Measurements, monkeypatch: pytest.MonkeyPatch, focused: bool
) -> None:
    seen: list[tuple[set[int], set[int]]] = []

    def spied(measurements: Measurements, **said: object) -> Forecast:
        def forecast(known: Longs, left: Longs) -> Floats:
            seen.append((set(known.tolist()), set(left.tolist())))
            return targets(measurements)[left] * 1.1

        return forecast

    monkeypatch.setattr(sampling, "forecast_by", spied)
    curve = list(
        sampling.sampling_errors(twin, focused=focused, counts=(10, 20, 40), seed=0, left=30)
    )
    np.testing.assert_allclose(curve, 10.0)
    fixed = seen[-1][1]
    assert len(fixed) == 30
    assert [len(known) for known, left in seen if left == fixed] == [10, 20, 40]
    for known, _ in seen:
        assert not known & fixed


def test_focused_measurements_are_near_the_worst(
    twin: Measurements, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, pool = np.arange(20), np.arange(80)
    worst = 7
    monkeypatch.setattr(sampling, "WORST", 0.05)
    monkeypatch.setattr(sampling, "STEP", 0.0)
    monkeypatch.setattr(
        sampling, "held_out_errors", lambda *_: (np.arange(20) == worst).astype(float)
    )
    rng = np.random.default_rng(0)
    found = sampling._around_the_worst(twin, known, pool, wanted=3, rng=rng)
    places = sampling.coordinates(twin)
    distance = ((places[20:] - places[worst]) ** 2).sum(axis=1)
    assert set(found) == set(20 + np.argsort(distance)[:3])


def _result(
    phase: str, values: dict[str, object], mape: Sequence[float] = (), **said: object
) -> JobResult:
    job = Job(phase, "twin", "c0de", options=said, seed=0)
    arrays = {"mape": np.array([[value] * 3 for value in mape])} if mape else {}
    return JobResult(job, JobOutcome(values, arrays, {"seconds": 1.0}), {})


def test_tables_of_the_report() -> None:
    figures = {"mape": 5.0, "median_ape": 4.0, "eba10": 80.0, "eba30": 99.0, "coverage90": None,
               "n": 9}  # fmt: skip
    results = [
        _result("predict", {"median_itl_ms": figures}, method="trees", split="gpu"),
        _result("sample", {"counts": [4, 8]}, [9.0, 5.0], label="random"),
        _result("sample", {"counts": [4, 8]}, [9.0, 4.0], label="focused"),
    ]
    (row,) = error_records(results)
    assert (row["method"], row["left out"], row["MAPE"], row["coverage"]) == (
        "trees",
        "gpu",
        5.0,
        None,
    )
    rows = sampling_records(results)
    assert [row["focused better"] for row in rows] == ["0 of 1", "1 of 1"] * 3
    assert (rows[1]["random"], rows[1]["focused"], rows[1]["measurements"]) == (5.0, 4.0, 8)
