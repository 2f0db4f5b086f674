"""Measures of a part: a class, an origin, a place, another lateness."""

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find, ledger_objective, linear_objective, register
from slit.objectives.define import Coefficients
from slit.objectives.registry import set_apart
from slit.objectives.restricted import _typical
from slit.problem import compile_problem
from slit.relaxation import Relaxation
from slit.scenario.fit import pairs
from slit.scenario.load import load_scenario
from slit.testing.objectives import from_ledger
from tests.cases import Case, cases
from tests.hand import hand_scenario
from tests.reference import Twin, placements
from tests.restricted import restricted_names, twin_value

HERE_THERE = [0, 0, 1]
"""The first hour's chunk here, of the second hour one here, one there: all nodes half full."""


def values_of(names: list[str], plan: list[int], **changes: object) -> list[float]:
    scenario = hand_scenario(**changes)  # type: ignore[arg-type]
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=find(names))
    return evaluator.evaluate(np.array([plan])).F[0].tolist()  # type: ignore[no-any-return]


def test_by_hand() -> None:
    """5,400 requests, 1,800 of them there: base 0.5 s here (0.19 + 0.01 + 0.3), 0.8 s there, where
    one in a hundred meets the node while it loads, 36 s of the second hour."""
    chance = 0.5 ** (sqrt(6) - 1)
    wait = 0.3 / (2 * 0.5)
    names = [
        "requests[datacenter=there]",
        "requests[jurisdiction=land of here]",
        "requests[pool=there pool,variant=model]",
        "answer_loss[class=chat]",
        "ttft[origin=town]",
        "late[after=0.7]",
        "late[after=0.4,class=chat]",
        "slo_violation[class=chat]",
        "energy[datacenter=there]",
    ]
    found = dict(zip(names, values_of(names, HERE_THERE), strict=True))
    # 1,800 s of work in a node's hour: 1 kW + 600 J * 1,800 / 3.6e6; the other nodes stand by.
    busy = 1.0 + 0.3
    expected = {
        "requests[datacenter=there]": 1 / 3,
        "requests[jurisdiction=land of here]": 2 / 3,
        "requests[pool=there pool,variant=model]": 1 / 3,
        "answer_loss[class=chat]": 0.2,
        "ttft[origin=town]": 0.6 + (2 + 0.99) / 3 * chance * wait + 0.01 / 3 * 18,
        "late[after=0.7]": (2 * chance * exp(-0.2 / wait) + 1) / 3,
        "late[after=0.4,class=chat]": 1.0,
        "slo_violation[class=chat]": (
            chance * (2 * exp(-1.5 / wait) + 0.99 * exp(-1.2 / wait)) + 0.01 * (1 - 1.2 / 36)
        )
        / 3,
        "energy[datacenter=there]": 0.2 + busy + 0.1,
    }
    assert found == pytest.approx(expected, rel=1e-9)


def test_by_hand_while_loading() -> None:
    """A second node loads 36 s in the second hour here: 1/2 * 36/3600 of its requests meet it."""
    names = ["late[after=9.5]", "ttft[class=chat]"]
    late, ttft = values_of(names, [0, 0, 0])
    share, half = 0.005, 36 / 2
    # Slack 9 s of 36: three quarters of those that meet it are late, of the second hour's 2/3.
    assert late == pytest.approx(2 / 3 * share * 0.75, rel=1e-6)
    assert ttft > 0.5 + 2 / 3 * share * half


def test_by_hand_a_share_of_energy() -> None:
    """What is there beyond a share of the total: 0 at that share, whatever the unit."""
    names = ["energy", "energy[datacenter=there]"]
    total, there = values_of(names, HERE_THERE)
    share = there / total
    exactly, less = values_of(
        [f"energy[datacenter=there,share={s}]" for s in (share, 0.5 * share)], HERE_THERE
    )
    assert exactly == pytest.approx(share, rel=1e-12)
    assert less > 0.5 * share


