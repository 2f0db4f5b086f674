"""A scenario small enough to work out on paper."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from slit.scenario.pools import NodePool
from slit.scenario.records import (
    Accounting,
    Datacenter,
    Horizon,
    HorizonStart,
    LoadingMode,
    ModelVariant,
    NodeType,
    Origin,
    RequestClass,
    Resolution,
    Service,
)
from slit.scenario.scenario import Demand, Scenario, Signals


def hand_scenario(
    *,
    loading: str = "on_demand",
    begins: str = "free",
    nodes: tuple[int, int] = (2, 2),
    held: int = 0,
    accounting: dict[str, Any] | None = None,
    **changes: Any,
) -> Scenario:
    """Two datacenters, `here` and `there`, with a pool of `nodes` each, that serve one variant to
    one origin and class: 1,800 requests in the first hour and 3,600 in the second.

    A request takes 200 prompt tokens / 1000 per s + 800 output tokens / 1000 per s = 1 node-second
    and 600 J above idle, so that a chunk of 1,800 requests fills one node of an hour at the target
    utilization of 0.5. Three genes: the first hour's chunk, then the two of the second hour.
    Placement 0 is here, 1 is there. `held`: nodes here that hold the variant before the first hour.
    """
    scenario = Scenario(
        name="by hand",
        horizon=Horizon(
            start=datetime(2023, 1, 1, tzinfo=UTC), epochs=2, begins=HorizonStart(begins)
        ),
        accounting=Accounting(
            reservoir_evaporation=False,
            loading=LoadingMode(loading),
            utilization=0.5,
            **(accounting or {}),
        ),
        resolution=Resolution(genes=3),
        classes=(RequestClass(name="chat", slo_ttft_s=2.0),),
        origins=(Origin(name="town", latitude=0, longitude=0, last_mile_ms=10.0),),
        datacenters=(
            _datacenter("here", stress=0.5, egress=0.1),
            _datacenter("there", stress=2.0, egress=0.2),
        ),
        node_types=(
            NodeType(
                name="server",
                gpus=2,
                gpu_memory_gb=80,
                load_gb_per_s=1.0,
                idle_w=1000,
                prefill_w=2000,
                decode_w=1500,
                standby_w=100,
                embodied_kg_per_hour=0.02,
                rental_usd_per_hour=10.0,
            ),
        ),
        pools=tuple(
            NodePool(
                name=f"{name} pool",
                datacenter=name,
                node_type="server",
                nodes=number,
                initial_nodes={"model": held} if name == "here" else {},
            )
            for name, number in zip(("here", "there"), nodes, strict=True)
        ),
        variants=(
            ModelVariant(
                name="model",
                parameters_b=18,
                weight_gb=36,
                kv_bytes_per_token=1e5,
                quality={"chat": 0.8},
            ),
        ),
        services=(
            # 10 at a time, 10 ms + 10 * 1 ms a step: 500 token/s a replica, 1000 a node.
            Service(
                node_type="server",
                variant="model",
                gpus_per_replica=1,
                batch=10,
                prefill_tokens_per_s=1000,
                prefill_fixed_s=0.1,
                prefill_slope_s=0.001,
                step_fixed_s=0.01,
                step_slope_s=0.001,
            ),
        ),
        residency=(),
        signals=Signals(
            carbon=np.array([[0.5, 0.1], [0.5, 0.1]]),
            price=np.array([[0.1, 0.3], [0.1, -0.05]]),
            ewif=np.array([[2.0, 1.0], [2.0, 1.0]]),
            pue=np.array([[1.5, 1.0], [1.5, 1.0]]),
            wue=np.array([[1.0, 2.0], [1.0, 2.0]]),
            blowdown=np.array([[0.25, 0.5], [0.25, 0.5]]),
            renewable=np.array([[0.1, 1.0], [0.0, 0.4]]),
        ),
        demand=Demand(
            requests=np.array([[[1800.0]], [[3600.0]]]),
            prompt=np.full((2, 1, 1), 200.0),
            output=np.full((2, 1, 1), 800.0),
        ),
        round_trip_s=np.array([[0.19, 0.49]]),
    )
    return replace(scenario, **changes)


def _datacenter(name: str, *, stress: float, egress: float) -> Datacenter:
    return Datacenter(
        name=name,
        latitude=0,
        longitude=0,
        jurisdiction=f"land of {name}",
        water_stress=stress,
        egress_usd_per_gb=egress,
    )
