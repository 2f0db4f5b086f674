"""The contract of objectives."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from operators.types import Floats, Genes
from slit.api import optimize
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.ledger import Ledger
from slit.objectives import Coefficients, Linear, Objective, register
from slit.objectives.define import build_coefficients
from slit.objectives.registry import set_apart
from slit.problem import Problem, compile_problem
from slit.problem.first_token import late_while_loading
from slit.record import read_run
from slit.record.runs import reevaluate
from slit.relaxation import Relaxation
from slit.report import report_html
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario

CLOSE = 1e-9
"""Relative to the size of the values: two ways to compute one sum differ by rounding only."""


class ObjectiveContract:
    """Subclass it, define `objective`, and pytest runs the suite.

    `scenarios` are what the objective is tried on, with `plans` random plans each. Override
    `expected` to have every value compared with your own way to compute it from a plan's ledger.
    `varies` says that plans differ in the objective, in each of the scenarios.
    """

    plans = 40
    varies = True
    optimizers: Sequence[str] = ("slit", "nsga2")

    def objective(self) -> Objective:
        """The objective under test."""
        raise NotImplementedError

    def scenarios(self) -> list[Scenario]:
        """What it is tried on."""
        return [load_scenario("tiny"), load_scenario("world-day", hours=2)]

    def expected(self, ledger: Ledger) -> float | None:  # noqa: ARG002 - for subclasses
        """The value of a plan, computed in another way than the objective does; None: no other."""
        return None

    @pytest.fixture(autouse=True)
    def _registered(self) -> Iterator[None]:
        with set_apart():
            register(self.objective())
            yield

    def evaluators(self, *, threads: int = 1) -> Iterator[tuple[Evaluator, Genes]]:
        """A new evaluator of each scenario, on this objective alone, with random plans (N, G)."""
        for scenario in self.scenarios():
            problem = compile_problem(scenario)
            evaluator = Evaluator(problem, scenario, objectives=[self.objective()], threads=threads)
            yield evaluator, random_plans(problem, count=self.plans)

    def test_it_says_what_it_is(self) -> None:
        """It has a title and a unit ("1" or "share" where there is none)."""
        objective = self.objective()
        assert objective.title.strip() == objective.title != ""
        assert objective.unit.strip() == objective.unit != ""

    def test_same_plans_same_bits(self) -> None:
        """A value depends on the plan alone: not on its company, nor on the threads."""
        both = self.evaluators(threads=2)
        for (evaluator, plans), (threaded, _) in zip(self.evaluators(), both, strict=True):
            values = evaluator.evaluate(plans).F
            assert values.shape == (len(plans), 1)
            assert values.tobytes() == evaluator.evaluate(plans).F.tobytes()
            assert values.tobytes() == threaded.evaluate(plans).F.tobytes()
            assert values[3:4].tobytes() == evaluator.evaluate(plans[3:4]).F.tobytes()

    def test_plans_differ_in_it(self) -> None:
        """Random plans have different values (unless `varies` is False)."""
        for evaluator, plans in self.evaluators():
            assert (np.ptp(evaluator.evaluate(plans).F) > 0) == self.varies

    def test_the_ledger_says_the_same(self) -> None:
        """Coefficients, and `expected`, give the same value from the ledger of a plan."""
        for evaluator, plans in self.evaluators():
            values = evaluator.evaluate(plans).F[:, 0]
            close = CLOSE * max(1e-300, float(np.abs(values).max()))
            coefficients = self._coefficients(evaluator)
            for plan, value in zip(plans, values, strict=True):
                ledger = evaluator.ledger(plan)
                if coefficients is not None:
                    assert abs(self._from_ledger(coefficients, ledger) - value) <= close
                expected = self.expected(ledger)
                if expected is not None:
                    assert abs(expected - value) <= close

    def test_the_linear_part_is_nowhere_above_it(self) -> None:
        """Where a linear part is stated, it is a lower bound of every plan's value."""
        for evaluator, plans in self.evaluators():
            part = self.objective().linear_part(evaluator.problem, evaluator.scenario)
            if part is None:
                continue
            values = evaluator.evaluate(plans).F[:, 0]
            close = CLOSE * max(1e-300, float(np.abs(values).max()))
            for plan, value in zip(plans, values, strict=True):
                assert from_ledger(part, evaluator.ledger(plan)).sum() <= value + close

    def test_no_plan_is_below_the_relaxed_bound(self) -> None:
        """Where the linear programs take it, no feasible plan beats their bound."""
        for evaluator, plans in self.evaluators():
            try:
                relaxation = Relaxation(evaluator.problem, evaluator.scenario, [self.objective()])
            except SlitError:  # no linear part
                continue
            bound = relaxation.minimize([1.0]).bound
            found = evaluator.evaluate(plans)
            values = found.F[found.G == 0, 0]
            close = CLOSE * max(1e-300, float(np.abs(found.F).max()))
            assert (values >= bound - close).all()

    def test_searches_take_it(self) -> None:
        """A search on it and another objective ends, and its values are those of its plans."""
        names = self._names()
        for scenario in self.scenarios():
            for optimizer in self.optimizers:
                result = optimize(
                    scenario,
                    objectives=names,
                    optimizer=optimizer,
                    evaluations=60,
                    baselines=False,
                )
                front = result.front
                assert front.names == names
                judge = Evaluator(
                    compile_problem(scenario), scenario, objectives=[self.objective()]
                )
                assert (judge.evaluate(front.X).F[:, 0] == front.F[:, 1]).all()

    def test_a_run_folder_keeps_it(self, tmp_path: Path) -> None:
        """A run can be read, evaluated again and reported."""
        objective, names = self.objective(), self._names()
        optimize(
            self.scenarios()[0],
            objectives=names,
            optimizer="nsga2",
            evaluations=40,
            output=tmp_path / "run",
        )
        run = read_run(tmp_path / "run")
        assert run.front.names == names
        assert run.front.units[1] == objective.unit
        assert reevaluate(run).equal
        assert objective.name in report_html(run)

    def _names(self) -> tuple[str, str]:
        """Another objective and this one."""
        name = self.objective().name
        return ("water" if name == "carbon" else "carbon"), name

    def _coefficients(self, evaluator: Evaluator) -> Coefficients | None:
        objective = self.objective()
        if not isinstance(objective.measure, Linear):
            return None
        return build_coefficients(
            objective.name, objective.measure.build, evaluator.problem, evaluator.scenario
        )

    def _from_ledger(self, coefficients: Coefficients, ledger: Ledger) -> float:
        measure = self.objective().measure
        by_center = from_ledger(coefficients, ledger)
        largest = isinstance(measure, Linear) and measure.largest
        return float(by_center.max() if largest else by_center.sum())


