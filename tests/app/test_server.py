"""The page as a server: what it serves, to whom, and what it refuses."""

import json
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from werkzeug.test import Client

from slit.app.certify import certified, certified_view
from slit.app.downloads import plan_json
from slit.app.plan_callbacks import compare_view, hour_view, net_view, plan_view, plan_words
from slit.app.run_store import RunStore
from slit.app.server import Site, address, bind
from slit.display import least_share, percent
from slit.errors import SlitError
from slit.objectives.registry import set_apart
from tests.app.asking import Page
from tests.stored import HOSTILE, hostile_run, small_scenario, stored_run


def text_of(component: object) -> str:
    """All text of a component, as the browser is given it."""
    said = component.to_plotly_json() if hasattr(component, "to_plotly_json") else component
    if isinstance(said, dict):
        return " ".join(text_of(value) for value in said.values())
    if isinstance(said, list | tuple):
        return " ".join(text_of(value) for value in said)
    return "" if said is None else str(said)


def test_everything_comes_from_here(folders: tuple[Path, Path]) -> None:
    client = Client(Site(folders))
    page = client.get("/")
    html = page.get_data(as_text=True)
    sources = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(sources) > 5
    assert [source for source in sources if "//" in source] == []
    for source in sources:
        assert client.get(source, buffered=True).status_code == 200
    assert client.get("/_dash-layout").status_code == 200
    assert client.get("/_dash-dependencies").status_code == 200


def test_the_policy_forbids_foreign_and_inline_code(folders: tuple[Path, Path]) -> None:
    page = Client(Site(folders)).get("/")
    policy = page.headers["Content-Security-Policy"]
    said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert said["default-src"] == said["connect-src"] == "'self'"
    assert "unsafe" not in said["script-src"]
    assert "http" not in policy
    assert said["frame-ancestors"] == "'none'"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:8050"}, 200),
        ({"Host": "127.0.0.1:8050"}, 200),
        ({"Host": "[::1]:8050"}, 200),
        ({"Host": "attacker.example:8050"}, 403),
        ({"Host": "localhost.attacker.example"}, 403),
        ({"Host": "localhost:8050", "Origin": "http://localhost:8050"}, 200),
        ({"Host": "localhost:8050", "Origin": "http://attacker.example"}, 403),
        ({"Host": "localhost:8050", "Origin": "null"}, 403),
    ],
)
def test_other_names_and_pages_are_refused(
    folders: tuple[Path, Path], headers: dict[str, str], status: int
) -> None:
    client = Client(Site(folders))
    assert client.get("/", headers=headers).status_code == status


def test_a_host_that_is_named_may_be_used(folders: tuple[Path, Path]) -> None:
    named = Client(Site(folders, host="10.0.0.5"))
    assert named.get("/", headers={"Host": "10.0.0.5:8050"}).status_code == 200
    every = Client(Site(folders, host="0.0.0.0"))
    assert every.get("/", headers={"Host": "my-machine:8050"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../record/manifest.py",
        "/assets/..%2f..%2frecord%2fmanifest.py",
        "/assets//etc/passwd",
        "/_dash-component-suites/dash/../../../../etc/passwd",
        "/manifest.json",
        "/front.csv",
    ],
)
def test_files_cannot_be_read(folders: tuple[Path, Path], path: str) -> None:
    client = Client(Site(folders))
    answer = client.get(path, buffered=True)
    body = answer.get_data(as_text=True)
    assert "root:" not in body
    assert "class Manifest" not in body
    assert "scenario_hash" not in body


def test_unreadable_folders_are_messages_in_the_page(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "manifest.json").write_text("{}")
    client = Client(Site([folders[0], tmp_path / "half", tmp_path / "none"]))
    said = client.get("/_dash-layout").get_data(as_text=True)
    assert "manifest.json" in said
    assert "no folder" in said
    assert "Traceback" not in said
    with pytest.raises(SlitError, match=r"none of 2 can be read: .*half.*; .*none"):
        Site([tmp_path / "half", tmp_path / "none"])


