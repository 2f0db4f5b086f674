"""The report: numbers by hand, then the files."""

import csv
import math
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from plotly.graph_objects import Figure

from benchmarks.report.changes import changes_of
from benchmarks.report.compare import Group, curve_of, groups_of, overall
from benchmarks.report.draw import draw_curves, draw_shares
from benchmarks.report.runs import Arena, Point, SuiteRun, read_runs
from benchmarks.report.write import write_report
from benchmarks.store import Store, SuitePlan
from slit.errors import SlitError

HERE = Arena("tiny", ("carbon", "water"))
THERE = Arena("world-day", ("carbon", "water"))


def run(
    method: str,
    seed: int,
    share: float,
    *,
    arena: Arena = HERE,
    budget: str = "9 moves",
    curve: tuple[Point, ...] = (),
    picks: dict[str, dict[str, float]] | None = None,
) -> SuiteRun:
    return SuiteRun(
        arena=arena,
        budget=budget,
        method=method,
        kind="search" if budget else "baseline",
        seed=seed,
        share=share,
        share_found=share,
        igd_plus=1 - share,
        plans=3,
        evaluations=100,
        moves=0,
        seconds=2.0,
        peak_mb=math.nan,
        found_share=math.nan,
        curve=curve or (Point(1.0, 100, share),),
        picks=picks or {},
    )


def three_methods(arena: Arena = HERE) -> list[SuiteRun]:
    """Ours is best with every seed, theirs second."""
    return [
        run(method, seed, share + seed / 1000, arena=arena)
        for method, share in (("ours", 0.9), ("theirs", 0.8), ("other", 0.5))
        for seed in range(8)
    ]


def test_methods_are_sorted_and_compared_with_the_first() -> None:
    (group,) = groups_of([*three_methods(), run("nearest", 0, 0.1, budget="")])
    assert [row.method for row in group.rows] == ["ours", "theirs", "other", "nearest"]
    first, second, _, single = group.rows
    assert (first.against, first.verdict) == (None, "reference")
    assert second.share.median == pytest.approx(0.8035)
    assert second.against is not None
    assert second.against.p == pytest.approx(2 / 2**8)
    assert second.p == pytest.approx(3 * 2 / 2**8)  # three comparisons, Holm
    assert (second.against.rank_biserial, second.verdict) == (1.0, "better")
    assert single.against is not None
    assert single.against.pairs == 8
    assert group.searches == ("ours", "theirs", "other")
    assert group.friedman is not None
    assert group.friedman.mean_ranks == (1.0, 2.0, 3.0)


def test_a_losing_reference_is_said_to_lose() -> None:
    runs = three_methods()
    (group,) = groups_of([*runs[16:], *runs[:16]])
    assert group.reference == "other"
    assert [row.verdict for row in group.rows] == ["WORSE", "WORSE", "reference"]


def test_budgets_and_arenas_are_not_mixed() -> None:
    more = [run("ours", 0, 0.9, budget="5 CPU s"), run("ours", 0, 0.9, arena=THERE)]
    groups = groups_of([*three_methods(), *more, run("nearest", 0, 0.1, budget="")])
    labels = [(group.arena, group.budget, len(group.rows)) for group in groups]
    assert labels == [(HERE, "9 moves", 4), (HERE, "5 CPU s", 2), (THERE, "9 moves", 1)]


def test_methods_are_ranked_over_arenas() -> None:
    groups = groups_of([*three_methods(), *three_methods(THERE)])
    found = overall(groups)
    assert found is not None
    methods, ranks = found
    assert (set(methods), ranks.blocks) == ({"ours", "theirs", "other"}, 2)
    assert dict(zip(methods, ranks.mean_ranks, strict=True))["ours"] == 1.0
    assert overall(groups[:1]) is None
    assert overall([]) is None
    without = [each for each in three_methods() if each.method != "ours"]
    (other,) = groups_of(without)
    assert overall([*groups, other]) is not None
    assert overall([*groups, other]) == (methods, ranks)  # what lacks the reference does not count


def test_a_share_holds_until_the_next_look() -> None:
    one = run("m", 0, 0.6, curve=(Point(1.0, 1, 0.2), Point(4.0, 2, 0.6)))
    two = run("m", 1, 0.8, curve=(Point(2.0, 1, 0.4), Point(8.0, 2, 0.8)))
    curve = curve_of("m", [one, two])
    assert (curve.seconds[0], curve.seconds[-1]) == (pytest.approx(2.0), pytest.approx(4.0))
    assert curve.median[0] == pytest.approx((0.2 + 0.4) / 2)
    assert curve.median[-1] == pytest.approx((0.6 + 0.4) / 2)
    assert (curve.low <= curve.high).all()
    assert (np.diff(curve.median) >= 0).all()


def test_changes_by_hand() -> None:
    plans = ({"carbon": 1.0, "water": 4.0}, {"carbon": 3.0, "water": 6.0})
    runs = [run("ours", seed, 0.9, picks={"ours-balance": plan}) for seed, plan in enumerate(plans)]
    rival = {"carbon": 4.0, "water": 5.0}
    runs.append(run("nearest", 0, 0.1, budget="", picks={"nearest": rival}))
    (change,) = changes_of(runs)
    assert (change.pick, change.rival) == ("ours-balance", "nearest")
    assert change.percent == {"carbon": pytest.approx(-50.0), "water": pytest.approx(0.0)}
    assert change.better == 0.5  # the second plan takes more water


