"""What of a gap whole nodes close: between the bound and the plans, asked for once."""

import json
import re
import sys
from pathlib import Path

import pytest

from benchmarks.drivers import whole_nodes
from tests.stored import small_scenario, stored_run


def test_a_row_gives_shares_of_the_gap() -> None:
    parts = whole_nodes.Parts(gap=2.0, nodes=0.5, queues=0.2, loading=0.3, proven=False)
    assert parts.row("least carbon", 50.0) == (
        "| least carbon, whole nodes at least | 4.0 % | 25 % | 10 % | 15 % | 50 % |"
    )


def test_whole_nodes_tighten_the_bound_but_not_beyond_the_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = stored_run(tmp_path / "run", scenario=small_scenario())
    monkeypatch.setattr(sys, "argv", ["whole_nodes", str(run.folder), "--facets", "2"])
    whole_nodes.main()
    first = capsys.readouterr().out
    shares = [float(found) for found in re.findall(r"(\d+\.\d+)%", first)]
    assert len(shares) == 3
    share, tightened, unhurried = shares
    assert 0 < share <= tightened <= unhurried <= 100
    kept = json.loads((run.folder / "whole_nodes.json").read_text())
    assert sum(name.startswith("facet") for name in kept) == 2
    monkeypatch.setattr(whole_nodes, "whole_node_bound", None)  # all is read from the file
    whole_nodes.main()
    assert capsys.readouterr().out == first
