"""A scenario as an instance of the letter: by hand on `tiny`, and against the relaxation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import slit
from slit.errors import SlitError
from slit.objectives import find
from slit.papers.green_llm.conversion import Conversion, Provenance, convert
from slit.papers.green_llm.outcome import request_latency
from slit.papers.green_llm.solve import solve_lexicographic
from slit.relaxation import Relaxation
from slit.scenario.pools import NodePool
from slit.scenario.records import Residency
from slit.scenario.scenario import Scenario


def changed(scenario: Scenario, kind: str, **values: Any) -> tuple[Any, ...]:
    return tuple(record.model_copy(update=values) for record in getattr(scenario, kind))


@pytest.fixture(scope="module")
def tiny() -> Scenario:
    return slit.load_scenario("tiny")


def note(found: Conversion, symbol: str) -> tuple[Provenance, str]:
    (mapped,) = [each for each in found.mapped if each.symbol == symbol]
    return mapped.source, mapped.note


def test_tiny_by_hand(tiny: Scenario) -> None:
    found = convert(tiny, variants={"chat": "small", "code": "large"})
    instance = found.instance
    assert instance.sizes == {"I": 2, "J": 2, "K": 2, "T": 2, "R": 1}
    assert instance.names["J"] == ("sunny-h100", "windy-h100")
    assert instance.names["T"][1] == "2023-06-21 12:15 UTC"
    np.testing.assert_array_equal(instance.demand[0, 0], [5600, 7400])  # east, chat
    assert (instance.tokens_in[0], instance.tokens_out[0]) == (900, 240)
    # small: 4 replicas of 32 requests, a step of 0.008 + 32 * 0.00013 s, 2600 W idle of which
    # 100 W are standby, at 80 % utilization.
    decode = 4 * 32 / (0.008 + 32 * 1.3e-4)
    waiting = (2600 - 100) / 0.8
    assert instance.energy_in[0] == pytest.approx((5100 - 2600 + waiting) / 100_000 / 3.6e6)
    assert instance.energy_out[0] == pytest.approx((3800 - 2600 + waiting) / decode / 3.6e6)
    seconds = 900 / 100_000 + 240 / decode
    assert instance.resource_use[0, 0] * (900 + 240) == pytest.approx(seconds)
    np.testing.assert_allclose(instance.capacity, [[3 * 0.8 * 900, 2 * 0.8 * 900]])
    np.testing.assert_allclose(instance.pue, [1.2, 1.1])
    np.testing.assert_allclose(instance.wue, [[1.7, 1.7], [0.3, 0.3]])
    assert instance.price.tolist() == [[0.060, 0.045], [0.035, 0.0]]
    np.testing.assert_allclose(instance.renewable, [[2.0 / 4, 30.0 / 4], [0.0, 0.0]])  # kWh
    # One request alone: prefill, then 240 steps of the batch.
    alone = 0.01 + 900 * 3e-5 + 240 * (0.008 + 32 * 1.3e-4)
    network = tiny.round_trip_s[0, 0] + 0.010
    transfer = 0.004 * 1140 * 8 / 2_650_000
    assert request_latency(instance)[0, 0, 0, 0] == pytest.approx(alone + network + transfer)


def test_what_has_no_counterpart_is_said(tiny: Scenario) -> None:
    found = convert(tiny)
    assert [each.symbol for each in found.mapped][:3] == ["lambda", "h", "f"]
    filled = [each.symbol for each in found.mapped if each.source is Provenance.FILLED]
    assert filled == ["delta", "P_max", "beta", "B", "Delta", "rho", "Z"]
    assert "1 negative ones are 0 here" in note(found, "c")[1]
    assert note(found, "PUE") == (Provenance.TAKEN, "of the datacenter")
    # Standby: 100 W a node, 3 nodes at PUE 1.2 and 2 at 1.1, for half an hour.
    assert any("0.29 kWh of the sites" in each for each in found.lost)
    assert not any("residency" in each for each in found.lost)
    ruled = replace(
        tiny,
        residency=(Residency(origins=("east",), datacenters=("sunny",)),),
        accounting=tiny.accounting.model_copy(
            update={"rental": True, "egress_kb_per_token": 0.006}
        ),
    )
    other = convert(ruled)
    assert "residency rules (1): any area may send anywhere" in other.lost
    assert "rental" in other.lost
    assert note(other, "beta") == (Provenance.TAKEN, "egress of a token")
    assert (other.instance.token_size == 0.006).all()


def test_filled_in_limits_never_bind(tiny: Scenario) -> None:
    instance = convert(tiny).instance
    for order in (["energy"], ["carbon"], ["delay"]):
        outcome = solve_lexicographic(instance, order).outcome
        assert outcome.water_l < 0.1 * instance.water_cap
        assert outcome.grid_kwh < 0.1 * instance.grid_limit.sum()


def test_the_letter_and_the_relaxation_agree_where_both_say_the_same(tiny: Scenario) -> None:
    """One variant, no standby power, no negative price, no renewables: the same program twice."""
    signals = replace(
        tiny.signals,
        price=np.abs(tiny.signals.price),
        renewable=np.zeros_like(tiny.signals.renewable),
    )
    plain = replace(
        tiny,
        variants=tiny.variants[:1],
        services=tiny.services[:1],
        node_types=changed(tiny, "node_types", standby_w=0.0),
        pools=changed(tiny, "pools", initial_nodes={}),
        signals=signals,
    )
    instance = convert(plain).instance
    relaxation = Relaxation(
        slit.compile_problem(plain), plain, find(["cost", "carbon", "water", "energy"])
    )
    least = relaxation.minimize([1.0, 0.0, 0.0, 0.0])
    cheap = solve_lexicographic(instance, ["energy"]).outcome
    assert cheap.energy_cost == pytest.approx(least.value, rel=1e-6)
    clean = solve_lexicographic(instance, ["carbon"]).outcome
    assert clean.carbon_kg == pytest.approx(
        relaxation.minimize([0.0, 1.0, 0.0, 0.0]).value, rel=1e-6
    )
    # At the same point (both capped at the least cost) water and energy agree too.
    point = relaxation.lexicographic([0, 1, 2, 3])
    assert cheap.water_l == pytest.approx(point.objectives[2], rel=1e-5)
    assert cheap.facility_kwh == pytest.approx(point.objectives[3], rel=1e-5)


def test_unlike_nodes_enter_by_pue_and_resources(tiny: Scenario) -> None:
    """A second pool at `sunny` of nodes that need twice the power and serve only `small`."""
    hungry = tiny.node_types[0].model_copy(
        update={"name": "old", "idle_w": 5200, "prefill_w": 10200, "decode_w": 7600,
                "standby_w": 200}
    )  # fmt: skip
    mixed = replace(
        tiny,
        node_types=(*tiny.node_types, hungry),
        pools=(*tiny.pools, NodePool(name="sunny-old", datacenter="sunny", node_type="old",
                                     nodes=1)),
        services=(*tiny.services, tiny.services[0].model_copy(update={"node_type": "old"})),
    )  # fmt: skip
    found = convert(mixed, variants={"chat": "small", "code": "small"})
    instance = found.instance
    assert instance.names["R"] == ("h100x4", "old")
    np.testing.assert_allclose(instance.pue, [1.2, 1.1, 2 * 1.2])
    np.testing.assert_allclose(instance.wue[2] / instance.pue[2], instance.wue[0] / instance.pue[0])
    # The sun of the site is split over its 4 nodes; a pool is short of its own type only.
    np.testing.assert_allclose(instance.renewable[:, 0], [0.5 * 3 / 4, 0, 0.5 / 4])
    assert note(found, "P_w")[0] is note(found, "PUE")[0] is Provenance.CHANGED
    most = (
        instance.demand.sum(axis=0).T
        @ (instance.resource_use * (instance.tokens_in + instance.tokens_out)[:, None])
    ).max(axis=0)
    own = np.array([[True, True, False], [False, False, True]])
    np.testing.assert_allclose(instance.capacity[own], [2160, 1440, 720])
    assert (instance.capacity >= np.where(own, 0, most[:, None])).all()
    # The most nodes can serve `small`; `large` for chat would leave the old pool without it.
    assert convert(mixed).models == {"chat": "small", "code": "small"}
    large = convert(mixed, variants={"chat": "large", "code": "small"}).instance
    shares = solve_lexicographic(large, ["delay"]).shares
    assert shares[:, 2, 0].max() < 1e-6


def test_models_are_the_most_accurate_that_fit(tiny: Scenario) -> None:
    assert convert(tiny).models == {"chat": "small", "code": "large"}
    roomy = replace(tiny, pools=changed(tiny, "pools", nodes=100))
    assert convert(roomy).models == {"chat": "large", "code": "large"}
    crowded = replace(tiny, demand=replace(tiny.demand, requests=8 * tiny.demand.requests))
    assert convert(crowded).models == {"chat": "small", "code": "small"}


def test_wrong_variants_are_one_message(tiny: Scenario) -> None:
    with pytest.raises(SlitError, match="variant: class 'talk', expected one of chat, code"):
        convert(tiny, variants={"talk": "small"})
    with pytest.raises(SlitError, match="variant of chat: 'huge', expected one of small, large"):
        convert(tiny, variants={"chat": "huge"})
    slow = replace(
        tiny, classes=(tiny.classes[0].model_copy(update={"itl_limit_s": 0.02}), tiny.classes[1])
    )
    with pytest.raises(SlitError, match="variant: large for chat, expected one that some pool"):
        convert(slow, variants={"chat": "large"})
    assert convert(slow).models["chat"] == "small"
