"""`slit bound`, and the certificate of a run from the search to the page."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slit
from slit.api import bounds as api_bounds
from slit.app.certify import certified as certified_of_page
from slit.app.run_store import RunStore
from slit.certificates import bounds
from slit.certificates.bounds import LATTICE, REFINED, gaps
from slit.display import least_share
from slit.errors import SlitError
from slit.lp.solver import SolverError
from slit.objectives.registry import set_apart
from slit.record import read_certificate, read_run
from slit.record.certificate import CERTIFICATE
from slit.relaxation.subproblem_solver import EpochPoint, SubproblemSolver
from slit.relaxation.terms import RelaxedTerms, relaxed_terms
from slit.stop import StopReason
from tests.commands.test_commands import SMALL, call, refused, said

KEYS = {
    "certified_share",
    "hypervolume",
    "hypervolume_bound",
    "hypervolume_bound_error",
    "ideal",
    "reference",
    "weights",
    "plans",
    "gaps",
    "left_out",
    "parts",
}
PLUGIN = """
from slit.objectives import ledger_objective, linear_objective

@ledger_objective(name="peak_power", unit="kWh", title="Largest hour")
def peak_power(ledger):
    return float(ledger.facility_kwh.sum(axis=1).max())
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bound") / "run"
    assert call("optimize", "tiny", *SMALL, "--output", folder, "--quiet").stdout == ""
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "run"))


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    return file


