"""The same plans under several carbon accounts, and what each account would pick."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from operators.types import Floats, Genes
from slit.display import NOTHING, number, percent, share
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front, change_percent
from slit.objectives import find
from slit.objectives.builtin import carbon
from slit.problem import Problem, compile_problem
from slit.record import Run
from slit.report.marks import marks_of
from slit.report.markup import Html, joined, table, tag
from slit.report.picks import default_reference
from slit.scenario.account import Account
from slit.scenario.accounts import account_names, has_accounts, under
from slit.scenario.scenario import Scenario
from slit.scenario.store import scenario_hash

KINDS = ("carbon", "balance")
"""What is picked of a front: the plan of least carbon, and the balanced one."""
LEAST = 0.05
"""Per cent that a change is at least, to have a sign."""
ACCOUNT_COLUMNS = ("Account", "What it counts", "Estimated", "Counted as base", "Contracts")
CHOICE_COLUMNS = (
    "Searched under", "Pick", "Chosen by", "Plan", "Carbon (kg CO2e)", "Carbon of the own pick",
    "Change", "Requests served otherwise",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """A front, the scenario under whose account it was searched, and what the search is called."""

    scenario: Scenario
    front: Front
    search: str

    @property
    def account(self) -> str:
        """The account that counted."""
        return self.scenario.accounting.account


@dataclass(frozen=True, slots=True, eq=False)
class AccountRow:
    """A named plan under A accounts: carbon (A,) in kg CO2e, and its change (A,) in per cent
    against the reference plan under the same account; None where that means nothing."""

    searched: str
    name: str
    plan: int
    carbon: Floats
    change: tuple[float | None, ...]

    @property
    def contradicts(self) -> bool:
        """Whether it saves carbon under one account and emits more under another."""
        known = [change for change in self.change if change is not None]
        return min(known, default=0.0) < -LEAST and max(known, default=0.0) > LEAST


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """What an account would pick of a front that was searched under another.

    kind: of KINDS. plan, carbon: number and carbon of the plan that `account` picks; own_plan,
    own_carbon: of the pick by the account that the search counted, both judged under `account`.
    moved: share of the requests that the two serve elsewhere or by another variant.
    """

    searched: str
    kind: str
    account: str
    plan: int
    carbon: float
    own_plan: int
    own_carbon: float
    moved: float


@dataclass(frozen=True, slots=True, eq=False)
class AccountsData:
    """Rows are grouped by what was searched. reference: the plan that changes refer to, or None.
    unjudged: objectives that nothing here can measure again, which keep their values."""

    accounts: tuple[Account, ...]  # (A,)
    rows: tuple[AccountRow, ...]
    choices: tuple[AccountChoice, ...]
    reference: str | None
    unjudged: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the accounts."""
        return tuple(account.name for account in self.accounts)


def accounts_of(run: Run) -> AccountsData | None:
    """The plans of a run under the accounts of its scenario; None where it states none, or those
    of other epochs and sites than it plans."""
    if not has_accounts(run.scenario) or not len(run.front):
        return None
    return accounts_data([Searched(run.scenario, run.front, run.manifest.optimizer)])


def accounts_data(searched: Sequence[Searched], *, reference: str | None = None) -> AccountsData:
    """Named plans under every account, and what each account would pick.

    Args:
        searched: fronts of one scenario, each searched under one of its accounts.
        reference: the plan that changes refer to; by default that of the picks.

    Raises:
        SlitError: the scenario states no account, the fronts are of different scenarios, there is
            no such plan.
    """
    first = searched[0].scenario
    if not first.accounts:
        raise SlitError(
            f"accounts: {first.name} states none, expected [accounts.NAME] in the scenario file"
        )
    _refuse_other_scenarios(searched)
    names = account_names(first)
    rows, choices, unjudged = [], [], dict[str, None]()
    for each in searched:
        judged = [_judged(each, name) for name in names]
        unjudged |= dict.fromkeys(name for one in judged for name in one.unjudged)
        rows += _rows(each, np.array([one.carbon for one in judged]), reference)
        choices += _choices(each, names, judged)
    marks = marks_of(searched[0].front, search=searched[0].search)
    return AccountsData(
        accounts=first.accounts,
        rows=tuple(rows),
        choices=tuple(choices),
        reference=reference or default_reference(marks),
        unjudged=tuple(unjudged),
    )


