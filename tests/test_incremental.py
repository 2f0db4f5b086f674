"""Moves of a plan against full evaluation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.types import Floats
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.incremental import PlanState
from slit.ledger import Ledger
from slit.objectives import Objective, cell_objective, find, ledger_objective
from slit.objectives.builtin import BUILT_IN
from slit.problem import Problem
from slit.scenario.scenario import Scenario
from tests.cases import Case, cases, make_case

pytestmark = pytest.mark.kernel


def prices(problem: Problem, scenario: Scenario) -> Floats:
    return np.stack([problem.price, problem.wue], axis=-1)


@cell_objective(name="squares", unit="1", title="Of squares", data=prices)
def squares(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return data[0] * grid**2 + data[1] * it + 0.1 * nodes**2  # type: ignore[no-any-return]


@cell_objective(name="facilities", unit="1", title="Of facilities")
def facilities(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return facility if facility > 50.0 else 0.5 * facility


@ledger_objective(name="peak", unit="kWh", title="Largest hour")
def peak(ledger: Ledger) -> float:
    return float(ledger.grid_kwh.sum(axis=1).max())


EVERY = (*BUILT_IN, squares, facilities, peak)
FAST = (*find(["carbon", "water", "cost", "quality"]), squares)


def opened(case: Case, objectives: tuple[Objective, ...]) -> PlanState:
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    return PlanState(evaluator, case.plans[0])


def assert_current(state: PlanState) -> None:
    """What the state says has the bits of full evaluation."""
    full = state.evaluator.evaluate(state.plan[None, :])
    assert full.F[0].tobytes() == state.F.tobytes()
    assert full.G[0] == state.G


def one_move(state: PlanState, data: st.DataObject) -> None:
    """Some move that is allowed."""
    problem, plan = state.problem, state.plan
    gene = data.draw(st.integers(0, problem.genes - 1))
    group = int(problem.gene_group[gene])
    target = int(data.draw(st.sampled_from(np.flatnonzero(problem.allowed[group]).tolist())))
    kind = data.draw(st.sampled_from(["gene", "chunks", "swap", "empty", "shed"]))
    epoch, here = int(problem.group_epoch[group]), int(plan[gene])
    weights = 1.0 / np.maximum(np.abs(state.F), 1.0)
    match kind:
        case "gene":
            state.move(gene, target)
            assert state.plan[gene] == target
        case "chunks":
            first, last = problem.group_first[group], problem.group_first[group + 1]
            held = int((plan[first:last] == here).sum())
            state.move_chunks(group, here, target, data.draw(st.integers(0, held)))
        case "swap":
            other = data.draw(st.integers(0, problem.genes - 1))
            if (
                problem.allowed[problem.gene_group[other], here]
                and problem.allowed[group, plan[other]]
            ):
                state.swap(gene, other)
                assert (state.plan[gene], state.plan[other]) == (plan[other], here)
        case "empty":
            state.empty(epoch, here, weights=weights, node_penalty=1.0)
        case _:
            state.shed_node(epoch, here, weights=weights)


@given(cases(plans=1, largest_epochs=5), st.data())
def test_any_sequence_of_moves_equals_full_evaluation(case: Case, data: st.DataObject) -> None:
    state = opened(case, EVERY)
    seen = [(state.plan, state.F, state.G)]
    assert_current(state)
    for _ in range(data.draw(st.integers(1, 8))):
        if len(seen) > 1 and data.draw(st.integers(0, 3)) == 0:
            state.undo()
            seen.pop()
            plan, F, G = seen[-1]
            assert (state.plan == plan).all()
            assert (state.F.tobytes(), state.G) == (F.tobytes(), G)
            continue
        made = len(state._made)
        one_move(state, data)
        if len(state._made) > made:
            seen.append((state.plan, state.F, state.G))
        assert_current(state)


@given(cases(plans=1), st.data())
def test_what_moves_would_change_equals_the_difference(case: Case, data: st.DataObject) -> None:
    state = opened(case, FAST)
    problem, plan = state.problem, state.plan
    before = state.evaluator.evaluate(plan[None, :])
    genes = [data.draw(st.integers(0, problem.genes - 1)) for _ in range(5)]
    moves, plans = [], []
    for gene in genes:
        group = int(problem.gene_group[gene])
        target = int(data.draw(st.sampled_from(np.flatnonzero(problem.allowed[group]).tolist())))
        moves.append([group, plan[gene], target, 1])
        plans.append(plan.copy())
        plans[-1][gene] = target
    F, G = state.changes(np.array(moves))
    after = state.evaluator.evaluate(np.array(plans))
    assert F.tobytes() == (after.F - before.F[0]).tobytes()
    assert (before.G[0] + G == after.G).all()
    assert (state.plan == plan).all()
    assert_current(state)


def test_a_move_says_what_it_changes() -> None:
    case = make_case(2, plans=1, genes=40)
    state = opened(case, EVERY)
    before, violation = state.F, state.G
    gene = next(g for g in range(case.problem.genes) if case.problem.option_count[g * 0] > 1)
    choices = np.flatnonzero(case.problem.allowed[case.problem.gene_group[gene]])
    change = state.move(gene, int(choices[choices != state.plan[gene]][0]))
    assert (before + change.F).tolist() == pytest.approx(state.F.tolist(), rel=1e-14)
    assert violation + change.G == state.G
    assert change.F.any()
    assert state.evaluator.moves == 1


def test_an_emptied_placement_is_empty_and_a_shed_node_is_gone() -> None:
    case = make_case(1, plans=1, genes=300, residency=False, extras=False, nodes_per_group=3.0)
    state = opened(case, FAST)
    problem, weights = case.problem, 1.0 / np.abs(state.F)
    placement = int(state.plan[0])
    nodes = state._state.nodes[0, placement]
    assert nodes > 1
    state.shed_node(0, placement, weights=weights)
    assert state._state.nodes[0, placement] == nodes - 1
    state.empty(0, placement, weights=weights)
    assert state._state.nodes[0, placement] == 0
    assert placement not in state.plan[: problem.epoch_gene[1]]
    assert_current(state)
    again = state.empty(0, placement, weights=weights)
    assert not again.F.any()


def test_chunks_go_where_they_cost_least() -> None:
    case = make_case(3, plans=1, genes=30, origins=1)
    state = opened(case, FAST)
    weights = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    problem, plan = case.problem, state.plan
    placement = int(plan[0])
    held = [
        j
        for j in range(problem.epoch_group[1])
        if placement in plan[problem.group_first[j] : problem.group_first[j + 1]]
    ]
    moves = np.array([
        [j, placement, b, 1]
        for j in held
        for b in np.flatnonzero(problem.allowed[j])
        if b != placement
    ])  # fmt: skip
    F, _ = state.changes(moves)
    rates = F[:, 0] / problem.chunk[moves[:, 0], placement, 0]
    best = moves[int(rates.argmin())]
    state.empty(0, placement, weights=weights)
    state_moves = state._made[-1][0]
    assert state_moves[0].tolist() == best.tolist()


def test_which_objectives_are_incremental() -> None:
    case = make_case(4, plans=1)
    evaluator = Evaluator(case.problem, case.scenario, objectives=EVERY)
    flags = zip(evaluator.names, evaluator.incremental, strict=True)
    slow = {name for name, fast in flags if not fast}
    assert slow == {"carbon_equity", "water_equity", "peak"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.move(-1, 0), "gene: -1, expected 0 to"),
        (lambda s: s.move(0, 99), "placement: 99, expected one that is allowed for group 0"),
        (lambda s: s.swap(0, 10**6), "gene: 1000000, expected 0 to"),
        (lambda s: s.move_chunks(0, int(s.plan[0]), int(s.plan[0]), 99), "count: 99, expected 0"),
        (lambda s: s.move_chunks(-1, 0, 0), "group: -1, expected 0 to"),
        (lambda s: s.move_chunks(0, 99, int(s.plan[0])), "count: 1, expected 0 to 0"),
        (lambda s: s.empty(99, 0, weights=s.F), "epoch: 99, expected 0 to"),
        (lambda s: s.shed_node(0, 99, weights=s.F), "placement: 99, expected 0 to"),
        (lambda s: s.empty(0, 0, weights=[1.0]), r"weights: shape \(1,\), expected \(5,\)"),
        (lambda s: s.changes([1, 2]), r"moves: shape \(2,\), expected \(K, 4\)"),
        (lambda s: s.undo(), "undo: nothing was moved"),
    ],
)
def test_what_is_no_move_is_refused(call, message) -> None:  # type: ignore[no-untyped-def]
    state = opened(make_case(5, plans=1), FAST)
    before = state.plan
    with pytest.raises(SlitError, match=message):
        call(state)
    assert (state.plan == before).all()
    assert_current(state)


@cell_objective(name="outside", unit="1", title="Reads past its data", data=prices)
def outside(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return data[int(it * 1000) % 4]  # type: ignore[no-any-return]


def test_an_objective_that_fails_is_named() -> None:
    case = make_case(6, plans=20, genes=40)
    evaluator = Evaluator(case.problem, case.scenario, objectives=(outside,))
    states = (PlanState(evaluator, plan) for plan in case.plans)
    with pytest.raises(SlitError, match="objective outside"):
        list(states)