def test_the_plans_of_a_variant_bear_its_name() -> None:
    plan = {"carbon": 1.0, "water": 1.0}
    runs = [
        run("slit", 0, 0.9, picks={"slit-balance": plan}),
        run("no swaps", 0, 0.8, picks={"slit-balance": plan}),
        run("nearest", 0, 0.1, budget="", picks={"nearest": plan}),
    ]
    assert [change.pick for change in changes_of(runs)] == [
        "slit-balance",
        "no swaps: slit-balance",
    ]


def test_drawings_show_the_numbers() -> None:
    runs = three_methods()
    (group,) = groups_of(runs)
    bars = Figure(draw_shares(group)).data[0]
    assert list(bars.y) == ["other", "theirs", "ours"]
    assert list(bars.x) == [row.share.median for row in reversed(group.rows)]
    lines = [trace for trace in Figure(draw_curves(group)).data if trace.name]
    assert [trace.name for trace in lines] == ["ours", "theirs", "other"]


@pytest.fixture(scope="module")
def folder(smoke: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = Path(shutil.copytree(smoke, tmp_path_factory.mktemp("report") / "smoke"))
    write_report(copy)
    return copy


@pytest.fixture(scope="module")
def groups(smoke: Path, smoke_plan: SuitePlan) -> list[Group]:
    store = Store(smoke)
    runs, _ = read_runs(list(store.results(smoke_plan.jobs)), store)
    return groups_of(runs)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_igd_plus_is_to_the_best_of_all(smoke: Path, smoke_plan: SuitePlan) -> None:
    store = Store(smoke)
    runs, references = read_runs(list(store.results(smoke_plan.jobs)), store)
    assert {run.arena for run in runs} == set(references)
    assert all(run.igd_plus >= 0 for run in runs)
    assert all(run.share <= 1 for run in runs)
    assert all(run.curve[-1].share == pytest.approx(run.share) for run in runs)


def test_the_tables_hold_every_run_and_method(
    folder: Path, smoke_plan: SuitePlan, groups: list[Group]
) -> None:
    searches = [job for job in smoke_plan.jobs if job.phase in ("optimize", "evolve")]
    assert len(rows_of(folder / "runs.csv")) == len(searches)
    compared = rows_of(folder / "comparisons.csv")
    assert len(compared) == sum(len(group.rows) for group in groups)
    assert {"splitwise", "helix", "casper", "slit-paper"} <= {row["method"] for row in compared}
    changes = rows_of(folder / "changes.csv")
    assert {"slit-balance", "slit-carbon"} <= {row["pick"] for row in changes}
    assert {"carbon", "water", "cost", "ttft"} <= {row["metric"] for row in changes}
    fronts = rows_of(folder / "fronts.csv")
    assert [row["problem"] for row in fronts] == ["zdt1"]
    assert fronts[0]["ranks_equal"] == "True"


def test_the_markdown_holds_every_comparison(folder: Path, groups: list[Group]) -> None:
    text = (folder / "report.md").read_text()
    assert "slit benchmark run smoke --seeds 2" in text
    for group in groups:
        assert f"**{group.label}**" in text
        assert all(f"| {row.method} | " in text for row in group.rows)
    assert "slit-balance against the schedulers" in text


class Links(HTMLParser):
    """Everything a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.titles: list[str] = []
        self._title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._title = tag == "h2"
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "data")]

    def handle_data(self, data: str) -> None:
        if self._title:
            self.titles.append(data)
            self._title = False


def test_the_page_is_whole_and_loads_nothing(folder: Path, groups: list[Group]) -> None:
    text = (folder / "report.html").read_text()
    links = Links()
    links.feed(text)
    assert [link for link in links.found if not link.startswith("#")] == []
    assert re.search(r"Content-Security-Policy", text)
    assert {"Overview", "Machine and versions"} <= set(links.titles)
    assert {group.label for group in groups} <= set(links.titles)
    for method in ("slit", "slit-paper", "splitwise", "random"):
        assert f">{method}<" in text


def test_a_suite_that_is_not_done_says_so(
    smoke: Path, smoke_plan: SuitePlan, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(smoke, tmp_path / "part"))
    (copy / "jobs" / f"{smoke_plan.jobs[-1].key}.json").unlink()
    Store(copy).fail(smoke_plan.jobs[-1], "ValueError: no")
    write_report(copy)
    text = (copy / "report.html").read_text()
    assert "1 jobs are not done: these figures are preliminary" in text
    assert f"failed: {smoke_plan.jobs[-1].label}: ValueError: no" in text


def test_nothing_done_is_refused(tmp_path: Path, smoke_plan: SuitePlan) -> None:
    Store(tmp_path).write_plan(smoke_plan)
    with pytest.raises(SlitError, match="no job is done"):
        write_report(tmp_path)
