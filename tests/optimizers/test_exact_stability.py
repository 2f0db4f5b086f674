"""Bound <= exact <= every plan, with all limits and stability terms at once."""

from dataclasses import dataclass

import numpy as np

from operators.dominance import nondominated
from slit.arrays import frozen
from slit.certificates.bounds import certify
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.builtin import BUILT_IN
from slit.objectives.limits import Limit
from slit.optimizers.exact.front import EfficientPlans, ExactProgram
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import minimize_capped
from tests.cases import Case, make_case
from tests.optimizers.test_exact import all_plans

SEEDS = (304, 305, 321, 324, 327, 390, 395, 406, 410, 494, 497, 585)
"""Instances that take less than a second and in which minimum times bind."""
CHANGES = ("reroute", "starts", "switches", "ramp")


def stable_case(seed: int, rng: np.random.Generator) -> Case:
    """Two to four epochs with warm nodes, minimum times, costs of starts and today's routing."""
    return make_case(
        seed,
        epochs=int(rng.integers(2, 5)),
        origins=1,
        classes=int(rng.integers(1, 3)),
        datacenters=int(rng.integers(1, 3)),
        pools_per_datacenter=1,
        variants=int(rng.integers(1, 3)),
        genes=int(rng.integers(4, 11)),
        loading=str(rng.choice(["on_demand", "prewarm"])),
        begins=str(rng.choice(["free", "given", "cyclic"])),
        nodes_per_group=float(rng.choice([0.4, 1.0, 2.0])),
        spare_nodes=int(rng.integers(2, 7)),
        warm=bool(rng.random() < 0.5),
        move_cost=bool(rng.random() < 0.7),
        today=bool(rng.random() < 0.5),
        times=True,
    )


@dataclass(frozen=True)
class Compared:
    """What came of an instance: whether minimum times up change values of a plan, and minimum times
    down refuse one that has room otherwise."""

    why_not: str = ""
    up_binds: bool = False
    down_binds: bool = False


def compare(seed: int) -> Compared:
    """Compare bounds, exact front and all plans of a random instance with random limits."""
    rng = np.random.default_rng(seed)
    case = stable_case(seed, rng)
    plans = all_plans(case.problem, most=3000)
    if plans is None:
        return Compared("too many plans")
    changes = [str(name) for name in rng.permutation(CHANGES)]
    others = [o.name for o in BUILT_IN if o.name not in CHANGES]
    drawn = [str(name) for name in rng.permutation(others)]
    objectives = find([drawn[0], changes[0]])
    limited = find([*changes[1 : int(rng.integers(2, 5))], *drawn[1 : int(rng.integers(1, 4))]])
    measured = Evaluator(case.problem, case.scenario, objectives=[*objectives, *limited])
    found = measured.evaluate(plans)
    attained = found.F[found.G == 0][:, 2:]
    if len(attained) < 2:
        return Compared("no plan")
    most = attained[rng.integers(len(attained), size=2)].max(axis=0)
    limits = [Limit(o, float(value)) for o, value in zip(limited, most, strict=True)]
    judge = Evaluator(case.problem, case.scenario, objectives=objectives, limits=limits)
    judged = judge.evaluate(plans)
    values = judged.F[judged.G == 0]
    assert len(values)
    if len(values[nondominated(values)]) > 12:
        return Compared("large front")
    search = EfficientPlans(ExactProgram(judge), resolution=1e-4)
    exact = np.array([plan.objectives for plan in search])
    covered = (exact[None, :, :] <= values[:, None, :] + 1.01 * search.resolution).all(axis=2)
    assert covered.any(axis=1).all()
    attainable = np.isclose(exact[:, None, :], values[None, :, :], rtol=1e-12, atol=0).all(axis=2)
    assert attainable.any(axis=1).all()
    relaxation = Relaxation.of(judge, measured=True)
    bounded = [o.name in relaxation.names for o in judge.measured]
    caps = np.concatenate([np.full(2, np.inf), [limit.most for limit in limits]])[bounded]
    for m in np.flatnonzero(bounded[:2]):
        size = max(1.0, float(np.abs(values[:, m]).max()))
        at = int(np.sum(bounded[:m]))
        bound = minimize_capped(relaxation, np.eye(len(caps))[at], caps).bound
        assert bound <= exact[:, m].min() + 1e-9 * size
    certificate = certify(Relaxation.of(judge), rng=rng, weights=6, refined=0)
    share = certificate.share(exact[:, bounded[:2]])
    assert np.isnan(share) or share <= 1
    none = frozen(np.zeros(case.problem.placements), np.int64)
    up = case.problem._replace(min_up=none)
    down = case.problem._replace(min_down=none)
    return Compared(
        up_binds=bool((measured.apart(up).evaluate(plans).F != found.F).any()),
        down_binds=bool((measured.apart(down).evaluate(plans).G[found.G > 0] == 0).any()),
    )


def test_bound_exact_and_plans_are_in_order_under_all_stability_terms() -> None:
    found = [compare(seed) for seed in SEEDS]
    assert not [one.why_not for one in found if one.why_not]
    assert sum(one.up_binds for one in found) > 2
    assert sum(one.down_binds for one in found) > 2