@settings(max_examples=100)
@given(cases(plans=3), st.integers(0, 2**32 - 1))
def test_kernel_and_ledger_agree_with_the_twin(case: Case, seed: int) -> None:
    names = restricted_names(case.scenario, np.random.default_rng(seed))
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(names))
    twin = Twin(
        case.scenario,
        placements=placements(case.scenario),
        chunks=case.problem.group_chunks.tolist(),
    )
    assert len(twin.placements) == case.problem.placements <= len(list(pairs(case.scenario)))
    found = evaluator.evaluate(case.plans).F
    for plan, values in zip(case.plans, found, strict=True):
        for name, part, value in zip(names, evaluator.linear_parts, values.tolist(), strict=True):
            assert part is not None
            expected = twin_value(twin, plan.tolist(), name)
            if "share=" in name:
                whole = find(["energy"])[0].linear_part(case.problem, case.scenario)
                assert whole is not None
                expected = 0.3 + expected / _typical(whole, case.problem)
            assert value == pytest.approx(expected, rel=1e-8, abs=1e-9)
            ledger = from_ledger(part, evaluator.ledger(plan)).sum()
            assert value == pytest.approx(ledger, rel=1e-8, abs=1e-9)


@settings(max_examples=200)
@given(cases(plans=4, largest_epochs=3), st.integers(0, 2**32 - 1))
def test_no_plan_is_below_the_relaxation(case: Case, seed: int) -> None:
    names = restricted_names(case.scenario, np.random.default_rng(seed))
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(names))
    found = evaluator.evaluate(case.plans)
    values = found.F[found.G == 0]
    if not len(values):
        return
    relaxation = Relaxation.of(evaluator)
    assert not relaxation.left_out
    for m, relaxed in enumerate(relaxation.minimize_many(np.eye(len(names)))):
        assert relaxed.bound <= values[:, m].min() + 1e-9 * max(1.0, np.abs(values[:, m]).max())


def test_the_whole_has_the_bits_it_has_alone() -> None:
    """A part beside it changes nothing, nor does the order of a group's chunks."""
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    plans = problem.options[problem.gene_row, 0][None, :].repeat(2, axis=0)
    both = ["ttft", "answer_loss", "carbon"]
    alone = Evaluator(problem, scenario, objectives=find(both)).evaluate(plans).F
    parts = find([*both, "ttft[class=code]", "late[after=0.3,class=chat]"])
    beside = Evaluator(problem, scenario, objectives=parts).evaluate(plans).F
    assert beside[:, :3].tobytes() == alone.tobytes()


def test_the_order_of_chunks_does_not_matter() -> None:
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    rng = np.random.default_rng(1)
    rows = problem.gene_row
    plan = problem.options[rows, rng.integers(0, problem.option_count[rows])]
    other = plan.copy()
    for first, last in zip(problem.group_first, problem.group_first[1:], strict=False):
        other[first:last] = rng.permutation(other[first:last])
    names = ["quality[class=code]", "late[after=0.3]", "requests[datacenter=sunny]"]
    found = Evaluator(problem, scenario, objectives=find(names)).evaluate(np.array([plan, other]))
    assert found.F[0].tobytes() == found.F[1].tobytes()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("quality[class=caht]", r"class 'caht', expected one of chat \(did you mean 'chat'\?\)"),
        ("ttft[origin=twon]", r"origin 'twon', expected one of town \(did you mean 'town'\?\)"),
        ("requests[datacenter=her]", r"expected one of here, there \(did you mean 'here'\?\)"),
        ("requests[jurisdiction=EU]", "jurisdiction 'EU', expected one of land of here, land of"),
        ("requests[pool=x]", "pool 'x', expected one of here pool, there pool"),
    ],
)
def test_names_that_a_scenario_does_not_have_are_said(name: str, message: str) -> None:
    with pytest.raises(SlitError, match=message):
        values_of([name], HERE_THERE)


