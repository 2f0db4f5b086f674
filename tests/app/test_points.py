"""Runs as one table of plans; folders that cannot be read; hypervolume in a common box."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from plotly.graph_objects import Figure

from slit.app.overlay import overlay_data
from slit.app.parallel import parallel_data
from slit.app.points import points_of, read_runs
from slit.app.run_store import RunStore
from slit.app.scatter import color_scale, draw_scatter, scatter_data
from slit.app.scenarios import by_scenario, side_by_side
from slit.display import number
from slit.errors import SlitError
from tests.app.made import made_points
from tests.stored import small_scenario, stored_run


def test_plans_of_all_runs_are_there(both: RunStore) -> None:
    points = both.points
    fronts = [run.front for run in both.runs]
    assert len(points) == sum(map(len, fronts))
    assert (np.concatenate([front.F for front in fronts]) == points.F).all()
    assert points.labels == ("first", "second")
    for n, key in enumerate(points.keys):
        run, plan = (int(part) for part in key.split(":"))
        front = fronts[run]
        assert points.index[key] == n
        assert front.plans[points.row[n]] == plan
        assert points.methods[n] == front.methods[points.row[n]]
    for mark in points.marks:
        assert mark.name.endswith(")")
        assert points.keys[mark.row].endswith(f":{mark.plan}")
    for run, reference in enumerate(points.references):
        assert reference is not None
        assert (reference[0], points.run[reference[1]]) == ("nearest", run)


def test_damaged_and_foreign_folders_become_messages(tmp_path: Path, both: RunStore) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    half = tmp_path / "half"
    half.mkdir()
    (half / "manifest.json").write_text('{"format": 1')
    folders = [tmp_path / "none", empty, half, both.runs[0].folder]
    runs, unreadable = read_runs(folders)
    assert [run.folder for run in runs] == [both.runs[0].folder]
    assert [Path(each.folder).name for each in unreadable] == ["none", "empty", "half"]
    assert all("expected" in each.message for each in unreadable)


def cut(file: Path) -> None:
    """As a disk that is full leaves it."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def word(file: Path) -> None:
    """A word among the numbers."""
    file.write_text(file.read_text().replace("0.", "many.", 1))


