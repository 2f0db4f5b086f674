"""What a notebook calls."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import slit
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.ledger import Ledger
from slit.objectives import ledger_objective, register
from slit.objectives.registry import set_apart
from slit.optimizers.nsga2 import build as build_nsga2
from slit.optimizers.protocol import Optimizer, Setup
from slit.optimizers.registry import OptimizerKind, available, default_settings
from slit.record import read_run
from slit.run import Progress
from slit.scenario.records import Residency
from slit.scenario.scenario import Scenario
from slit.stop import Stop, StopReason
from tests.builders import random_scenario

REFERENCES = {
    e.name for e in available(OptimizerKind.REFERENCE, OptimizerKind.BASELINE, OptimizerKind.RIVAL)
}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return random_scenario(np.random.default_rng(5), genes=24, spare_nodes=30)


def search(scenario: Scenario, **more: object) -> slit.Result:
    named = {"optimizer": "nsga2", "population": 12, "evaluations": 60, **more}
    return slit.optimize(scenario, **named)  # type: ignore[arg-type]


@register
@ledger_objective(name="busiest_of_api_test", unit="1", title="Most nodes at once")
def busiest(ledger: Ledger) -> float:
    return float(ledger.pool_nodes.max())


def test_the_front_holds_the_search_and_the_references(scenario: Scenario) -> None:
    result = search(scenario)
    assert set(result.front.methods) == {"nsga2"} | REFERENCES
    assert result.front.names == ("carbon", "water", "cost", "quality")
    for name in REFERENCES:
        assert result.front.methods.count(name) == 1
    assert (result.evaluations, result.feasible) == (60, True)
    assert [phase.name for phase in result.phases] == list(result.front.names)
    assert result.notes == ()


def test_without_baselines_the_front_is_the_search_alone(scenario: Scenario) -> None:
    result = search(scenario, baselines=False)
    assert set(result.front.methods) == {"nsga2"}
    assert result.front.on_front.all()


def test_a_search_begins_with_the_references(scenario: Scenario) -> None:
    """So its front is nowhere behind them after the first generation (all fit into it)."""
    front = search(scenario, evaluations=12).front
    mine = front.rows(np.array([method == "nsga2" for method in front.methods]))
    for row in range(len(front)):
        if front.methods[row] != "nsga2" and front.G[row] == 0:
            assert (front.F[row] >= mine.F).all(axis=1).any()


def test_same_seed_same_bits_for_any_threads(scenario: Scenario) -> None:
    first, second = search(scenario), search(scenario, threads=2)
    assert first.front.X.tobytes() == second.front.X.tobytes()
    assert first.front.F.tobytes() == second.front.F.tobytes()
    assert search(scenario, seed=2).front.X.tobytes() != first.front.X.tobytes()


def test_an_objective_without_a_linear_part_leaves_out_the_lexicographic_plan(
    scenario: Scenario,
) -> None:
    result = search(scenario, objectives=["busiest_of_api_test"])
    assert "lexicographic" not in result.front.methods
    assert any(note.startswith("lexicographic left out: ") for note in result.notes)
    mixed = search(scenario, objectives=["carbon", "busiest_of_api_test"])
    assert [phase.name for phase in mixed.phases] == ["carbon"]


def test_an_optimizer_may_be_passed_in(scenario: Scenario) -> None:
    def own(setup: Setup) -> Optimizer:
        return build_nsga2(replace(setup, settings=default_settings("nsga2", population=8)))

    result = search(scenario, optimizer=own, population=None, evaluations=16)
    assert result.front.methods[0] == "own"
    assert result.evaluations == 16


def test_an_algorithm_of_pymoo_may_be_passed_in(scenario: Scenario) -> None:
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.operators.sampling.rnd import FloatRandomSampling

    algorithm = NSGA2(pop_size=10, sampling=FloatRandomSampling())
    result = search(scenario, optimizer=algorithm, population=None, evaluations=20)
    assert result.front.methods[0] == "pymoo-nsga2"
    with pytest.raises(SlitError, match="optimizer: int, expected a name"):
        search(scenario, optimizer=3, population=None)


def test_start_plans_are_checked(scenario: Scenario) -> None:
    single = {"optimizer": "nearest", "population": None, "evaluations": None}
    front = search(scenario, **single).front
    again = search(scenario, start_plan=front.X[0], baselines=False)
    assert again.feasible
    with pytest.raises(SlitError, match="shape"):
        search(scenario, start_plan=front.X[0][:-1])
    with pytest.raises(SlitError, match="nearest makes one plan of its own"):
        search(scenario, **single, start_plan=front.X[0])
    with pytest.raises(SlitError, match="budget: given to nearest, which makes one plan"):
        search(scenario, **{**single, "stagnation": 5})


def test_a_scenario_keeps_its_own_time(scenario: Scenario) -> None:
    with pytest.raises(SlitError, match="start, hours: given for a scenario without its tables"):
        search(scenario, hours=3)


def test_watchers_are_called(scenario: Scenario, tmp_path: Path) -> None:
    steps: list[int] = []

    def watch(progress: Progress) -> None:
        steps.append(progress.loop.step)

    search(scenario, watch=watch, output=tmp_path / "run")
    assert steps == [1, 2, 3, 4, 5]


def test_a_file_of_a_scenario_is_loaded() -> None:
    result = slit.optimize("tiny", optimizer="nearest")
    assert result.front.methods[0] == "nearest"
    assert "nearest" not in result.front.methods[1:]


def test_evaluate_gives_a_front_in_order(scenario: Scenario) -> None:
    front = search(scenario).front
    again = slit.evaluate(scenario, front.X[::-1])
    assert (front.F[::-1] == again.F).all()
    assert set(again.methods) == {"given"}
    one = slit.evaluate(scenario, front.X[0], objectives=["ttft"])
    assert one.F.shape == (1, 1)
    with pytest.raises(SlitError, match="objective: 'joy'"):
        slit.evaluate(scenario, front.X, objectives=["joy"])


def overfull(scenario: Scenario) -> Scenario:
    """Two classes that need a third of one node each, but of different variants: as shares they fit
    on the one node there is, as whole nodes they do not."""
    rules = tuple(Residency(classes=(f"class{k}",), variants=(f"variant{k}",)) for k in range(2))
    pools = (scenario.pools[0].model_copy(update={"nodes": 1}),)
    return replace(scenario, residency=rules, pools=pools)


@pytest.fixture(scope="module")
def whole_nodes() -> Scenario:
    scenario = random_scenario(
        np.random.default_rng(1),
        epochs=1,
        origins=1,
        datacenters=1,
        pools_per_datacenter=1,
        node_types=1,
        variants=2,
        genes=8,
        residency=False,
        empty_groups=False,
        extras=False,
    )
    problem = slit.compile_problem(overfull(scenario))
    work = (problem.group_chunks[:, None] * problem.chunk[:, :, 0])[[0, 1], [0, 1]]
    scale = problem.node_ticks / work / 3
    requests = scenario.demand.requests * scale.reshape(1, 1, 2)
    return replace(overfull(scenario), demand=replace(scenario.demand, requests=requests))


def test_without_a_feasible_plan_the_least_violating_are_returned(
    whole_nodes: Scenario, tmp_path: Path
) -> None:
    result = search(whole_nodes, output=tmp_path / "run")
    assert not result.feasible
    assert set(result.front.G.tolist()) == {1.0}
    assert any("no feasible plan" in note for note in result.notes)
    run = read_run(tmp_path / "run")
    assert not run.manifest.feasible
    assert run.manifest.plans == 0
    assert any("no feasible plan" in note for note in run.manifest.notes)
    assert (tmp_path / "run" / "report.html").exists()


def test_demand_beyond_capacity_is_refused(whole_nodes: Scenario, tmp_path: Path) -> None:
    more = replace(whole_nodes.demand, requests=whole_nodes.demand.requests * 9)
    with pytest.raises(InfeasibleError, match=r"epoch 0 .*node-hours"):
        search(replace(whole_nodes, demand=more), output=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_findings_include_capacity() -> None:
    assert not [finding for finding in slit.check("tiny") if finding.severity == "error"]
    with pytest.raises(SlitError, match="no such scenario"):
        slit.check("nowhere")


def test_everything_public_is_there() -> None:
    for name in slit.__all__:
        assert getattr(slit, name) is not None
    assert set(slit.__all__) <= set(dir(slit))
    with pytest.raises(AttributeError, match="has no attribute 'magic'"):
        _ = slit.magic


def test_evaluators_of_results_agree(scenario: Scenario) -> None:
    front = search(scenario).front
    problem = slit.compile_problem(scenario)
    evaluator = Evaluator(problem, scenario, objectives=slit.objectives.find(front.names))
    assert (evaluator.evaluate(front.X).F == front.F).all()


def test_the_default_budget_ends_where_nothing_helps_any_more(tmp_path: Path) -> None:
    result = slit.optimize("tiny", output=tmp_path / "run")
    manifest = read_run(tmp_path / "run").manifest
    assert (manifest.budget.moves, manifest.budget.stagnation) == (9 * 15_000, 2_500)
    assert result.stop is manifest.stop is StopReason.STAGNATION
    assert result.evaluations > 2_500
    assert result.moves < 9 * 15_000 / 2


def test_the_default_budget_grows_with_placements_where_these_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slit.api.calls.MOVES_PER_PLACEMENT", 5_000)  # tiny has 4 placements
    slit.optimize("tiny", output=tmp_path / "run", baselines=False, steady=False, bound=False)
    assert read_run(tmp_path / "run").manifest.budget.moves == 9 * 4 * 5_000


def test_a_budget_that_is_given_is_the_whole_budget(tmp_path: Path) -> None:
    slit.optimize("tiny", moves=5_000, output=tmp_path / "run")
    assert read_run(tmp_path / "run").manifest.budget == Stop(moves=5_000)


def test_objectives_are_given_by_name_and_as_objects(scenario: Scenario) -> None:
    def measure(ledger: Ledger) -> float:
        return float(ledger.pool_nodes.max())

    with set_apart():
        peak = ledger_objective(name="peak_given", unit="1", title="Most nodes")(measure)
        result = search(scenario, objectives=["carbon", peak])
        assert result.front.names == ("carbon", "peak_given")
        assert (
            slit.evaluate(scenario, result.front.X[:1], objectives=[peak]).F[0, 0]
            == (result.front.F[0, 1])
        )
        # A notebook's cell that runs again makes another object of the same name.
        twice = ledger_objective(name="peak_given", unit="1", title="Twice as many")(
            lambda ledger: 2 * measure(ledger)
        )
        again = slit.evaluate(scenario, result.front.X[:1], objectives=[twice])
        assert again.F[0, 0] == 2 * result.front.F[0, 1]
        for taken in ("carbon", "busiest_of_api_test"):
            other = ledger_objective(name=taken, unit="1", title="Another")(measure)
            with pytest.raises(SlitError, match=f"name '{taken}' is taken"):
                search(scenario, objectives=[other])
        with pytest.raises(SlitError, match="'peak_given' twice"):
            search(scenario, objectives=["peak_given", twice])
    with pytest.raises(SlitError, match="objective: measure, expected a name or an Objective"):
        search(scenario, objectives=[measure])
    with pytest.raises(SlitError, match="objectives: 'carbon', expected a list of names"):
        search(scenario, objectives="carbon")