def test_a_class_without_requests_is_said() -> None:
    scenario = hand_scenario()
    demand = replace(scenario.demand, requests=np.array([[[1800.0, 0]], [[3600.0, 0]]]))
    demand = replace(demand, prompt=np.full((2, 1, 2), 200.0), output=np.full((2, 1, 2), 800.0))
    classes = (*scenario.classes, scenario.classes[0].model_copy(update={"name": "code"}))
    variants = tuple(
        v.model_copy(update={"quality": {"chat": 0.8, "code": 0.5}}) for v in scenario.variants
    )
    two = replace(scenario, demand=demand, classes=classes, variants=variants)
    with pytest.raises(SlitError, match=r"quality\[class=code\]: no requests, expected some of"):
        Evaluator(compile_problem(two), two, objectives=find(["quality[class=code]"]))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("carbon[class=chat]", "carbon by class, expected one of jurisdiction, datacenter"),
        ("ttft[datacenter=here]", "ttft by datacenter, expected one of class, origin"),
        ("reroute[class=chat]", "reroute by class, expected no brackets"),
        ("carbon_equity[datacenter=here]", "by datacenter, expected no brackets"),
        ("quality[after=1]", "quality by after, expected one of class, origin"),
        ("cost[datacenter=here,share=0.5]", "cost by share, expected one of"),
        ("late", r"late, expected late\[after=SECONDS\]"),
        ("late[class=chat]", r"late, expected late\[after=SECONDS\]"),
        ("requests", r"requests, expected a place, as requests\[datacenter=NAME\]"),
        ("requests[class=chat]", "requests, expected a place"),
        ("requests[datacenter=*]", r"\*, expected a name \(only limits are made for each\)"),
        ("quality[clas=chat]", r"'clas' in brackets, expected one of after, class, origin, .*mean"),
        ("quality[class]", "'class', expected class=NAME"),
        ("quality[]", "'' in brackets, expected one of"),
        ("quality[class=a,class=b]", "class twice, expected it once"),
        ("late[after=soon]", "after=soon, expected seconds to the first token"),
        ("late[after=-1]", "after=-1, expected seconds"),
        ("late[after=nan]", "after=nan, expected seconds"),
        ("quality]class=a[", "expected brackets as in"),
        ("qualty[class=chat]", "'qualty', expected one of carbon, .*did you mean 'quality'"),
    ],
)
def test_selectors_that_say_nothing_are_refused(name: str, message: str) -> None:
    with pytest.raises(SlitError, match=message) as caught:
        find([name])
    assert str(caught.value).startswith("objective: ")


def test_objectives_of_a_plug_in_have_parts_where_they_are_sums_over_places() -> None:
    with set_apart():

        @linear_objective(name="bought", unit="kWh", title="Bought")
        def bought(problem: object, scenario: object) -> Coefficients:
            return Coefficients(grid=np.ones((2, 2)))

        @linear_objective(name="waited", unit="s", title="Waited")
        def waited(problem: object, scenario: object) -> Coefficients:
            return Coefficients(wait=1.0)

        register(bought)
        register(waited)
        register(ledger_objective(name="peak", unit="nodes", title="Peak")(lambda ledger: 1.0))
        whole, there = values_of(["bought", "bought[datacenter=there]"], HERE_THERE)
        assert 0 < there < whole
        with pytest.raises(SlitError, match=r"waited is no sum over places"):
            values_of(["waited[datacenter=here]"], HERE_THERE)
        with pytest.raises(SlitError, match="peak by datacenter, expected no brackets"):
            find(["peak[datacenter=here]"])


def test_the_order_of_keys_and_spaces_do_not_matter() -> None:
    [one] = find(["late[ class = chat , after = 0.50s ]"])
    assert one.name == "late[after=0.5,class=chat]"
    assert one.title == "Requests later than 0.5 s: class chat"
    assert find([one]) == (one,)
