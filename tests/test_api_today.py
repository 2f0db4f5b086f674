"""Today's routing in a search: a plan to compare with, that limits name and runs keep."""

from pathlib import Path
from typing import Any

import pytest

import slit
from slit.errors import SlitError
from slit.record import read_run
from tests.commands.test_commands import call, refused, said
from tests.test_resume import SEARCH, Killed, killed_at, often, same_bits

__all__ = ["often"]
TABLE = """origin,class,datacenter,variant,share
,,sunny,small,0.4
,,windy,small,0.6
west,code,sunny,large,1
"""
QUICK: dict[str, Any] = {"optimizer": "nsga2", "population": 24, "evaluations": 240}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "today.csv"
    file.write_text(TABLE)
    return file


def test_it_is_a_plan_to_compare_with_and_to_limit_by(table: Path, tmp_path: Path) -> None:
    told = []
    result = slit.optimize(
        "tiny", today=table, limits=["quality<=today", "carbon<=today+10%"], baselines=False,
        output=tmp_path / "run", prepared=lambda name, _: told.append(name), **QUICK,
    )  # fmt: skip
    front = result.front
    assert told == ["today"]  # also without baselines: it was asked for
    assert set(front.methods) == {"nsga2", "today"}
    row = front.methods.index("today")
    quality, carbon = result.limits
    assert quality.most == front.F[row, 3]
    assert carbon.most == pytest.approx(1.1 * front.F[row, 0], rel=1e-12)
    assert front.G[row] == 0
    assert (front.F[front.on_front, 3] <= quality.most).all()
    run = read_run(tmp_path / "run")
    assert slit.reevaluate(run).equal
    assert len(run.scenario.today) == 3
    text = call("show", tmp_path / "run").stdout
    assert "Change against today (minus is less, so better):" in text
    content = said("show", tmp_path / "run", "--plan", "today", "--routing")
    again = slit.optimize("tiny", today=content["routing"], baselines=False, **QUICK).front
    assert (again.X[again.methods.index("today")] == front.X[row]).all()


def test_other_reference_plans_stand_behind_it(table: Path) -> None:
    front = slit.optimize("tiny", optimizer="nearest", today=table).front
    assert front.methods[:3] == ("nearest", "today", "lexicographic")


def test_a_run_with_it_goes_on_when_killed(table: Path, tmp_path: Path) -> None:
    place, whole = tmp_path / "run", tmp_path / "whole"
    asked = {**SEARCH, "evaluations": 120, "limits": ["carbon<=today+50%"], "today": table}
    with pytest.raises(Killed):
        slit.optimize(**asked, output=place, watch=killed_at(5))
    other = tmp_path / "other.csv"
    other.write_text("pool,variant,share\nsunny-h100,small,1\n")
    with pytest.raises(SlitError, match=r"resume: today .*other\.csv, expected another routing"):
        slit.resume(place, today=other)
    table.rename(tmp_path / "moved.csv")  # the run has what it needs
    words = ("tiny", "--optimizer", "deap-nsga2")
    assert call("optimize", *words, "--resume", place).exit_code == 0
    (tmp_path / "moved.csv").rename(table)
    slit.optimize(**asked, output=whole)
    assert same_bits(place, whole)


def test_a_run_without_it_does_not_get_it_when_resumed(table: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        slit.optimize(**SEARCH, evaluations=120, output=tmp_path / "run", watch=killed_at(5))
    with pytest.raises(SlitError, match=r"resume: today .*today\.csv, expected none"):
        slit.resume(tmp_path / "run", today=table)


def test_what_the_command_refuses(table: Path, tmp_path: Path) -> None:
    assert refused("optimize", "tiny", "--limit", "cost<=today") == (
        "slit: limit 'cost<=today': no routing of today, expected it by --today FILE or today of "
        "[operation]\n"
    )
    table.write_text("pool,variant,share\nsunny-h100,small,0.9\n")
    assert refused("optimize", "tiny", "--today", table) == (
        f"slit: today: {table}: origin east, class chat: shares sum to 0.9, expected 1 (all "
        "requests)\n"
    )
    message = refused("optimize", "tiny", "--today", tmp_path / "none.csv")
    assert message.startswith("slit: today: ")
    table.write_text("pool,variant,share\nwindy-h100,large,1\n")  # 2 nodes there
    message = refused("optimize", "tiny", "--today", table, "--limit", "cost<=today")
    assert "today is " in message
    assert "nodes beyond capacity), expected a reference plan that is feasible" in message
