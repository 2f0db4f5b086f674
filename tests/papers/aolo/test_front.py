"""The front of a cell-day: exact for weighted sums, searches never below it, the page of both."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from operators.types import Floats, Genes, Longs
from slit.commands.app import app
from slit.errors import SlitError
from slit.papers.aolo import front_kernels, kernels
from slit.papers.aolo.front import (
    NAMES,
    OPTIMIZERS,
    FrontProblem,
    front_problem,
    policy_points,
    reference_front,
    search,
)
from slit.papers.aolo.front_file import EXACT, optimize_day, read_front, write_front
from slit.papers.aolo.policies import decide, optimal
from slit.papers.aolo.report import learning_curves, report_html
from slit.papers.aolo.requests import CellDay, load_cell_day
from slit.papers.aolo.solve import SolvedDay, solve_day
from tests.papers.aolo.test_optimum import KG_PER_J, random_requests
from tests.papers.aolo.test_requests import written


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> CellDay:
    """Twelve requests of two hours, near and far."""
    path = written(
        tmp_path_factory.mktemp("cell"),
        ("epochs = 1", "epochs = 2"),
        ("requests = [1]", "requests = [7, 5]"),
        ("farthest_m = 10", "farthest_m = 90"),
        ("longest_tokens = 400", "longest_tokens = 400\nspread = 0.2"),
    )
    return load_cell_day(path)


@pytest.fixture(scope="module")
def solved(small: CellDay) -> SolvedDay:
    return solve_day(small, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def problem(solved: SolvedDay) -> FrontProblem:
    return front_problem(solved)


def as_planned(
    tokens: Longs, power: Floats, _C: Floats, _rng: np.random.Generator
) -> tuple[Longs, Floats]:
    """A policy that decides what is said."""
    return tokens, power


def every_decision(problem: FrontProblem, s: int) -> FrontProblem:
    """One request alone."""
    one = slice(s, s + 1)
    return FrontProblem(
        problem.C[one],
        problem.rows[:1],
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
        problem.shortest[one],
        problem.longest[one],
    )


def test_the_ends_by_hand() -> None:
    """cell-tiny: 10 J for the prompt and 0.5 J a token; 72 tokens are the fewest that are good
    enough, 140 are wanted."""
    solved = solve_day(load_cell_day("cell-tiny"), rng=np.random.default_rng(0))
    problem = front_problem(solved)
    ends = reference_front(problem, most=4).lexicographic
    assert ends["inference"][0] == pytest.approx((10 + 72 / 2) * KG_PER_J * 1000)
    assert ends["quality lost"][0] == pytest.approx((10 + 140 / 2) * KG_PER_J * 1000)
    assert ends["quality lost"][2] == pytest.approx(0.2 * ends["quality lost"][3] / 4)
    best = solved.decisions["optimum"]
    assert ends["link"][1] == pytest.approx(1000 * best.link_kg[0], rel=1e-4)  # 64 levels of power


def test_what_can_be_kept_is_what_the_optimum_serves() -> None:
    C = random_requests(np.random.default_rng(3), 300)
    wanted = np.clip(np.ceil(C[:, kernels.WANTED]), 1, C[:, kernels.LONGEST]).astype(np.int64)
    shortest, longest = np.zeros((2, len(C)), np.int64)
    front_kernels.kept_lengths(C, wanted, shortest, longest)
    served = optimal(C, np.random.default_rng(0))[0] > 0
    assert (served == (shortest > 0)).all()
    assert 0 < served.sum() < len(C)
    for s in np.flatnonzero(served):
        most = C[s, kernels.HIGH_W] * (1 + kernels.TOLERANCE)
        kept = [kernels.least_power(C[s], n) <= most for n in range(1, wanted[s] + 1)]
        assert np.flatnonzero(kept).tolist() == list(range(shortest[s] - 1, longest[s]))


def test_every_plan_keeps_deadline_and_floor(problem: FrontProblem) -> None:
    rng = np.random.default_rng(0)
    spans = problem.longest - problem.shortest
    for _ in range(20):
        tokens = problem.shortest + rng.integers(0, spans, endpoint=True)
        levels = rng.integers(0, front_kernels.LEVELS, len(spans))
        power = np.array(
            [
                front_kernels.decided(row, n, level)
                for row, n, level in zip(problem.C, tokens, levels, strict=True)
            ]
        )
        found = decide(problem.C, partial(as_planned, tokens, power), rng)
        assert found.kept.all()
        plan = np.column_stack([tokens - problem.shortest, levels]).ravel().astype(np.int16)
        mean = problem.evaluate(plan[None])[0]
        assert mean[0] == pytest.approx(1000 * (found.carbon_kg - found.link_kg).mean())
        assert mean[1:] == pytest.approx(
            [1000 * found.link_kg.mean(), 1 - found.quality.mean(), found.seconds.mean()]
        )


def test_no_decision_has_a_smaller_weighted_sum(problem: FrontProblem) -> None:
    """Against all lengths and levels of each request."""
    scale = problem.evaluate(problem.least(np.ones(4))[None])[0]
    rng = np.random.default_rng(1)
    for weights in [*rng.dirichlet(np.full(4, 0.4), 20), *np.eye(4)]:
        weighed = np.maximum(weights, 1e-6) / scale
        for s in range(len(problem.C)):
            one = every_decision(problem, s)
            lengths = np.arange(one.longest[0] - one.shortest[0] + 1)
            every = np.array(
                np.meshgrid(lengths, np.arange(front_kernels.LEVELS)), np.int16
            ).T.reshape(-1, 2)
            least = (one.evaluate(every) @ weighed).min()
            found = one.evaluate(one.least(weighed)[None])[0] @ weighed
            assert found == pytest.approx(least, rel=1e-12)


def test_a_plan_by_group_by_hand(problem: FrontProblem) -> None:
    assert problem.group_epoch.tolist() == [0, 1]
    last = front_kernels.LEVELS - 1
    wide = problem.spread(np.array([[0, 5, last, 7]], np.int16))[0]
    first = int((problem.group == 0).sum())
    assert wide[0 : 2 * first : 2].tolist() == [0] * first
    assert (wide[2 * first :: 2] == (problem.longest - problem.shortest)[first:]).all()
    assert wide[1::2].tolist() == [5] * first + [7] * (len(problem.C) - first)


@pytest.mark.parametrize("by_group", [True, False])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_search_is_below_the_exact_front(
    problem: FrontProblem, name: str, by_group: bool
) -> None:
    reference = reference_front(problem, most=20)
    first, second = (
        search(
            problem,
            name,
            reference=reference,
            evaluations=240,
            population=24,
            by_group=by_group,
            rng=np.random.default_rng(2),
        )
        for _ in range(2)
    )
    assert first.F.tobytes() == second.F.tobytes()
    assert first.evaluations >= 240
    assert reference.behind(first.F) > -1e-9
    assert reference.share(first.F) > 0
    assert reference.share(reference.F) == pytest.approx(1)
    assert abs(reference.behind(reference.F)) < 1e-9


def test_rules_that_keep_everything_are_not_below_either(
    problem: FrontProblem, solved: SolvedDay
) -> None:
    reference = reference_front(problem, most=20)
    points = policy_points(problem, solved, list(solved.decisions))
    kept = {name: point for name, (point, share) in points.items() if share == 1}
    assert {"optimum", "full-power"} <= set(kept)
    for point in kept.values():
        # Powers of rules lie between the levels of plans.
        assert reference.behind(point[None]) > -1e-3
    assert points["random"][1] < 1


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["wireless", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_front_and_page_of_the_command(tmp_path: Path) -> None:
    said = json.loads(
        run(
            "optimize", "cell-tiny", "--optimizer", "nsga2", "--evaluations", "100", "--weights",
            "10", "--output", str(tmp_path), "--json",
        )
    )  # fmt: skip
    assert said == read_front(tmp_path)
    assert [each["name"] for each in said["searches"]] == [EXACT, "nsga2"]
    assert said["searches"][0]["share"] == pytest.approx(1)
    assert list(said["lexicographic"]) == list(NAMES)
    assert "report.html" in run("report", str(tmp_path))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for part in ("decomposition", "fixed-length", "greedy-deadline", "Rules against the optimum"):
        assert part in page
    assert "Learning" not in page


def test_commands_of_runs_name_the_one_of_cell_days(tmp_path: Path) -> None:
    (tmp_path / "front.json").write_text("{}")
    for command in ("show", "report"):
        result = CliRunner().invoke(app, [command, str(tmp_path)])
        assert result.exit_code == 2
        assert (
            "expected a run folder (this is of a cell-day: slit wireless report)" in result.stderr
        )


def test_mistakes_are_one_message(tmp_path: Path) -> None:
    assert "did you mean 'nsga2'" in run("optimize", "cell-tiny", "--optimizer", "nsga", code=2)
    assert "expected what slit wireless optimize wrote" in run("report", str(tmp_path), code=2)
    (tmp_path / "front.json").write_text("{}", encoding="utf-8")
    assert "another file" in run("report", str(tmp_path), code=2)


def agent(path: Path, metadata: dict[str, str]) -> None:
    """A file of safetensors without tensors."""
    head = json.dumps({"__metadata__": metadata}).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head)


def test_learning_curves_are_read_without_what_trains(tmp_path: Path) -> None:
    curve = [
        {"steps": 100, "gap": None, "kept_share": 0.5},
        {"steps": 200, "gap": 0.25, "kept_share": 0.75},
    ]
    told = {"format": "slit wireless agent 1", "training": json.dumps({"curve": curve})}
    agent(tmp_path / "sac.safetensors", told)
    agent(tmp_path / "other.safetensors", {"format": "pt"})
    (found,) = learning_curves(tmp_path)
    assert found.name == "sac"
    assert np.isnan(found.gap[0])
    assert (found.steps[1], found.gap[1], found.kept[1]) == (200, 0.25, 0.75)
    content = optimize_day(load_cell_day("cell-tiny"), seed=0, weights=4)
    assert "sac: 25.00 % over the optimum, 75.0 % kept after 200 decisions" in report_html(
        content, [found]
    )
    (tmp_path / "sac.safetensors").write_bytes(b"no tensors here")
    with pytest.raises(SlitError, match=r"sac\.safetensors: damaged"):
        learning_curves(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SlitError, match="expected a folder to write"):
        write_front(tmp_path / "file" / "below", {})


def test_genes_are_integers_of_16_bits(problem: FrontProblem) -> None:
    plan: Genes = problem.least(np.ones(4))
    assert plan.dtype == np.int16
    assert len(plan) == problem.genes == 2 * len(problem.C)
