"""Corrected services promise what was served, and old promises stay where nothing is corrected."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import slit
from slit.commands.app import app
from slit.ledger import write_ledger
from slit.problem import compile_problem
from slit.replay.calibration import calibrated, with_corrections
from slit.replay.plan import ReplaySettings, planned_kwh, serve_plan
from slit.scenario.calibrated import write_calibrated
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.scenario.store import scenario_hash
from tests.cases import make_case
from tests.kernels.test_evaluation import assert_agrees, evaluator_of, twin_of
from tests.replay.test_plan import spread_plan
from tests.stored import small_scenario, stored_run


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Nodes that load ahead: loading is not what is corrected."""
    found = small_scenario(epochs=2, epoch_seconds=600.0, loading="prewarm")
    shorter = found.accounting.model_copy(update={"utilization": 0.7})
    return replace(found, accounting=shorter)


def test_a_wait_and_a_ratio_by_hand(scenario: Scenario) -> None:
    plan, problem = spread_plan(scenario)
    services = tuple(
        each.model_copy(update={"wait_s": 0.25, "energy_ratio": 1.5}) for each in scenario.services
    )
    slower = compile_problem(replace(scenario, services=services))
    np.testing.assert_allclose(slower.base_ttft, problem.base_ttft + 0.25)
    np.testing.assert_allclose(
        slower.chunk[:, :, 1] / slower.energy_scale,
        1.5 * problem.chunk[:, :, 1] / problem.energy_scale,
        rtol=1e-6,
    )
    np.testing.assert_array_equal(slower.chunk[:, :, 0], problem.chunk[:, :, 0])
    ledger = write_ledger(plan, slower, scenario)
    before = write_ledger(plan, problem, scenario)
    assert ledger.totals()["ttft"] == pytest.approx(before.totals()["ttft"] + 0.25)


@pytest.mark.parametrize("seed", range(8))
def test_waits_and_ratios_agree_with_the_twin(seed: int) -> None:
    case = make_case(seed)
    rng = np.random.default_rng(seed)
    services = tuple(
        each.model_copy(
            update={"wait_s": float(rng.random()), "energy_ratio": float(rng.uniform(0.5, 2))}
        )
        for each in case.scenario.services
    )
    scenario = replace(case.scenario, services=services)
    changed = replace(case, scenario=scenario, problem=compile_problem(scenario))
    expected = twin_of(changed).evaluate(case.plans[0].tolist())
    evaluator = evaluator_of(changed)
    found = evaluator.evaluate(case.plans[:1])
    assert_agrees(dict(zip(evaluator.names, found.F[0].tolist(), strict=True)), expected)


def test_neutral_values_change_no_hash(scenario: Scenario) -> None:
    services = tuple(
        each.model_copy(update={"wait_s": 0.0, "energy_ratio": 1.0}) for each in scenario.services
    )
    assert scenario_hash(replace(scenario, services=services)) == scenario_hash(scenario)


def test_a_corrected_plan_promises_what_was_served(scenario: Scenario) -> None:
    plan, problem = spread_plan(scenario)
    first = serve_plan(plan, problem, scenario, settings=ReplaySettings(seed=2))
    found = calibrated(first)
    assert found
    better = with_corrections(scenario, found)
    again = serve_plan(plan, compile_problem(better), better, settings=ReplaySettings(seed=2))
    np.testing.assert_array_equal(again.tally.sums, first.tally.sums)  # engines are as they were
    for before, after in zip(found, calibrated(again), strict=True):
        assert before.key == after.key
        assert before.served_s == after.served_s
        if before.service.wait_s > 0:
            assert after.promised_s == pytest.approx(after.served_s, rel=1e-9)
        assert after.energy == pytest.approx(1.0, rel=1e-4)
    drawn = again.drawn_kwh.sum() / planned_kwh(again.promised).sum()
    assert drawn == pytest.approx(again.generated.sum() / again.promised.requests.sum(), rel=0.05)


def test_the_command_writes_a_scenario_to_optimize_again(tmp_path: Path) -> None:
    run = stored_run(tmp_path / "run", scenario=slit.load_scenario("tiny"))
    arguments = ["--plan", "nearest", "--share", "0.3", "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["calibrate", str(run.folder), *arguments])
    assert result.exit_code == 0, result.stderr
    file = tmp_path / "out" / "scenario.toml"
    assert str(file) in result.stdout
    corrected = load_scenario(file)
    assert corrected.name == "tiny-calibrated"
    assert any(each.wait_s > 0 or each.energy_ratio != 1 for each in corrected.services)
    assert [each.variant for each in corrected.services] == [
        each.variant for each in run.scenario.services
    ]
    again = CliRunner().invoke(app, ["calibrate", str(run.folder), *arguments])
    assert again.exit_code == 2
    assert "not empty" in again.stderr


def test_services_of_another_scenario_are_a_part_of_a_file(tmp_path: Path) -> None:
    scenario = small_scenario()
    file = write_calibrated(tmp_path / "new", scenario, scenario.services, source="by hand")
    assert file.name == "services.toml"
    text = file.read_text()
    assert text.count("[[services]]") == len(scenario.services)
    assert text.startswith("# by hand\n")
