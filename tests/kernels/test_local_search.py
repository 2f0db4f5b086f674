from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.canonical import canonical, is_canonical
from operators.types import Floats, Genes
from slit.evaluator import Evaluator
from slit.kernels.epoch import NODES, WORK
from slit.kernels.local_search import ENOUGH, STEPS, close_epoch, improve_plan, shed_node
from slit.kernels.local_search import MANY as LARGE
from slit.kernels.scalarization import scalarize
from slit.objectives import cell_objective, find
from tests.cases import Case, cases, make_case
from tests.weighed import MANY, STABILITY, Weighed, weighed

MODES = [
    {"loading": loading, "begins": begins, "epochs": epochs}
    for loading, begins, epochs in (
        ("on_demand", "free", 1),
        ("on_demand", "given", 2),
        ("on_demand", "cyclic", 1),
        ("on_demand", "cyclic", 2),
        ("prewarm", "free", 5),
        ("prewarm", "given", 1),
        ("prewarm", "cyclic", 2),
        ("prewarm", "cyclic", 3),
    )
]


@st.composite
def weighed_cases(draw: st.DrawFn) -> Weighed:
    case: Case = draw(cases(plans=3, largest_epochs=5))
    penalty = draw(st.sampled_from([0.0, 0.01, 1.0]))
    seed, plugged = draw(st.integers(0, 2**32 - 1)), draw(st.booleans())
    return weighed(case, seed=seed, penalty=penalty, plugged=plugged, stable=draw(st.booleans()))


def settled(weighed: Weighed, plan: Genes, *, swaps: bool) -> Genes:
    """The plan after as many passes as change anything."""
    for _ in range(100):
        plan, _, change = weighed.improved(plan, swaps=swaps)
        if change == 0.0:
            return plan
    raise AssertionError("no end")


def neighbors(weighed: Weighed, plan: Genes) -> Genes:
    """Every plan that differs in one gene."""
    problem = weighed.problem
    rows = []
    for g in range(problem.genes):
        for p in np.flatnonzero(problem.allowed[problem.gene_group[g]]):
            if p != plan[g]:
                rows.append(plan.copy())
                rows[-1][g] = p
    return np.array(rows).reshape(-1, problem.genes)


def swapped(weighed: Weighed, plan: Genes) -> Genes:
    """Every plan in which two genes of one epoch have traded places."""
    problem = weighed.problem
    rows = []
    for t in range(problem.epochs):
        genes = range(problem.epoch_gene[t], problem.epoch_gene[t + 1])
        for g in genes:
            for h in range(g + 1, problem.epoch_gene[t + 1]):
                first, second = problem.gene_group[g], problem.gene_group[h]
                if (
                    first != second
                    and plan[g] != plan[h]
                    and problem.allowed[first, plan[h]]
                    and problem.allowed[second, plan[g]]
                ):
                    rows.append(plan.copy())
                    rows[-1][[g, h]] = plan[[h, g]]
    return np.array(rows).reshape(-1, problem.genes)


def best_of(weighed: Weighed, plans: Genes) -> float:
    if not len(plans):
        return np.inf
    found = weighed.evaluator.evaluate(plans)
    return float((found.F @ weighed.weights + weighed.penalty * found.G).min())


@given(weighed_cases(), st.booleans(), st.sampled_from([1, 50, MANY]))
def test_the_change_reported_equals_full_evaluation(
    weighed: Weighed, swaps: bool, most_moves: int
) -> None:
    for plan in weighed.case.plans:
        better, moves, change = weighed.improved(plan, swaps=swaps, most_moves=most_moves)
        tolerance = weighed.tolerance(plan, better)
        assert moves > 0 or weighed.problem.allowed.sum(axis=1).max() == 1
        assert change <= 0.0
        assert abs(change - (weighed.value(better) - weighed.value(plan))) <= tolerance
        weighed.evaluator.check(better[None, :])
        assert is_canonical(better[None, :], group_first=weighed.problem.group_first).all()


@pytest.mark.parametrize("begins", ["free", "given", "cyclic", "today"])
def test_what_changes_between_epochs_is_followed_chunk_by_chunk(begins: str) -> None:
    """With groups that exist in one of two epochs only, and that have other numbers of chunks."""
    missing = unlike = improved = 0
    for seed in range(4):
        today = begins == "today"
        case = make_case(
            seed, plans=3, genes=24, epochs=4, nodes_per_group=1.5,
            begins="cyclic" if today else begins, today=today,
        )  # fmt: skip
        problem = case.problem
        previous = problem.group_previous
        missing += int((previous[problem.epoch_group[1] :] < 0).sum())
        known = previous >= 0
        chunks = problem.group_chunks
        unlike += int((chunks[known] != chunks[previous[known]]).sum())
        evaluator = Evaluator(problem, case.scenario, objectives=find(STABILITY))
        weights = np.array([50.0, 1.0, 3.0])
        found = Weighed(case, evaluator.objectives, weights, penalty=0.1)
        for plan in case.plans:
            better, _, change = found.improved(plan)
            gained = found.value(better) - found.value(plan)
            assert abs(change - gained) <= 1e-9 * found.value(plan)
            improved += change < 0.0
    assert improved > 6
    assert missing > 0
    assert unlike > 0