def test_scenarios_are_told_apart_and_linked(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    other = stored_run(tmp_path / "other", scenario=small_scenario(seed=9)).folder
    client = Client(Site([folders[0], other, folders[1]]))
    for base, shown in (("/", 2), ("/2/", 1)):
        layout = json.dumps(json.loads(client.get(f"{base}_dash-layout").data))
        assert "2 scenarios" in layout
        assert ('"href": "/2/"' in layout) == (base == "/")
        page = Page(client, base)
        opened = page.post("restored.data", {"url": ""}, "url.search")
        runs = opened["front-data"]["data"]["run"]
        assert len(set(runs or [0])) == shown


def test_pickled_plans_are_refused(tmp_path: Path) -> None:
    run = stored_run(tmp_path / "run")
    marker = tmp_path / "executed"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (marker,)

    objects = np.array([Evil()], dtype=object)
    np.savez(run.folder / "plans.npz", X=objects, allow_pickle=True)
    with pytest.raises(SlitError, match=r"plans\.npz"):
        RunStore([run.folder])
    assert not marker.exists()


PLUGIN = """
from slit.objectives import ledger_objective


@ledger_objective(name="own_grid", unit="kWh", title="Own")
def own_grid(ledger):
    return float(ledger.grid_kwh.sum())
"""


def test_a_plugin_that_a_run_names_is_not_executed(tmp_path: Path) -> None:
    file, marker = tmp_path / "own.py", tmp_path / "executed"
    file.write_text(PLUGIN)
    with set_apart():
        stored_run(tmp_path / "run", objectives=["carbon", "own_grid"], plugin=file)
    file.write_text(f"import pathlib\npathlib.Path({str(marker)!r}).touch()\n")
    store = RunStore([tmp_path / "run"])
    assert Client(Site([tmp_path / "run"])).get("/").status_code == 200
    assert store.points.names == ("carbon", "own_grid")
    key = store.points.keys[0]
    assert plan_view(store, key, "light")[0]["data"]
    assert json.loads(plan_json(store, key))["units"]["own_grid"] == "kWh"
    assert "own_grid" in text_of(certified_view(store))
    assert not marker.exists()


def test_plans_that_do_not_fit_are_messages(tmp_path: Path) -> None:
    run = stored_run(tmp_path / "run")
    np.savez_compressed(run.folder / "plans.npz", X=run.front.X + 1000)
    with pytest.raises(SlitError, match="expected placements"):
        RunStore([run.folder])


def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    run = hostile_run(tmp_path / "run")
    client = Client(Site([run.folder]))
    html = client.get("/").get_data(as_text=True)
    assert "<img" not in html
    layout = json.loads(client.get("/_dash-layout").get_data(as_text=True))
    kinds = set(re.findall(r'"type": "(\w+)"', json.dumps(layout)))
    assert not kinds & {"Markdown", "DangerouslySetInnerHTML", "Iframe", "Script", "Img"}
    assert HOSTILE in text_of(layout)
    store = RunStore([run.folder])
    figures = [*plan_view(store, "0:0", "light")[:4], *hour_view(store, "0:0", 1, "light")[:5]]
    for figure in figures:
        assert "<img" not in str(figure)


def test_views_of_a_plan_and_of_two(both: RunStore) -> None:
    points = both.points
    a, b = points.keys[0], points.keys[-1]
    assert plan_words(both, a).endswith(".")
    figures = plan_view(both, a, "dark")
    assert [bool(figure["data"]) for figure in figures[:4]] == [True] * 4
    map_, *bars, numbers = hour_view(both, a, 99, "light")
    assert map_["data"]
    assert len(bars) == 4
    data = both.plan(a)
    last = [f"{data.carbon[-1, 0]:.4g}", f"{data.carbon[-1].sum():.4g}"]
    assert all(value in text_of(numbers) for value in (*data.datacenters, *last))
    whole = text_of(hour_view(both, a, 0, "light")[-1])
    assert f"{data.carbon.sum():.4g}" in whole
    text, table, figures_, moves = compare_view(both, a, b)
    assert "elsewhere or by another variant" in text_of(text)
    assert all(f"{word}: " in text_of(text) for word in ("Variant", "Place", "Time"))
    F = points.F[[points.index[a], points.index[b]], 0]
    assert percent(float(100 * (F[0] / F[1] - 1))) in text_of(table)
    assert points.title(points.index[b]) in text_of(table)
    assert figures_
    assert "→" in text_of(moves)
    assert compare_view(both, a, a)[2:] == [None, None]
    assert all(figure["data"] for figure in net_view(both, a, b, "dark"))


def test_certified_shares(store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIT_CACHE_DIR", str(tmp_path))
    found = certified(store, 0)
    assert found.share is not None
    assert 0 < found.share <= 1 + 1e-9
    assert found.plans == int(store.runs[0].front.on_front.sum())
    assert all(gap.best >= gap.bound - 1e-6 * abs(gap.bound) for gap in found.gaps)
    assert list(tmp_path.glob("certificate-*.json"))
    said = text_of(certified_view(store))
    assert least_share(found.share) in said


def test_a_taken_port_is_the_users_mistake(folders: tuple[Path, Path]) -> None:
    app = Site(folders)
    server = bind(app, host="127.0.0.1", port=0)
    try:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        assert address(server) == f"http://127.0.0.1:{server.server_port}/"
        with pytest.raises(SlitError, match="expected a free one"):
            bind(app, host="127.0.0.1", port=server.server_port)
    finally:
        server.shutdown()
        server.server_close()