def _refuse_other_scenarios(searched: Sequence[Searched]) -> None:
    base = account_names(searched[0].scenario)[0]
    hashes = [scenario_hash(under(each.scenario, base)) for each in searched]
    for each, found in zip(searched, hashes, strict=True):
        if found != hashes[0]:
            raise SlitError(
                f"accounts: {each.scenario.name} {found[:12]} beside {hashes[0][:12]}, expected "
                "runs of one scenario that differ in the account alone"
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """A front under an account, and the carbon (N,) of its plans there."""

    front: Front
    carbon: Floats
    unjudged: tuple[str, ...]


def judged_front(scenario: Scenario, front: Front, account: str) -> tuple[Front, Scenario, Problem]:
    """A front of a scenario with the objectives that its plans have under another account; its
    violation stays what the search was held to. Objectives of plug-ins that are not loaded keep
    their values.

    Raises SlitError for an unknown account.
    """
    other = under(scenario, account)
    problem = compile_problem(other)
    names, _ = _measurable(front)
    evaluator = Evaluator(problem, other, objectives=find(names))
    F = front.F.copy()
    F[:, [front.names.index(name) for name in names]] = evaluator.evaluate(front.X).F
    return replace(front, F=F), other, problem


def _measurable(front: Front) -> tuple[list[str], tuple[str, ...]]:
    """Objectives of a front that are known here, and the others."""
    known = []
    for name in front.names:
        try:
            find([name])
        except SlitError:
            continue
        known.append(name)
    return known, tuple(name for name in front.names if name not in known)


def _judged(each: Searched, account: str) -> _Judged:
    front, scenario, problem = each.front, each.scenario, None
    if account != each.account:
        front, scenario, problem = judged_front(each.scenario, each.front, account)
    _, unjudged = _measurable(front)
    if carbon.name in front.names:
        return _Judged(front, front.F[:, front.names.index(carbon.name)], unjudged)
    evaluator = Evaluator(problem or compile_problem(scenario), scenario, objectives=[carbon])
    return _Judged(front, evaluator.evaluate(front.X).F[:, 0], unjudged)


def _rows(each: Searched, judged: Floats, reference: str | None) -> list[AccountRow]:
    """judged (A, N): carbon by account and row of the front."""
    marks = marks_of(each.front, search=each.search)
    chosen = reference or default_reference(marks)
    rows = {mark.name: mark.row for mark in marks}
    if reference is not None and reference not in rows:
        raise SlitError(f"against: {reference!r}, expected one of {', '.join(rows)}")
    base = None if chosen is None else judged[:, rows[chosen]]
    return [
        AccountRow(
            searched=each.account,
            name=mark.name,
            plan=mark.plan,
            carbon=judged[:, mark.row],
            change=(None,) * len(judged)
            if base is None
            else tuple(change_percent(judged[:, mark.row], base)),
        )
        for mark in marks
    ]


def _choices(
    each: Searched, names: Sequence[str], judged: Sequence[_Judged]
) -> list[AccountChoice]:
    own = _picks(each.front)
    problem = compile_problem(each.scenario)
    found = []
    for account, one in zip(names, judged, strict=True):
        if account == each.account:
            continue
        for kind, row in _picks(one.front).items():
            found.append(
                AccountChoice(
                    searched=each.account,
                    kind=kind,
                    account=account,
                    plan=int(one.front.plans[row]),
                    carbon=float(one.carbon[row]),
                    own_plan=int(each.front.plans[own[kind]]),
                    own_carbon=float(one.carbon[own[kind]]),
                    moved=_moved(problem, each.front.X[[own[kind], row]]),
                )
            )
    return found


def _picks(front: Front) -> dict[str, int]:
    """The rows that a front offers, by kind, as found: not made steady."""
    least = {KINDS[0]: front.extremes()[carbon.name]} if carbon.name in front.names else {}
    return least | {KINDS[1]: front.compromise()}


def _moved(problem: Problem, plans: Genes) -> float:
    """Share of the requests that two plans (2, G) serve at different placements."""
    group = problem.gene_group
    shape = len(problem.chunk_requests), int(problem.placement_pool.shape[0])
    served = np.zeros((2, *shape))
    for plan, counts in zip(plans, served, strict=True):
        np.add.at(counts, (group, plan), problem.chunk_requests[group])
    total = served[0].sum()
    return float(0.5 * np.abs(served[0] - served[1]).sum() / total) if total else 0.0


def account_rows(accounts: Sequence[Account]) -> list[list[str]]:
    """What each account counts, which share of it is estimated, where it counts as the base does,
    and where contracts cover how much."""
    return [
        [
            account.name,
            account.description or NOTHING,
            "not stated" if account.estimated is None else share(account.estimated),
            ", ".join(account.borrowed) or NOTHING,
            ", ".join(
                f"{site.datacenter} {share(site.covered)}" for site in account.sites if site.covered
            )
            or NOTHING,
        ]
        for account in accounts
    ]


def choice_rows(data: AccountsData) -> list[list[str]]:
    """What each account would pick, in the order of CHOICE_COLUMNS."""
    return [
        [
            each.searched,
            each.kind,
            each.account,
            str(each.plan),
            number(each.carbon),
            number(each.own_carbon),
            percent(change_percent(np.array([each.carbon]), np.array([each.own_carbon]))[0]),
            share(each.moved),
        ]
        for each in data.choices
    ]


def describe_contradictions(data: AccountsData) -> str:
    """Which plans save under one account and emit more under another, in one sentence."""
    if data.reference is None:
        return ""
    found = [row for row in data.rows if row.contradicts]
    if not found:
        return (
            f"No plan saves carbon against {data.reference} under one account and emits more under "
            "another."
        )
    several = len({row.searched for row in data.rows}) > 1
    named = ", ".join(f"{row.name}{f' (searched under {row.searched})' * several}" for row in found)
    return (
        f"Against {data.reference} carbon falls under one account and rises under another: {named}."
    )


def accounts_section(data: AccountsData) -> Html:
    """The accounts of a report: what they count, named plans under each, what each would pick."""
    columns = ["Plan", *(f"Carbon by {name} (kg CO2e)" for name in data.names)]
    rows = [
        [
            joined([row.name, tag("span", f"plan {row.plan}", class_="below")]),
            *(
                joined([number(float(kg)), tag("span", percent(change), class_="below")])
                for kg, change in zip(row.carbon, row.change, strict=True)
            ),
        ]
        for row in data.rows
    ]
    against = f", and the change against {data.reference}" if data.reference else ""
    left = ""
    if data.unjudged:
        left = f" Not measured again: {', '.join(data.unjudged)}."
    return tag(
        "section",
        tag("h2", "Carbon accounts"),
        tag(
            "p",
            f"The plans were searched under {data.rows[0].searched}. The same energy counts "
            f"differently by other accounts. {describe_contradictions(data)}{left}",
        ),
        table("What each account counts", ACCOUNT_COLUMNS, account_rows(data.accounts)),
        table(
            f"Carbon of the plans with a name by account{against} under the same account",
            columns,
            rows,
            numeric=frozenset(range(1, len(columns))),
        ),
        table(
            "What each account would pick of this front, judged under it",
            CHOICE_COLUMNS,
            choice_rows(data),
            numeric=frozenset(range(3, len(CHOICE_COLUMNS))),
        ),
        id="accounts",
    )