@pytest.mark.parametrize("loading", ["on_demand", "prewarm"])
@pytest.mark.parametrize("begins", ["free", "given", "cyclic"])
def test_warm_nodes_are_followed_chunk_by_chunk(loading: str, begins: str) -> None:
    """Into cells that wait for requests, and out of cells that keep their nodes."""
    idle = 0
    for seed in range(4):
        case = make_case(
            seed, plans=3, genes=16, variants=2, warm=True, loading=loading, begins=begins,
            move_cost=seed > 1,
        )  # fmt: skip
        found = weighed(case, seed=seed, penalty=0.3, plugged=seed % 2 > 0, stable=True)
        for plan in case.plans:
            better, _, change = found.improved(plan)
            gained = found.value(better) - found.value(plan)
            assert abs(change - gained) <= found.tolerance(plan, better)
            ledger = found.evaluator.ledger(better)
            idle += int(((ledger.nodes > 0) & (ledger.requests == 0.0)).sum())
    assert idle > 0


@pytest.mark.parametrize("begins", ["free", "given", "cyclic"])
def test_what_minimum_times_do_to_later_epochs_counts(begins: str) -> None:
    """A descent in one epoch stays only if it helps over all that it binds."""
    improved = lasting = 0
    for seed in range(3):
        case = make_case(
            seed, plans=3, genes=16, variants=2, epochs=5, times=True, begins=begins, warm=True
        )
        found = weighed(case, seed=seed, penalty=0.3, plugged=seed % 2 > 0, stable=True)
        for plan in case.plans:
            better, _, change = found.improved(plan)
            gained = found.value(better) - found.value(plan)
            assert change <= 0.0
            assert abs(change - gained) <= found.tolerance(plan, better)
            improved += change < 0.0
            ledger = found.evaluator.ledger(better)
            lasting += int((ledger.nodes[ledger.requests == 0] > 0).sum())
    assert improved > 3
    assert lasting > 0


@pytest.mark.parametrize("kind", ["linear", "plugged", "stable"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, mode.values())))
def test_no_single_move_and_no_swap_helps_at_the_end(mode: dict[str, str | int], kind: str) -> None:
    for seed in range(2):
        case = make_case(seed, plans=2, genes=12, origins=1, variants=2, **mode)
        plugged, stable = kind == "plugged", kind == "stable"
        found = weighed(case, seed=seed, penalty=0.3, plugged=plugged, stable=stable)
        for plan in case.plans:
            end = settled(found, plan, swaps=True)
            least = found.value(end) - ENOUGH - found.tolerance(end)
            assert best_of(found, neighbors(found, end)) >= least
            assert best_of(found, swapped(found, end)) >= least


def test_without_swaps_no_single_move_helps() -> None:
    case = make_case(3, plans=2, genes=20)
    found = weighed(case, seed=3, penalty=1.0)
    end = settled(found, case.plans[0], swaps=False)
    least = found.value(end) - ENOUGH - found.tolerance(end)
    assert best_of(found, neighbors(found, end)) >= least
    assert found.value(settled(found, end, swaps=True)) <= found.value(end)


def test_many_chunks_of_a_group_move_together_and_then_one_by_one() -> None:
    case = make_case(7, plans=3, genes=400, epochs=2, origins=1, classes=2, nodes_per_group=9.0)
    assert case.problem.group_chunks.max() > STEPS * LARGE
    found = weighed(case, seed=7, penalty=0.3)
    for plan in case.plans:
        better, _, change = found.improved(plan)
        gained = found.value(better) - found.value(plan)
        assert abs(change - gained) <= found.tolerance(plan, better)
        end = settled(found, better, swaps=True)
        least = found.value(end) - ENOUGH - found.tolerance(end)
        assert best_of(found, neighbors(found, end)) >= least


