"""docs/sanity.md: its tables are those that its tool makes, and what it says of them holds."""

from pathlib import Path

from slit.scenario.load import load_scenario
from tools.sanity_table import replaced, tables


def test_the_page_is_what_the_tool_makes(repository: Path) -> None:
    text = (repository / "docs" / "sanity.md").read_text(encoding="utf-8")
    made = tables(load_scenario("world-2026"))
    assert replaced(text, made) == text
    rows = [line.split("|")[1:-1] for line in made.split("\n\n")[1].splitlines()[2:]]
    ratios = [float(row[-1]) for row in rows if row[-1].strip()]
    assert len(ratios) == 11
    assert (min(ratios), max(ratios)) == (0.4, 9.2)