def other_scenario(file: Path) -> None:
    """A scenario that is not the one the run was made with."""
    file.write_text(file.read_text().replace('"epochs":4', '"epochs":3').replace("4", "5", 1))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("plans.npz", cut),
        ("plans.npz", Path.unlink),
        ("front.csv", cut),
        ("front.csv", word),
        ("front.csv", Path.unlink),
        ("scenario.json", cut),
        ("scenario.json", other_scenario),
        ("scenario.json", Path.unlink),
        ("manifest.json", cut),
        ("manifest.json", Path.unlink),
    ],
)
def test_a_damaged_run_is_a_message(
    name: str, damage: Callable[[Path], None], both: RunStore, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(both.runs[0].folder, folder)
    damage(folder / name)
    runs, (unreadable,) = read_runs([folder])
    assert runs == []
    assert str(folder) in unreadable.message
    assert "expected" in unreadable.message


def test_runs_of_other_scenarios_and_objectives_have_pages_of_their_own(
    tmp_path: Path, both: RunStore
) -> None:
    same, twin = both.runs
    fewer = stored_run(tmp_path / "fewer", objectives=["carbon", "cost"])
    other = stored_run(tmp_path / "other", scenario=small_scenario(seed=9, epochs=3))
    places = by_scenario([same, fewer, other, twin])
    assert [(each.base, [run.folder for run in each.runs]) for each in places] == [
        ("/", [same.folder, twin.folder]),
        ("/2/", [fewer.folder]),
        ("/3/", [other.folder]),
    ]
    with pytest.raises(SlitError, match="of 2 scenarios, expected one"):
        RunStore([same, other])
    columns, rows = side_by_side(places)
    assert [column.split("(")[1] for column in columns[1:]] == [
        "first, second)",
        "fewer)",
        "other)",
    ]
    said = {row[0]: row[1:] for row in rows}
    assert [text.split(", ")[1] for text in said["Time planned"]] == ["4 h", "4 h", "3 h"]
    assert said["Demand"][0] == said["Demand"][1] != said["Demand"][2]
    nearest = [run.front.F[run.front.methods.index("nearest"), 0] for run in (same, fewer, other)]
    assert said["Carbon emitted (kg CO2e): nearest"] == [number(value) for value in nearest]
    water = said["Fresh water consumed (L): balanced plan"]
    assert water == [number(same.front.F[same.front.compromise(), 1]), "–", water[2]]


def test_runs_of_one_name_are_told_apart(tmp_path: Path, store: RunStore) -> None:
    run = store.runs[0]
    points = points_of([run, run])
    assert points.labels == ("first #1", "first #2")
    assert len(set(points.keys)) == 2 * len(run.front)


def test_plans_are_computed_once_and_equal_the_run(store: RunStore) -> None:
    points = store.points
    key = points.keys[3]
    assert store.ledger(key) is store.ledger(key)
    totals = store.ledger(key).totals()
    for name, value in zip(points.names, points.F[3], strict=True):
        assert totals[name] == pytest.approx(value, rel=1e-9)
    assert store.plan(key).carbon.sum() == pytest.approx(totals["carbon"])


def test_numbers_for_the_script(both: RunStore) -> None:
    points = both.points
    data = parallel_data(points)
    assert pytest.approx(points.F, rel=1e-6) == np.array(data["values"]).T
    assert data["keys"] == list(points.keys)
    assert data["run"] == points.run.tolist()
    for m, axis in enumerate(data["axes"]):
        best = points.F[points.best, m]
        assert (axis["low"], axis["high"]) == (best.min(), best.max())
        assert axis["stops"] == sorted(axis["stops"])
        assert (axis["stops"][0], axis["stops"][-1]) == (best.min(), best.max())
    assert all(0 <= mark["row"] < len(points) for mark in data["marks"])


def test_the_box_of_two_runs_by_hand() -> None:
    # Box from (0, 0) to (11, 11); spans are 10.
    F = [[0.0, 10.0], [10.0, 0.0], [5.0, 5.0]]
    first, second = overlay_data(made_points(F, runs=[0, 0, 1]))
    assert first.volume == pytest.approx((11 * 11 - 10 * 10) / 121)
    assert second.volume == pytest.approx(36 / 121)
    assert (first.plans, second.plans, first.sampled) == (2, 1, False)


def test_the_box_without_feasible_plans_and_without_width() -> None:
    infeasible = overlay_data(made_points([[1.0, 2.0]], violation=3.0))
    assert (infeasible[0].plans, infeasible[0].volume) == (0, 0.0)
    flat = overlay_data(made_points([[1.0, 2.0]]))
    assert flat[0].volume == 1.0


def test_the_scatter_to_save_holds_the_plans(both: RunStore) -> None:
    points = both.points
    data = scatter_data(points, x="carbon", y="cost", color="run")
    mask = points.run == 0
    drawn = Figure(draw_scatter(data, points, theme="dark", mask=mask, selected=2, other=None))
    assert np.asarray(drawn.data[0].x) == pytest.approx(points.F[:, 0])
    assert np.asarray(drawn.data[0].y) == pytest.approx(points.F[:, 2])
    assert list(drawn.data[0].selectedpoints) == np.flatnonzero(mask).tolist()
    assert len(set(drawn.data[0].marker.color)) == 2
    assert (len(drawn.data[2].x), len(drawn.data[3].x)) == (1, 0)
    third = scatter_data(points, x="carbon", y="cost", color="water")
    assert third.tint == pytest.approx(points.F[:, 1])
    assert color_scale([1.0] * 6)[0][0] == 0.0