def test_a_node_of_many_chunks_is_shed_in_few_steps() -> None:
    shed = 0
    for seed in range(8):
        case = make_case(
            seed, plans=2, genes=4000, epochs=1, origins=1, classes=1, nodes_per_group=2.5
        )
        found, problem = weighed(case, seed=seed, penalty=0.0), case.problem
        crowded = case.plans[1]  # all in one cell
        epoch, a = found.open(crowded, 0), int(crowded[0])
        nodes, work = epoch.cells[a, NODES], epoch.cells[a, WORK]
        target = (nodes - 1) * problem.node_ticks
        needed = -(-(work - target) // problem.chunk[0, a, 0])
        assert needed > 2 * LARGE
        evaluated, change = shed_node(a, epoch)
        assert evaluated < needed * problem.allowed[0].sum() / 4
        plan = crowded.copy()
        close_epoch(plan, problem.group_first, epoch)
        gained = found.value(plan) - found.value(crowded)
        assert abs(change - gained) <= found.tolerance(crowded, plan)
        if change < 0.0:
            shed += 1
            assert (plan != a).sum() == needed
            assert epoch.cells[a, NODES] == nodes - 1
    assert shed > 0


@pytest.mark.parametrize("seed", range(4))
def test_infeasible_starts_become_feasible_where_there_is_room(seed: int) -> None:
    case = make_case(seed, plans=6, genes=40, spare_nodes=10, nodes_per_group=3.0)
    found = weighed(case, seed=seed, penalty=100.0)
    starts = found.evaluator.evaluate(case.plans).G
    ends = np.array([found.improved(plan)[0] for plan in case.plans])
    assert (starts > 0).any()
    assert (found.evaluator.evaluate(ends).G == 0).all()


def test_only_the_epochs_asked_for_change() -> None:
    case = make_case(4, plans=1, epochs=4)
    found, problem = weighed(case, seed=4, penalty=1.0), case.problem
    plan = canonical(case.plans, group_first=problem.group_first)[0]
    better = plan.copy()
    improve_plan(better, problem, found.scalarization, 1, 3, 1.0, True, MANY)
    inside = slice(problem.epoch_gene[1], problem.epoch_gene[3])
    assert (better[inside] != plan[inside]).any()
    outside = np.ones(problem.genes, np.bool_)
    outside[inside] = False
    assert (better[outside] == plan[outside]).all()


@cell_objective(name="penalty", unit="1", title="So large that it rounds all else away")
def penalty(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return 1e15 * max(0.0, it - 3.0) + 1e15 * nodes


@pytest.mark.parametrize("seed", [33, 40, 114])
def test_rounding_does_not_lead_in_circles(seed: int) -> None:
    case = make_case(seed, plans=2, genes=40, variants=2, datacenters=3)
    problem = case.problem
    evaluator = Evaluator(problem, case.scenario, objectives=(*find(["carbon"]), penalty))
    scalarization = scalarize(
        np.ones(2), problem, evaluator.terms, cell_objectives=evaluator.cell_objectives
    )
    for plan in case.plans:
        better = plan.copy()
        moves, change = improve_plan(
            better, problem, scalarization, 0, problem.epochs, 0.01, True, 300_000
        )
        assert moves < 10_000
        values = evaluator.evaluate(np.stack([plan, better])).F
        assert change == pytest.approx(
            values[1, 1] - values[0, 1], rel=1e-9, abs=values[0, 1] / 1e9
        )


def test_the_same_start_ends_in_the_same_bits() -> None:
    case = make_case(5, plans=3, genes=60)
    found = weighed(case, seed=5, penalty=1.0)
    shuffled = replace(case, plans=case.plans.copy())
    rng = np.random.default_rng(0)
    for j in range(case.problem.groups):
        chunks = slice(case.problem.group_first[j], case.problem.group_first[j + 1])
        shuffled.plans[:, chunks] = rng.permuted(shuffled.plans[:, chunks], axis=1)
    for plan, other in zip(case.plans, shuffled.plans, strict=True):
        first, moves, change = found.improved(plan)
        again, more, same = found.improved(other)
        assert (first == again).all()
        assert (moves, change) == (more, same)


def test_the_largest_datacenter_enters_as_a_weighted_sum_of_all() -> None:
    case = make_case(6, plans=4)
    problem = case.problem
    evaluator = Evaluator(
        problem, case.scenario, objectives=find(["carbon_equity", "water_equity"])
    )

    def totals(plan: Genes) -> Floats:
        ledger = evaluator.ledger(plan)
        water = ledger.water_on_site_l + ledger.water_off_site_l
        return np.stack([ledger.carbon_kg.sum(axis=0), water.sum(axis=0)])  # (M, D)

    one = np.zeros(problem.datacenters)
    one[1] = 1.0
    even = np.full(problem.datacenters, 1.0 / problem.datacenters)
    for given_share, share in ((None, even), (one, one)):
        for plan, value in zip(case.plans, evaluator.evaluate(case.plans).F, strict=True):
            weights = 0.5 / value
            scalarization = scalarize(weights, problem, evaluator.terms, center_share=given_share)
            better = plan.copy()
            _, change = improve_plan(
                better, problem, scalarization, 0, problem.epochs, 0.0, True, MANY
            )
            before, after = (weights @ totals(each) @ share for each in (plan, better))
            assert before <= value @ weights + 1e-12
            assert change <= 0.0
            assert change == pytest.approx(after - before, abs=1e-9)
