"""The README: its links lead somewhere, and its table comes from a run."""

import re
from pathlib import Path

import pytest

from slit.display import percent
from slit.report.equal_quality import equal_quality_of
from slit.report.picks import picks_data
from tests.stored import stored_run
from tools.readme_table import (
    BEGIN,
    END,
    SCHEDULERS,
    described,
    equal_quality_table,
    picks_table,
    replaced,
)

LINK = re.compile(r"!?\[[^\]]*\]\(([^)#]+)(#[^)]*)?\)")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(repository: Path, name: str) -> None:
    text = (repository / name).read_text()
    targets = [target for target, _ in LINK.findall(text) if "://" not in target]
    assert [target for target in targets if not (repository / target).exists()] == []


def test_the_table_holds_the_picks_of_a_run(tmp_path: Path) -> None:
    run = stored_run(tmp_path / "run")
    picks = picks_data(run.front, search=run.manifest.optimizer)
    lines = picks_table(picks).splitlines()
    assert lines[0].startswith("| plan | Carbon emitted (kg CO2e) | ")
    rows = {line.split(" | ")[0].strip("| `"): line for line in lines[2:]}
    assert list(rows) == [mark.name for mark in picks.marks if mark.name != "random"]
    assert "%" not in rows["nearest"]
    row = picks.row("round_robin")
    change = picks.changes[row][0]
    assert change is not None
    assert f"({change:+.0f} %)".replace("-", "−") in rows["round_robin"]
    assert f"seed {run.manifest.seed}" in described(run, picks)
    assert "against `nearest`" in described(run, picks)


def test_the_table_at_equal_quality_is_of_schedulers(tmp_path: Path) -> None:
    run = stored_run(tmp_path / "run")
    found = equal_quality_of(run, picks_data(run.front, search=run.manifest.optimizer))
    assert found is not None
    lines = equal_quality_table(found).splitlines()
    assert lines[0].startswith("| against | Carbon emitted | ")
    named = [line.split("`")[1] for line in lines[2:]]
    assert named
    assert set(named) <= set(SCHEDULERS)
    nearest = next(row for row in found.rows if row.reference == "nearest")
    if nearest.plan is not None:
        assert lines[2].startswith(f"| `nearest` | {percent(nearest.change[0])} | ")


def test_only_what_stands_between_the_marks_is_replaced(repository: Path) -> None:
    assert replaced(f"a {BEGIN} old {END} b", "new") == f"a {BEGIN}\n\nnew\n\n{END} b"
    with pytest.raises(ValueError, match="expected both marks"):
        replaced(f"a {END} b {BEGIN}", "new")
    readme = (repository / "README.md").read_text()
    assert "| T |" in replaced(readme, "| T |")
