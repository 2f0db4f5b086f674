"""Downloads hold the numbers of the run."""

import csv
import io
import json
from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from slit.app.downloads import front_csv, plan_csv, plan_json
from slit.app.page_callbacks import download, parallel_figure, query_of, scatter_figure
from slit.app.run_store import RunStore
from slit.app.state import parse_query


def rows_of(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content)))


def test_a_plan_is_routed_wholly(store: RunStore) -> None:
    key = store.points.keys[0]
    rows = rows_of(plan_csv(store, key))
    problem = store.problem(0)
    assert sum(float(row["requests"]) for row in rows) == pytest.approx(problem.total_requests)
    shares: dict[tuple[str, str, str], float] = {}
    for row in rows:
        group = row["hour"], row["origin"], row["class"]
        shares[group] = shares.get(group, 0.0) + float(row["share"])
    assert list(shares.values()) == pytest.approx([1.0] * problem.groups)
    assert {row["datacenter"] for row in rows} <= {
        site.name for site in store.runs[0].scenario.datacenters
    }


def test_a_plan_as_json(store: RunStore) -> None:
    points = store.points
    key = points.keys[5]
    said = json.loads(plan_json(store, key))
    assert list(said["values"].values()) == points.F[5].tolist()
    assert said["plan"] == int(key.split(":")[1])
    total = sum(site["carbon_kg"] for site in said["datacenters"])
    assert total == pytest.approx(said["values"]["carbon"])
    assert len(said["routing"]) == len(rows_of(plan_csv(store, key)))


def test_the_front_reads_back_to_the_bit(both: RunStore) -> None:
    points = both.points
    mask = points.F[:, 0] <= np.median(points.F[:, 0])
    rows = rows_of(front_csv(both, mask))
    found = np.array([[float(row[name]) for name in points.names] for row in rows])
    assert (found == points.F[mask]).all()
    keys = [f"{points.labels.index(row['run'])}:{row['plan']}" for row in rows]
    assert keys == [points.keys[n] for n in np.flatnonzero(mask)]
    assert {row["on_front"] for row in rows} <= {"0", "1"}


def test_files_by_button(store: RunStore) -> None:
    points = store.points
    names = dict.fromkeys(("x", "y", "color"), "carbon")
    chosen: dict[str, Any] = {
        **names,
        "plan": points.keys[1],
        "other": None,
        "ranges": {},
        "preferences": {},
    }
    plan = download(store, chosen, "download-plan-csv")
    assert plan["filename"] == f"plan-{points.keys[1].replace(':', '-')}.csv"
    assert json.loads(download(store, chosen, "download-plan-json")["content"])["plan"] == 1
    every = rows_of(download(store, chosen, "download-front-csv")["content"])
    assert len(every) == len(points)
    least = float(points.F[points.best, 0].min())
    chosen["ranges"] = {"carbon": [None, least]}
    rows = rows_of(download(store, chosen, "download-front-csv")["content"])
    inside = points.best & (points.F[:, 0] <= least)
    assert [row["plan"] for row in rows] == [
        points.keys[n].split(":")[1] for n in np.flatnonzero(inside)
    ]
    assert {float(row["carbon"]) for row in rows} == {least}
    drawn = scatter_figure(store, chosen, "dark")["data"][0]
    assert len(b64decode(drawn["x"]["bdata"])) == 8 * len(points)
    assert parallel_figure(store, chosen, None)["data"]
    query = query_of(store, chosen, view="plan", hour=2)
    state = parse_query(query, names=points.names, keys=points.index, epochs=store.epochs)
    assert (state.view, state.hour, state.plan) == ("plan", 2, points.keys[1])
    assert state.ranges == {"carbon": (None, least)}
