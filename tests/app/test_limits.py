"""What the page says of a plan under limits."""

from dataclasses import replace
from pathlib import Path

import numpy as np

import slit
from slit.app.front_callbacks import respond
from slit.app.layout import limit_scale, page
from slit.app.plan_callbacks import plan_words
from slit.app.plan_tables import next_list, summary
from slit.app.reducer import Event, answer, describe_choice
from slit.app.run_store import RunStore
from slit.app.scenarios import by_scenario
from slit.app.state import PageState, default_state
from slit.objectives.limit_text import ResolvedLimit
from slit.record import Run, read_run
from tests.app.made import made_points
from tests.app.test_front_callbacks import moves

COST = ResolvedLimit("cost<=helix", "cost", "USD", 5.0, "helix", 5.0)
FRONT = [[0.0, 9.0], [4.0, 4.0], [6.0, 3.0], [8.0, 2.0]]


def test_the_words_of_a_plan_say_what_changes_and_the_room_to_limits(tmp_path: Path) -> None:
    for name, limits in {"free": [], "limited": ["quality<=helix", "starts<=14"]}.items():
        slit.optimize(
            "tiny", optimizer="nsga2", population=24, evaluations=240, limits=limits,
            output=tmp_path / name,
        )  # fmt: skip
        run = read_run(tmp_path / name)
        nearest = run.front.plans[run.front.methods.index("nearest")]
        words = plan_words(RunStore([run]), f"0:{nearest}")
        assert "From one epoch to the next: 100 % of requests rerouted, 5 node starts, " in words
        room = "quality<=helix: 0.3601 (−8.2 %), starts<=14: 5 (+64.3 %)."
        assert words.endswith(room) == bool(limits)
        assert ("Limits" in words) == bool(limits)


def test_knobs_end_at_the_limit_of_the_search() -> None:
    within = replace(made_points(FRONT, violation=[1, 0, 0, 0]), limits={"cost": COST})
    assert limit_scale(within, 1)[:2] == (2.0, 5.0)
    assert limit_scale(within, 0)[:2] == (4.0, 8.0)
    assert within.preset == {}
    found = answer(within, default_state(within.names, within.preset), Event.LOOK)
    assert found.mask.tolist() == [False, True, True, True]
    assert describe_choice(within, found).startswith("The balanced plan: of 3 plans that meet the")


def test_limits_that_no_plan_meets_are_preset_and_reset_to() -> None:
    beyond = replace(made_points(FRONT[:2], violation=0.5), limits={"cost": COST})
    assert beyond.preset == {"cost": (None, 5.0)}
    found, _ = respond(beyond, moves(), [], before=None, page=0)
    assert found.state.ranges == beyond.preset
    assert found.mask.tolist() == [False, True]
    free = PageState(x="carbon", y="cost", color="carbon")
    again, _ = respond(beyond, moves(), ["reset"], before=free, page=0)
    assert again.state.ranges == beyond.preset


def limited_run(folder: Path, limits: list[str]) -> Run:
    slit.optimize(
        "tiny", optimizer="nsga2", population=24, evaluations=240, limits=limits, output=folder,
        bound=False,
    )  # fmt: skip
    return read_run(folder)


def test_of_several_runs_the_loosest_limit_counts_and_the_page_says_all(tmp_path: Path) -> None:
    first = limited_run(tmp_path / "first", ["quality<=helix", "quality<=0.4", "starts<=14"])
    second = limited_run(tmp_path / "second", ["quality<=nearest", "cost<=nearest"])
    both = RunStore([first, second])
    assert {name: each.text for name, each in both.points.limits.items()} == {
        "quality": "quality<=nearest"
    }
    said = str(page(both, [], place=by_scenario(both.runs)[0], places=()))
    assert "Limit of the search: quality<=nearest (0.3601 share)" in said
    assert "The search was also limited to starts<=14, cost<=nearest (0.1622 USD)." in said


def test_the_page_opens_with_the_recommended_plan_and_the_next_ones(tmp_path: Path) -> None:
    run = limited_run(tmp_path / "run", ["quality<=helix"])
    points = RunStore([run]).points
    found = answer(points, default_state(points.names, points.preset), Event.LOOK)
    assert points.row[found.selected] == run.front.compromise()
    said = str(summary(points, found))
    assert "Recommended: plan" in said
    assert "Against nearest it gives carbon" in said
    assert "quality lost −" in str(next_list(points, found))
    nearest = int(np.flatnonzero(np.array(points.methods) == "nearest")[0])
    chosen = replace(found.state, plan=points.keys[nearest])
    said = str(summary(points, answer(points, chosen, Event.PLAN)))
    assert "Recommended" not in said
    assert "Against nearest" not in said