def no_solving(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a program was built")

    monkeypatch.setattr("slit.api.bounds.Relaxation", fail)


def test_a_scenario_has_an_ideal_and_a_bound() -> None:
    content = said("bound", "tiny", "--objectives", "carbon,quality")
    assert set(content) == KEYS
    assert content["certified_share"] is content["hypervolume"] is content["plans"] is None
    assert list(content["ideal"]) == ["carbon", "quality"]
    assert 0 < content["hypervolume_bound"] <= 1.1**2 * (1 + 1e-8)
    assert content["hypervolume_bound_error"] < 1e-6
    for name, ideal in content["ideal"].items():
        assert content["reference"][name] > ideal
    result = call("bound", "tiny", "--objectives", "carbon,quality", "--weights", 4, "--refined", 0)
    assert result.exit_code == 0
    assert "no plan below" in result.stdout
    assert "(4 weight vectors, exact volume)" in result.stdout


def test_a_run_is_measured_by_the_same_bound(folder: Path) -> None:
    scenario, content = said("bound", "tiny"), said("bound", folder)
    assert set(content) == KEYS
    assert content["hypervolume_bound"] == scenario["hypervolume_bound"]
    assert content["ideal"] == scenario["ideal"]
    front = read_run(folder).front
    assert content["plans"] == int(front.on_front.sum())
    assert content["certified_share"] == pytest.approx(
        content["hypervolume"] / content["hypervolume_bound"]
    )
    certificate = slit.bound("tiny")
    assert content["certified_share"] == certificate.share(front.F[front.on_front])
    for gap, said_gap in zip(
        gaps(certificate.box, front.F[front.on_front]), content["gaps"], strict=True
    ):
        assert (gap.name, gap.best, gap.percent) == (
            said_gap["name"],
            said_gap["best"],
            said_gap["percent_of_bound"],
        )


def test_more_weights_are_another_bound_that_the_folder_does_not_keep(folder: Path) -> None:
    before = (folder / CERTIFICATE).read_bytes()
    coarse = said("bound", folder, "--weights", 4, "--refined", 0)
    assert coarse["weights"] == 4
    assert coarse["certified_share"] < said("bound", folder)["certified_share"]
    two = said("bound", folder, "--objectives", "carbon,quality")
    assert list(two["ideal"]) == ["carbon", "quality"]
    assert (folder / CERTIFICATE).read_bytes() == before


def test_optimize_show_report_and_page_use_one_certificate(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_solving(monkeypatch)
    share = said("bound", folder)["certified_share"]
    shown = said("show", folder)
    assert shown["certified_share"] == shown["certified"]["certified_share"] == share
    words = f"at least {least_share(share)} of the hypervolume"
    for name in ("show", "bound"):
        printed = call(name, folder).stdout
        assert words in printed
        assert "Reference point: carbon " in printed
        assert " weight vectors" in printed
    assert words in (folder / "report.html").read_text()
    call("report", folder, "--output", folder / "again.html")
    assert "What is possible" in (folder / "again.html").read_text()
    assert certified_of_page(RunStore([folder]), 0).share == share


def test_optimize_prints_the_share_or_does_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = call("optimize", "tiny", *SMALL, "--output", tmp_path / "run").stdout
    share = said("show", tmp_path / "run")["certified_share"]
    assert f"Certified: {said('bound', tmp_path / 'run')['plans']} plans reach" in printed
    assert f"{least_share(share)} of the hypervolume that any front could have" in printed
    content = said("optimize", "tiny", *SMALL, "--output", tmp_path / "same")
    assert content["certified_share"] == share
    no_solving(monkeypatch)
    bare = tmp_path / "bare"
    assert said("optimize", "tiny", *SMALL, "--no-bound", "--output", bare) == {
        **content,
        "run": str(bare),
        "certified_share": None,
        "gaps": [],
        "seconds": pytest.approx(0, abs=1e9),
    }
    assert not (bare / CERTIFICATE).exists()
    assert said("show", bare)["certified"] is None
    assert "What is possible" not in (bare / "report.html").read_text()


def test_a_run_without_a_certificate_gets_one(folder: Path) -> None:
    kept = (folder / CERTIFICATE).read_text()
    (folder / CERTIFICATE).unlink()
    call("report", folder)
    assert "What is possible" not in (folder / "report.html").read_text()
    said("bound", folder)
    assert (folder / CERTIFICATE).read_text() == kept
    assert "What is possible" in (folder / "report.html").read_text()


def test_the_gap_is_made_of_its_parts(folder: Path) -> None:
    before = said("bound", folder)["parts"]
    assert {each["nodes"] for each in before["extremes"]} == {None}
    assert ">not measured<" in (folder / "report.html").read_text()
    content = said("bound", folder, "--gap")
    parts = content["parts"]
    volume = parts["hypervolume"]
    names = ("hypervolume", "weights", "size", "nodes", "waits", "left")
    assert sum(volume[name] for name in names) == pytest.approx(content["hypervolume_bound"])
    assert volume["weights"] >= 0
    assert volume["nodes"] > 0
    for each, gap in zip(parts["extremes"], content["gaps"], strict=True):
        assert each["proven"]
        assert each["nodes"] >= 0
        made = each["nodes"] + each["waits"] + each["left"]
        assert made == pytest.approx(gap["best"] - gap["bound"])
        assert each["left"] >= -1e-6 * abs(gap["best"])
    assert said("bound", folder)["parts"] == parts
    assert ">not measured<" not in (folder / "report.html").read_text()


def test_objectives_without_a_linear_part_are_left_out(plugin: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with set_apart():
        call(
            "optimize", "tiny", *SMALL, "--plugin", plugin, "--output", folder, "--objectives",
            "peak_power,carbon,quality",
        )  # fmt: skip
        content = said("bound", folder)
        assert content["left_out"] == {"peak_power": "no linear part"}
        assert list(content["ideal"]) == ["carbon", "quality"]
        printed = call("show", folder).stdout
        assert "Left out of the certificate: peak_power (no linear part)." in printed
        assert "peak_power" in call("bound", folder).stdout
        assert content["certified_share"] == 0
        assert "none is better than the reference point" in printed
        alone = call(
            "optimize", "tiny", *SMALL, "--plugin", plugin, "--output", tmp_path / "alone",
            "--objectives", "peak_power", "--no-baselines",
        )  # fmt: skip
        assert "no certificate: objectives: peak_power, expected at least one" in alone.stdout
        assert alone.exit_code == 0
        assert "peak_power" in refused("bound", tmp_path / "alone", "--plugin", plugin)
        assert "--plugin" in refused("bound", folder, "--weights", 4)


def test_one_objective_has_an_ideal_and_no_share(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    content = said("optimize", "tiny", *SMALL, "--objectives", "carbon", "--output", folder)
    assert content["certified_share"] is None
    found = said("bound", folder, "--gap")
    assert found["hypervolume_bound"] is found["certified_share"] is None
    assert found["parts"]["hypervolume"] is None
    assert "fewer than two of the bounded objectives conflict" in call("bound", folder).stdout
    assert "fewer than two" in call("bound", "tiny", "--objectives", "carbon").stdout


def test_no_feasible_plan_has_no_share(folder: Path) -> None:
    run = read_run(folder)
    lines = (folder / "front.csv").read_text().splitlines()
    rows = [line.rsplit(",", 2)[0] + ",3.0,0" for line in lines[1:]]
    (folder / "front.csv").write_text("\n".join([lines[0], *rows]) + "\n")
    (folder / CERTIFICATE).unlink()
    content = said("bound", folder, "--gap")
    assert content["certified_share"] == content["plans"] == 0
    assert content["gaps"] == []
    assert "no plan is feasible" in call("show", folder).stdout
    assert len(run.front) == len(rows)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:40], "unterminated string"),
        (lambda _: "[]", "TypeError"),
        (lambda _: "{}", "KeyError"),
        (lambda text: text.replace('"format": 1', '"format": 7'), "format 7"),
        (lambda text: text.replace('"scenario_hash": "', '"scenario_hash": "0'), "another"),
        (lambda text: text.replace('"carbon"', '"tea"', 1), "objectives tea"),
        (lambda text: text.replace('"offsets": [', '"offsets": [9.0, '), "numbers"),
        (lambda text: text.replace('"extremes": [', '"extremes": [3, '), "validation error"),
    ],
)
def test_a_damaged_certificate_is_one_message(
    folder: Path, damage: Callable[[str], str], message: str
) -> None:
    file = folder / CERTIFICATE
    whole = file.read_text()
    file.write_text(damage(whole))
    assert file.read_text() != whole
    for command in ("show", "bound", "report"):
        complaint = refused(command, folder)
        assert CERTIFICATE in complaint
        assert message in complaint
        assert "remove the file" in complaint