def random_plans(problem: Problem, *, count: int, seed: int = 1) -> Genes:
    """Plans (N, G): everything at one placement where that is allowed, then random ones."""
    rng = np.random.default_rng(seed)
    counts = problem.option_count[problem.gene_row]
    choice = rng.integers(0, counts, size=(count, problem.genes))
    plans = problem.options[problem.gene_row, choice]
    for n, placement in enumerate(range(min(count // 4, problem.placements))):
        allowed = problem.allowed[problem.gene_group, placement]
        plans[n, allowed] = placement
    return np.asarray(plans, dtype=np.int16)


def from_ledger(coefficients: Coefficients, ledger: Ledger) -> Floats:
    """What coefficients add up to over the ledger of a plan, by datacenter (D,).

    What belongs to no datacenter (waits, lateness, quality, what changes between epochs, the
    constant) is with the first.
    """
    problem = ledger.problem
    found = np.zeros(problem.datacenters)
    for table, used in (
        (coefficients.it, ledger.it_kwh),
        (coefficients.facility, ledger.facility_kwh),
        (coefficients.grid, ledger.grid_kwh),
    ):
        if table is not None:
            found += (table * used).sum(axis=0)
    where = problem.placement_datacenter
    if coefficients.nodes is not None:
        np.add.at(found, where, (coefficients.nodes * ledger.nodes).sum(axis=0))
    requests = ledger.group_requests
    if coefficients.requests is not None:
        np.add.at(found, where, (coefficients.requests * requests).sum(axis=0))
    accuracy = problem.accuracy[problem.group_class]
    wait, late, good, _ = (column[:, None] for column in coefficients.service_of(problem).T)
    found[0] += (wait * requests * (ledger.ttft_s - problem.base_ttft)).sum()
    found[0] += (late * requests * _late(ledger, coefficients.after)).sum()
    found[0] += (good * requests * accuracy * ledger.sigma).sum()
    found[0] += coefficients.reroute * ledger.rerouted.sum()
    if coefficients.starts is not None:
        found[0] += (coefficients.starts * ledger.loading_nodes).sum()
    found[0] += coefficients.switches * ledger.switched.sum()
    found[0] += coefficients.ramp * (ledger.rerouted / problem.group_requests).max()
    found[0] += coefficients.constant
    return found


def _late(ledger: Ledger, after: float | None) -> Floats:
    """Probability of a first token later than `after` s, by default than the SLO, (J, P)."""
    if after is None:
        return ledger.late
    problem, epoch = ledger.problem, ledger.problem.group_epoch
    slack = after - problem.base_ttft
    chance, wait = ledger.wait_chance[epoch], ledger.mean_wait[epoch]
    tail = np.exp(-np.maximum(slack, 0.0) / np.where(wait > 0, wait, 1.0))
    queued = np.where(slack < 0, 1.0, chance * tail)
    share = ledger.loading_share[epoch]
    return (1.0 - share) * queued + share * late_while_loading(slack, problem.load_seconds)
