"""A cell-day solved exactly, and what rules come to on the same requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats
from slit.errors import SlitError, did_you_mean
from slit.papers.aolo.chain import coefficients, refuse_impossible
from slit.papers.aolo.policies import POLICIES, Decisions, decide
from slit.papers.aolo.requests import CellDay, Requests, draw_requests

OPTIMUM = "optimum"


@dataclass(frozen=True, slots=True, eq=False)
class SolvedDay:
    """The requests of a day, what each costs, and what each policy decides, the optimum first."""

    day: CellDay
    requests: Requests
    C: Floats  # (S, 18), columns as in `kernels`
    decisions: Mapping[str, Decisions]

    def figures(self, policy: str, *, of: Bools | None = None) -> dict[str, float]:
        """What a policy comes to, on all requests or those of a mask (S,).

        `gap` is carbon over the optimum's less 1, on the requests that both keep within deadline
        and floor: a rule that fails where it is hard does not look better for it. Means are over
        the requests that are served; figures of none are left out.
        """
        own = np.ones(len(self.C), np.bool_) if of is None else of
        mine, best = self.decisions[policy], self.decisions[OPTIMUM]
        found = {"requests": float(own.sum())}
        served, both = own & (mine.tokens > 0), own & mine.kept & best.kept
        if own.any():
            found["kept_share"] = float(mine.kept[own].mean())
        if both.any():
            found["gap"] = float(mine.carbon_kg[both].sum() / best.carbon_kg[both].sum() - 1)
        if served.any():
            carbon = float(mine.carbon_kg[served].sum())
            found |= {
                "carbon_g": 1000 * carbon / int(served.sum()),
                "link_share": float(mine.link_kg[served].sum()) / carbon,
                "quality": float(mine.quality[served].mean()),
                "seconds": float(mine.seconds[served].mean()),
                "tokens": float(mine.tokens[served].mean()),
                "power_w": float(mine.power[served].mean()),
            }
        return found

    def groups(self, policy: str) -> dict[str, dict[str, float]]:
        """The same by group of users."""
        users = self.day.file.users
        return {
            user.name: self.figures(policy, of=self.requests.group == n)
            for n, user in enumerate(users)
        }


def solve_day(
    day: CellDay, *, rng: np.random.Generator, policies: Sequence[str] = tuple(POLICIES)
) -> SolvedDay:
    """Draw the requests of a day, and decide each by the optimum and by rules.

    Raises:
        SlitError: an unknown policy, a day without requests, or a group that nothing can serve.
    """
    for name in policies:
        if name not in POLICIES:
            raise SlitError(
                f"policy: {name!r}, expected one of {', '.join(POLICIES)}"
                f"{did_you_mean(name, list(POLICIES))}"
            )
    refuse_impossible(day)
    drawn, chance = rng.spawn(2)
    requests = draw_requests(day, drawn)
    if not len(requests):
        raise SlitError(f"{day.file.name}: no requests, expected at least one (requests of users)")
    C = coefficients(day, requests)
    names = dict.fromkeys((OPTIMUM, *policies))
    return SolvedDay(day, requests, C, {name: decide(C, POLICIES[name], chance) for name in names})