def test_a_certificate_below_a_plan_is_refused(folder: Path) -> None:
    file = folder / CERTIFICATE
    content = json.loads(file.read_text())
    content["certificate"]["ideal"][0] += 0.5
    file.write_text(json.dumps(content))
    assert "below the least possible" in refused("show", folder)


def test_the_help_states_the_defaults() -> None:
    printed = " ".join(call("bound", "--help").stdout.split())
    assert f"(default: {LATTICE}; of many epochs fewer)" in printed
    assert f"(default: {REFINED}; of many epochs fewer)" in printed


def test_a_folder_that_cannot_be_written_still_gets_its_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / CERTIFICATE).unlink()

    def full(path: Path, *_: object, **__: object) -> None:
        raise SlitError(f"{path}: No space left on device, expected a file to write")

    monkeypatch.setattr("slit.record.certificate.write_json", full)
    result = call("bound", folder, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["certified_share"] > 0
    assert "not kept in the run folder" in result.stderr


def test_refuses(folder: Path, tmp_path: Path) -> None:
    assert "no such run or scenario" in refused("bound", tmp_path / "nothing")
    assert "has no manifest.json" in refused("bound", tmp_path)
    assert "--gap" in refused("bound", "tiny", "--gap")
    assert "'tea'" in refused("bound", "tiny", "--objectives", "tea")
    assert "twice" in refused("bound", "tiny", "--objectives", "cost,cost")
    assert "of the run" in refused("bound", folder, "--objectives", "carbon,energy")
    for options in (("--weights", "0"), ("--refined", "-1"), ("--threads", "-1"), ("--tea",)):
        result = call("bound", "tiny", *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Traceback" not in result.stderr


def test_python_gives_the_certificate_when_asked(tmp_path: Path) -> None:
    options = {"optimizer": "nsga2", "evaluations": 200, "seed": 3}
    assert slit.optimize("tiny", **options).certified is None  # type: ignore[arg-type]
    found = slit.optimize("tiny", **options, bound=True, output=tmp_path / "run")  # type: ignore[arg-type]
    assert found.certified is not None
    run = read_run(tmp_path / "run")
    again, kept = slit.certify(run), read_certificate(run)
    assert kept is not None
    assert found.certified.share == again.share == kept.share
    assert found.certified.parts == again.parts == kept.parts
    assert not (found.front.F[found.front.on_front] < kept.certificate.box.ideal).any()
    with pytest.raises(SlitError, match=r"hours: 2, expected 0\.5"):
        slit.bound(slit.load_scenario("tiny"), hours=2)


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), SlitError("x"), SolverError("y")])
def test_trouble_with_the_certificate_loses_no_plans(
    trouble: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(api_bounds, "certified_front", fail)
    folder = tmp_path / "run"
    result = call("optimize", "tiny", *SMALL, "--output", folder)
    interrupted = isinstance(trouble, KeyboardInterrupt)
    assert result.exit_code == (130 if interrupted else 0)
    run = read_run(folder)
    assert run.manifest.stop is StopReason.EVALUATIONS
    assert not (folder / CERTIFICATE).exists()
    assert np.isfinite(run.front.F).all()
    assert any("no certificate" in note for note in run.manifest.notes)
    assert "no certificate" in result.stdout


def test_an_interrupted_search_is_not_certified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_solving(monkeypatch)

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    result = slit.optimize(
        "tiny", optimizer="nsga2", evaluations=400, bound=True, watch=interrupt,
        output=tmp_path / "run",
    )  # fmt: skip
    assert result.stop is StopReason.INTERRUPTED
    assert result.certified is None
    assert api_bounds.UNCERTIFIED in result.notes
    assert not (tmp_path / "run" / CERTIFICATE).exists()


def test_a_run_over_many_epochs_says_that_its_certificate_is_looser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MOST_SOLVES", 16)  # tiny has two epochs, which differ
    monkeypatch.setenv("SLIT_CACHE_DIR", "/dev/null")
    result = slit.optimize("tiny", optimizer="nearest", baselines=False, bound=True)
    assert result.certified is not None
    assert result.certified.weights <= 8
    (note,) = result.notes
    assert "at most 8 weight vectors instead of 165, as 2 epochs differ" in note


def test_a_run_builds_and_solves_what_all_its_parts_share_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLIT_CACHE_DIR", "/dev/null")
    built: list[tuple[str, ...]] = []
    cornered: list[int] = []
    corner = SubproblemSolver.lexicographic

    def counted_terms(*given: Any) -> RelaxedTerms:
        built.append(tuple(objective.name for objective in given[1]))
        return relaxed_terms(*given)

    def counted_corner(self: SubproblemSolver, stages: list[Any]) -> EpochPoint:
        cornered.append(self.program.epoch)
        return corner(self, stages)

    monkeypatch.setattr("slit.relaxation.relaxation.relaxed_terms", counted_terms)
    monkeypatch.setattr(SubproblemSolver, "lexicographic", counted_corner)
    result = slit.optimize("tiny", evaluations=400, bound=True)
    names = ("carbon", "water", "cost", "quality")
    assert built.count(names) == 1  # casper has one of its own
    assert sorted(cornered) == [0] * 4 + [1] * 4
    assert result.certified is not None
    alone = slit.bound("tiny")
    assert result.certified.bound == alone.bound
    np.testing.assert_array_equal(result.certified.certificate.offsets, alone.offsets)
