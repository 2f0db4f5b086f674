"""A row a request."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slit.errors import SlitError
from slit.problem import compile_problem
from slit.problem.placements import placements_of
from slit.replay.engines import serving_placements
from slit.replay.plan import Replay, ReplaySettings, serve_plan
from slit.scenario.scenario import Scenario
from tests.replay.test_plan import spread_plan
from tests.stored import small_scenario


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Two epochs of two minutes."""
    return small_scenario(epochs=2, epoch_seconds=120.0)


def written(scenario: Scenario, path: Path, *, threads: int, drain_s: float = 3600.0) -> Replay:
    plan, problem = spread_plan(scenario)
    settings = ReplaySettings(seed=3, drain_s=drain_s)
    return serve_plan(plan, problem, scenario, settings=settings, table=path, threads=threads)


def test_rows_are_what_is_summed(scenario: Scenario, tmp_path: Path) -> None:
    found = written(scenario, tmp_path / "one.parquet", threads=1)
    rows = pd.read_parquet(tmp_path / "one.parquet")
    sums = found.tally.sums
    served = rows[rows["outcome"] == "served"]
    assert len(rows) == found.generated.sum()
    assert served["ttft_s"].sum() == pytest.approx(sums[..., 1].sum())
    assert served["late"].sum() == sums[..., 2].sum()
    assert served["end_to_end_s"].sum() == pytest.approx(sums[..., 6].sum())
    classes = [each.name for each in scenario.classes]
    counts = served["class"].value_counts()
    assert [counts.get(name, 0) for name in classes] == sums[..., 0].sum(axis=(0, 1)).tolist()
    assert (served["end_to_end_s"] >= served["ttft_s"]).all()
    assert set(rows["stands_for"]) == {1.0}


def test_the_file_is_the_same_for_any_number_of_threads(scenario: Scenario, tmp_path: Path) -> None:
    for threads in (1, 2):
        written(scenario, tmp_path / f"{threads}.parquet", threads=threads)
    one, two = ((tmp_path / f"{threads}.parquet").read_bytes() for threads in (1, 2))
    assert one == two


def test_what_is_not_finished_has_a_row(scenario: Scenario, tmp_path: Path) -> None:
    # Requests of the last moments cannot finish without time to drain.
    found = written(scenario, tmp_path / "cut.parquet", threads=1, drain_s=0.0)
    rows = pd.read_parquet(tmp_path / "cut.parquet")
    left = rows[rows["outcome"] == "unserved"]
    assert len(left) == found.unserved > 0
    assert left["end_to_end_s"].isna().all()
    assert len(rows[rows["outcome"] == "refused"]) == found.refused


def test_a_file_that_cannot_be_written(scenario: Scenario, tmp_path: Path) -> None:
    problem = compile_problem(scenario)
    plan = problem.options[problem.gene_row, np.zeros(problem.genes, np.int64)]
    with pytest.raises(SlitError, match="expected a file to write"):
        serve_plan(
            plan, problem, scenario,
            settings=ReplaySettings(share=0.01), table=tmp_path / "nowhere" / "t.parquet",
        )  # fmt: skip


def test_nodes_are_counted_not_replicas(tmp_path: Path) -> None:
    """Two replicas a node: no row names a node beyond those that the plan runs."""
    scenario = small_scenario(epochs=2, epoch_seconds=120.0)
    types = tuple(each.model_copy(update={"gpus": 2 * each.gpus}) for each in scenario.node_types)
    found = written(replace(scenario, node_types=types), tmp_path / "rows.parquet", threads=1)
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    ledger = found.promised
    places = serving_placements(ledger.scenario, placements_of(ledger.scenario))
    assert max(each.replicas for each in places) > 1
    for p, placement in enumerate(placements_of(ledger.scenario)):
        nodes = rows[rows["placement"] == placement.name]["node"]
        if len(nodes):
            assert nodes.max() < ledger.nodes[:, p].max()
