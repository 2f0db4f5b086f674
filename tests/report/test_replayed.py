"""Replays in the report: promised beside served, and damaged files refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from slit.api.replaying import replay_days, replay_run
from slit.app.plan_callbacks import plan_view, plan_words
from slit.app.run_store import RunStore
from slit.display import number
from slit.errors import SlitError
from slit.record import Run, read_run
from slit.record.folder import REPLAYS
from slit.replay.plan import ReplaySettings
from slit.report import report_html
from slit.report.replayed import (
    describe_replayed,
    draw_beyond,
    draw_hours,
    replay_of,
    replayed_plans,
)
from tests.stored import small_scenario, stored_run


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two short epochs with replays of two plans."""
    folder = tmp_path_factory.mktemp("replayed") / "run"
    run = stored_run(folder, scenario=small_scenario(epochs=2, epoch_seconds=120.0))
    for plan in ("nearest", "helix"):
        replay_run(run, plan, settings=ReplaySettings(share=0.3), threads=1)
    return read_run(folder)


def test_the_report_shows_what_was_kept(replayed: Run) -> None:
    content = report_html(replayed)
    assert 'id="replayed"' in content
    assert "Served request by request" in content
    assert "replayed-1-hours" in content
    first, second = replayed_plans(replayed.folder)
    assert (first.plan, second.plan) == ("nearest", "helix")
    assert describe_replayed(first) in content.replace("&lt;", "<").replace("&gt;", ">")


def test_numbers_of_the_figures(replayed: Run) -> None:
    data = replayed_plans(replayed.folder)[0]
    kept = json.loads((replayed.folder / REPLAYS).read_text())["nearest"]
    promised, served = draw_beyond(data)["data"]
    np.testing.assert_allclose(served["y"], 100 * np.array(kept["curve"]["served"]))
    assert served["y"][0] >= served["y"][-1]
    assert promised["y"][0] >= promised["y"][-1]
    lines = draw_hours(data)["data"]
    assert [len(line["x"]) for line in lines] == [2, 2]
    slos = {each["name"]: each["slo_s"] for each in kept["classes"]}
    late = {each["name"]: each["served"]["ttft_p95_s"] for each in kept["classes"]}
    assert set(data.missed) == {name for name, slo in slos.items() if (late[name] or 0) > slo}


def test_the_page_shows_the_replay_of_a_plan_and_of_no_other(replayed: Run) -> None:
    store = RunStore([replayed])
    row = replayed.front.row_of("nearest", prefix=replayed.manifest.optimizer)
    keys = {int(store.points.row[index]): key for key, index in store.points.index.items()}
    said = plan_words(store, keys[row])
    first = replayed_plans(replayed.folder)[0]
    assert said.endswith(f"Served request by request, {describe_replayed(first)}")
    *_, waits, _ = plan_view(store, keys[row], None)
    assert waits["data"][-1]["name"] == "served, all classes"
    other = next(n for n in keys if replay_of(replayed, n) is None)
    assert "Served" not in plan_words(store, keys[other])
    *_, waits, _ = plan_view(store, keys[other], None)
    assert "served, all classes" not in [each.get("name") for each in waits["data"]]


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("promised", "ttft_p95_s"), "fast", "'fast', expected a number"),
        (("served", "energy"), 1e300, "1e.300, expected a number"),
        (("curve", "served"), [1.0], "curves of different lengths"),
        (("classes",), 3, "nearest"),
    ],
)
def test_damaged_replays_are_refused(
    replayed: Run, tmp_path: Path, where: tuple[str, ...], value: object, said: str
) -> None:
    content = json.loads((replayed.folder / REPLAYS).read_text())
    place = content["nearest"]
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = value
    (tmp_path / REPLAYS).write_text(json.dumps(content))
    with pytest.raises(SlitError, match=f"{said}.*slit replay wrote"):
        replayed_plans(tmp_path)


def test_several_days_are_said(tmp_path: Path) -> None:
    run = stored_run(tmp_path / "run", scenario=small_scenario(epochs=2, epoch_seconds=120.0))
    name = run.front.picks(prefix=run.manifest.optimizer)[0].name
    content = replay_days(
        run, name, settings=ReplaySettings(share=0.2), days=2, threads=1, most_missed=0.0
    )
    [data] = replayed_plans(run.folder)
    fails = content["days"]["fails"]
    assert len(data.missed) == len(fails)
    for said, failed in zip(data.missed, fails, strict=True):
        assert said.startswith(f"{failed} (")
    energy = content["days"]["figures"]["energy"]
    assert f"energy {number(energy['low'])} to {number(energy['high'])} kWh" in data.spread
    assert describe_replayed(data).endswith(data.spread)
