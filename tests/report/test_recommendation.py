"""What a run recommends: why, against what, and what the next plans would buy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import slit
from slit.api.plans import picks_of
from slit.front import Front
from slit.record import Run, read_run
from slit.report import report_html
from slit.report.limits import describe_room
from slit.report.marks import Axis
from slit.report.recommendation import (
    NextPlan,
    describe_against,
    describe_next,
    describe_reason,
    describe_recommendation,
    next_plans,
    next_rows,
    recommendation,
)

AXES = (
    Axis("carbon", "Carbon emitted", "kg CO2e"),
    Axis("ttft", "Mean time to first token", "s"),
    Axis("quality", "Quality of service lost", "share"),
)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("recommended") / "run"
    slit.optimize(
        "tiny", optimizer="nsga2", population=24, evaluations=480, output=folder, bound=False,
        limits=["quality<=helix", "starts<=14"],
    )  # fmt: skip
    return read_run(folder)


def with_front(run: Run, front: Front, *, limits: bool = True) -> Run:
    manifest = run.manifest
    if not limits:
        manifest = manifest.model_copy(update={"resolved_limits": ()})
    return replace(run, front=front, manifest=manifest)


def of(run: Run) -> list[str]:
    return describe_recommendation(recommendation(run, slit.show(run)))


def test_a_next_plan_gains_most_for_what_it_gives_up() -> None:
    # Ranges 10 and 10. For less of the first, plan 1 gives up 1 for 4, plan 2 gives up 6 for 5.
    F = np.array([[5.0, 4.0], [1.0, 5.0], [0.0, 10.0], [10.0, 0.0], [4.95, 4.05]])
    every = np.ones(5, dtype=bool)
    first, second = next_plans(F, 0, every)
    assert (first.objective, first.row, first.change.tolist()) == (0, 1, [-4.0, 1.0])
    assert (second.objective, second.row) == (1, 3)
    # Plan 4 gains for nothing else, but less than a fiftieth of the range.
    assert next_plans(F, 0, every & (np.arange(5) != 1))[0].row == 2
    # Unless none gains more.
    near = np.array([True, False, False, True, True])
    F[4] = [4.99, 4.05]
    assert next_plans(F, 0, near)[0].row == 4
    assert next_plans(F, 2, every)[0].objective == 1  # it is the least of the first
    assert next_plans(F, 0, np.zeros(5, dtype=bool)) == ()
    assert next_plans(F[:, :1], 2, every) == ()


@given(st.integers(0, 2**32 - 1))
def test_next_plans_are_those_of_a_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    F = rng.integers(0, 9, (int(rng.integers(1, 9)), 3)).astype(float)
    row = int(rng.integers(len(F)))
    among = (rng.random(len(F)) < 0.8) | (np.arange(len(F)) == row)
    found = {each.objective: each.row for each in next_plans(F, row, among)}
    span = np.ptp(F[among], axis=0)
    for m in range(3):
        better = [n for n in np.flatnonzero(among) if F[n, m] < F[row, m]]
        assert (m in found) == bool(better)

        def worth(n: int, m: int = m) -> float:
            loss = sum(
                (F[n, k] - F[row, k]) / span[k] for k in range(3) if k != m and F[n, k] > F[row, k]
            )
            return float((F[row, m] - F[n, m]) / span[m] / loss) if loss else np.inf

        if better:
            assert worth(found[m]) == pytest.approx(max(worth(int(n)) for n in better))


def test_changes_in_words() -> None:
    values, base = np.array([60.0, 0.5, 0.0]), np.array([100.0, 0.4, 0.0])
    assert describe_against(AXES, values, base, "nearest") == (
        "Against nearest it gives carbon −40.0 %, and gives up ttft +25.0 %."
    )
    assert "gives carbon −40.0 %, and gives up nothing" in describe_against(
        AXES[:1], values[:1], base[:1], "today"
    )
    assert "it gives nothing, and gives up quality lost +1 percentage points" in describe_against(
        AXES[2:], np.array([0.01]), base[2:], "nearest"
    )
    each = NextPlan(1, 7, np.array([1.2, -0.1, 0.01]))
    assert describe_next(AXES, values, each) == (
        "−0.1 s", "−20.0 %", "carbon +2.0 %, quality lost +1 percentage points",
    )  # fmt: skip
    free = NextPlan(0, 7, np.array([-6.0, 0.0, 0.0]))
    assert describe_next(AXES, values, free) == ("−6 kg CO2e", "−10.0 %", "nothing")


def test_the_balanced_plan_is_recommended_within_the_limits(limited: Run) -> None:
    found = slit.recommend(limited)
    assert found is not None
    front = limited.front
    row = front.compromise()
    assert (found.mark.row, found.mark.name) == (row, "nsga2-balance")
    assert front.G[row] == 0
    assert list(found.against) == ["nearest", "helix"]  # what changes refer to, what is a limit
    why, room, nearest, helix, changes = of(limited)
    assert why == (
        f"The balanced plan: of {front.on_front.sum()} plans that meet the limits the nearest to "
        "the best of every objective at once."
    )
    assert found.limits is not None
    assert room == describe_room(found.limits, 0)
    assert nearest.startswith("Against nearest it gives carbon")
    assert helix.startswith("Against helix it gives carbon")
    totals = slit.plan(limited, "nsga2-balance").totals()
    assert found.stability["nsga2-balance"]["starts"] == totals["starts"]
    assert changes.startswith("From one epoch to the next: ")
    assert "(rerouted with nearest: 100 %, helix: " in changes
    for text, each in zip(next_rows(found), found.next, strict=True):
        assert front.F[each.row, each.objective] < front.F[row, each.objective]
        assert text[-1] == str(front.plans[each.row])
    page = report_html(limited)
    assert page.index("Recommended: plan") < page.index("<h2>Picks")
    assert "What the next plans would buy" in page


def test_without_limits_and_without_a_reference(limited: Run) -> None:
    searched = np.flatnonzero(np.array(limited.front.methods) == "nsga2")
    own = limited.front.rows(searched)
    found = recommendation(with_front(limited, own, limits=False), picks_of(own, search="nsga2"))
    assert (found.against, found.limits) == ({}, None)
    why, changes = describe_recommendation(found)
    assert "plans on the front the nearest to the best" in why
    assert "rerouted with" not in changes


def test_one_plan_and_one_objective(limited: Run) -> None:
    alone = limited.front.rows(np.array([limited.front.compromise()]))
    assert of(with_front(limited, alone))[0] == "The only plan that meets the limits."
    front = limited.front
    single = replace(front, F=front.F[:, :1], names=front.names[:1], units=front.units[:1])
    run = with_front(limited, single, limits=False)
    found = recommendation(run, slit.show(run))
    assert found.next == ()
    least = single.F[single.on_front].min()
    assert found.values.tolist() == [least]
    assert describe_reason(found) == "Of the plans found the one of least carbon."


def test_where_no_plan_is_feasible_it_says_so(limited: Run) -> None:
    front = limited.front
    beyond = front.rows(np.flatnonzero(front.G > 0))
    assert len(beyond)
    found = recommendation(
        with_front(limited, beyond), picks_of(beyond, search="nsga2", against="nearest")
    )
    assert describe_reason(found).startswith(
        "No plan meets the limits; this one comes nearest: beyond a limit ("
    )
    assert found.next == ()
    assert "No plan meets the limits" in report_html(with_front(limited, beyond))
    free = recommendation(
        with_front(limited, beyond, limits=False), picks_of(beyond, search="nsga2")
    )
    assert describe_reason(free) == "No plan is feasible; this one comes nearest: beyond a limit."


def test_an_objective_that_is_not_known_here(limited: Run) -> None:
    front = limited.front
    strange = replace(front, names=("peak", *front.names[1:]), titles=())
    manifest = limited.manifest.model_copy(
        update={"objectives": strange.names, "units": {"peak": "nodes", **limited.manifest.units}}
    )
    run = replace(limited, front=strange, manifest=manifest)
    assert any("peak −" in sentence for sentence in of(run))
    assert slit.recommend(with_front(run, strange.rows(np.empty(0, np.intp)))) is None


def test_show_opens_with_it(limited: Run) -> None:
    import json

    from typer.testing import CliRunner

    from slit.commands.app import app

    folder: Path = limited.folder
    printed = CliRunner().invoke(app, ["show", str(folder)])
    assert printed.exit_code == 0
    lines = printed.stdout.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("Recommended: plan"))
    assert lines[first + 1].startswith("- The balanced plan: of ")
    assert "What the next plans would buy" in printed.stdout
    assert first < next(n for n, line in enumerate(lines) if line.startswith("pick "))
    said = json.loads(CliRunner().invoke(app, ["show", str(folder), "--json"]).stdout)
    found = said["recommended"]
    balance = next(each for each in said["picks"] if each["name"] == "nsga2-balance")
    assert (found["plan"], found["values"]) == (balance["plan"], balance["values"])
    assert found["change_percent"]["nearest"] == balance["change_percent"]
    for each in found["next"]:
        assert each["change"][each["objective"]] < 0
    assert [each["limit"] for each in found["limits"]] == ["quality<=helix", "starts<=14"]
