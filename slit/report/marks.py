"""Plans that figures mark: extremes and balance of the search, references, baselines, rivals."""

from dataclasses import dataclass
from enum import StrEnum

from slit.display import called
from slit.errors import SlitError
from slit.front import Front
from slit.objectives import available
from slit.optimizers.registry import OptimizerKind
from slit.optimizers.registry import find as find_optimizer
from slit.report.plan_styles import BALANCE, PlanStyle, style_of_extreme, style_of_method


class Role(StrEnum):
    """Why a plan is marked."""

    EXTREME = "extreme"
    BALANCE = "balance"
    REFERENCE = "reference"
    BASELINE = "baseline"
    RIVAL = "rival"


@dataclass(frozen=True, slots=True)
class Axis:
    """An objective as figures call it."""

    name: str
    title: str
    unit: str

    @property
    def full(self) -> str:
        """The title with the unit."""
        return f"{self.title} ({self.unit})"

    @property
    def called(self) -> str:
        """The name, where there is no room for the title."""
        return called(self.name)


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked plan: its row of the front, its number in the run, what it is called, how drawn."""

    name: str
    row: int
    plan: int
    method: str
    role: Role
    style: PlanStyle

    @property
    def steady_balance(self) -> bool:
        """Whether it is a steady plan that stands for the balanced one (`slit.steady`): its method
        is the name of the pick."""
        return self.role is Role.BALANCE and self.method in self.name.split(" (")[0].split(" = ")


def axes_of(front: Front) -> tuple[Axis, ...]:
    """The objectives of a front, called as they are here, else as the front says, else by name."""
    stated = dict(zip(front.names, front.titles, strict=False))
    titles = stated | {objective.name: objective.title for objective in available()}
    # What some hold differs from scenario to scenario.
    titles |= {o.name: stated[o.name] for o in available() if o.retitled and o.name in stated}
    return tuple(
        Axis(name, titles.get(name, name), unit)
        for name, unit in zip(front.names, front.units, strict=True)
    )


def marks_of(front: Front, *, search: str) -> tuple[Mark, ...]:
    """The picks of a front whose search is called `search`, each with its role."""
    marks = []
    for pick in front.picks(prefix=search):
        role = _role(pick.name, search)
        at = pick.row, int(front.plans[pick.row]), front.methods[pick.row]
        marks.append(Mark(pick.name, *at, role, _style(pick.name, role, search)))
    return tuple(marks)


def _style(name: str, role: Role, search: str) -> PlanStyle:
    if role is Role.BALANCE:
        return BALANCE
    if role is Role.EXTREME:
        return style_of_extreme(name.removeprefix(f"{search}-"))
    return style_of_method(name)


def _role(name: str, search: str) -> Role:
    if name == f"{search}-balance":
        return Role.BALANCE
    if name.startswith(f"{search}-"):
        return Role.EXTREME
    try:
        kind = find_optimizer(name).kind
    except SlitError:
        return Role.BASELINE
    roles = {OptimizerKind.REFERENCE: Role.REFERENCE, OptimizerKind.RIVAL: Role.RIVAL}
    return roles.get(kind, Role.BASELINE)
