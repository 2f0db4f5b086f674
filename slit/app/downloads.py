"""What can be taken along: the selected plan, the front."""

import csv
import io
import json
from typing import Any

import numpy as np

from operators.types import Bools
from slit.app.run_store import RunStore
from slit.export.routing import Route, routes_of

HEADER = tuple("class" if name == "request_class" else name for name in Route._fields)


def plan_csv(store: RunStore, key: str) -> str:
    """The routing of a plan: a row an hour, origin, class and placement."""
    return _csv(HEADER, routes_of(store.ledger(key)))


def plan_json(store: RunStore, key: str) -> str:
    """A plan with its values, its sums by datacenter and its routing."""
    points = store.points
    index = points.index[key]
    run, plan = store.run_of(key), store.plan(key)
    content: dict[str, Any] = {
        "run": points.labels[int(points.run[index])],
        "scenario": run.scenario.name,
        "scenario_hash": run.manifest.scenario_hash,
        "plan": int(key.split(":")[1]),
        "method": points.methods[index],
        "violation": float(points.violation[index]),
        "values": dict(zip(points.names, points.F[index].tolist(), strict=True)),
        "units": {axis.name: axis.unit for axis in points.axes},
        "datacenters": [
            {
                "datacenter": name,
                "requests": float(plan.by_datacenter[:, d].sum()),
                "energy_kwh": float(plan.energy[:, d].sum()),
                "carbon_kg": float(plan.carbon[:, d].sum()),
                "water_l": float(plan.water[:, d].sum()),
                "cost_usd": float(plan.cost[:, d].sum()),
            }
            for d, name in enumerate(plan.datacenters)
        ],
        "routing": [
            dict(zip(HEADER, route, strict=True)) for route in routes_of(store.ledger(key))
        ],
    }
    return json.dumps(content, indent=1)


def front_csv(store: RunStore, mask: Bools) -> str:
    """The plans within the limits, (N,) `mask`; numbers are written so that nothing is lost."""
    points = store.points
    header = ["run", "plan", "method", *points.names, "violation", "on_front"]
    rows = [
        [
            points.labels[int(points.run[n])],
            points.keys[n].split(":")[1],
            points.methods[n],
            *(repr(float(value)) for value in points.F[n]),
            repr(float(points.violation[n])),
            int(points.on_front[n]),
        ]
        for n in np.flatnonzero(mask)
    ]
    return _csv(header, rows)


def _csv(header: Any, rows: Any) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
