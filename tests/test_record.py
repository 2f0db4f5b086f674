"""Run folders: complete or not there, exact, and safe to read."""

import csv
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

import slit
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.optimizers.protocol import Task
from slit.optimizers.registry import make_optimizer
from slit.problem import compile_problem
from slit.record import read_run, reevaluate, runs
from slit.record.checkpoint import (
    CHECKPOINT,
    Checkpoint,
    read_checkpoint,
    read_unfinished,
    write_checkpoint,
)
from slit.record.folder import claim, partial_folder, publish
from slit.record.tables import read_plans
from slit.report.marks import axes_of
from slit.run import LoopState, Progress
from slit.scenario.scenario import Scenario
from tests.builders import random_scenario

NAMES = ["carbon", "water", "cost", "quality"]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return random_scenario(np.random.default_rng(5), genes=24, spare_nodes=30)


@pytest.fixture(scope="module")
def written(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    slit.optimize(scenario, optimizer="deap-nsga2", population=12, evaluations=60, output=folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "run"))


def test_a_run_folder_reads_back_to_the_bit(scenario: Scenario, tmp_path: Path) -> None:
    result = slit.optimize(scenario, optimizer="nearest", output=tmp_path / "run")
    run = read_run(tmp_path / "run")
    assert (run.front.X == result.front.X).all()
    assert (run.front.F == result.front.F).all()
    assert (run.front.G == result.front.G).all()
    assert run.front.methods == result.front.methods
    assert (run.on_front == result.front.on_front).all()
    assert reevaluate(run) == runs.Reevaluation(True, len(result.front), 0.0)


def test_the_files_are_as_documented(written: Path) -> None:
    files = {file.name for file in written.iterdir()}
    assert {"front.csv", "plans.npz", "manifest.json", "history.csv", "scenario.json"} <= files
    assert not files & {CHECKPOINT, "request.json", "start.npz"}
    with (written / "front.csv").open() as stream:
        header = next(csv.reader(stream))
    assert header == ["plan", "method", *NAMES, "violation", "on_front"]
    said = json.loads((written / "manifest.json").read_text())
    assert (said["seed"], said["evaluations"], said["stop"]) == (1, 60, "evaluations")
    assert said["units"] == {"carbon": "kg CO2e", "water": "L", "cost": "USD", "quality": "share"}
    assert said["settings"]["population"] == 12
    assert (said["moves"], said["feasible"], said["plugin"]) == (0, True, None)
    assert len(said["scenario_hash"]) == 64
    assert {"slit", "python", "numpy"} <= set(said["versions"])
    with np.load(written / "plans.npz", allow_pickle=False) as archive:
        assert archive.files == ["X"]


def test_an_existing_folder_is_not_overwritten(folder: Path, scenario: Scenario) -> None:
    before = (folder / "front.csv").read_bytes()
    with pytest.raises(SlitError, match=r"exists, expected a new folder or --overwrite"):
        slit.optimize(scenario, optimizer="nearest", output=folder)
    assert (folder / "front.csv").read_bytes() == before
    slit.optimize(scenario, optimizer="nearest", output=folder, overwrite=True)
    assert read_run(folder).manifest.optimizer == "nearest"
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_only_run_folders_are_overwritten(tmp_path: Path, scenario: Scenario) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(SlitError, match="not empty and no run folder"):
        slit.optimize(scenario, optimizer="nearest", output=tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_an_unfinished_run_is_reported_and_kept(tmp_path: Path, scenario: Scenario) -> None:
    partial = partial_folder(tmp_path / "run")
    partial.mkdir()
    (partial / "something").write_text("kept")
    with pytest.raises(SlitError, match=r"unfinished run, expected --resume"):
        slit.optimize(scenario, optimizer="nearest", output=tmp_path / "run")
    assert (partial / "something").read_text() == "kept"
    assert not (tmp_path / "run").exists()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SlitError, match="expected a folder to write to"):
        claim(tmp_path / "file" / "run")


@pytest.mark.parametrize("step", ["write_plans", "write_front", "write_history", "write_manifest"])
def test_a_failure_while_writing_leaves_nothing(
    step: str, tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **named: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(runs, step, fail)
    with pytest.raises(OSError, match="disk full"):
        slit.optimize(scenario, optimizer="nearest", output=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_rename_keeps_the_old_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / "front.csv").read_bytes()
    partial = claim(folder, overwrite=True)
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self == partial:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(SlitError, match=r"No space left on device, .*--resume .* tries again"):
        publish(partial, folder, overwrite=True)
    assert (folder / "front.csv").read_bytes() == before


class Trap:
    """Unpickling this would write a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.write_text, (self.target, "pickle was loaded"))


def test_pickled_plans_are_refused_and_not_run(folder: Path) -> None:
    trap = folder / "trap"
    objects = np.empty(1, dtype=object)
    objects[0] = Trap(trap)
    np.savez(folder / "plans.npz", X=objects)
    with pytest.raises(SlitError, match=r"plans\.npz: damaged .Object arrays cannot be loaded"):
        read_run(folder)
    (folder / "plans.npz").write_bytes(pickle.dumps(Trap(trap)))
    with pytest.raises(SlitError, match=r"plans\.npz: .* expected an archive"):
        read_run(folder)
    assert not trap.exists()


@pytest.mark.parametrize("cut", [0, 1, 10, 100, -1])
def test_a_cut_archive_is_refused(folder: Path, cut: int) -> None:
    content = (folder / "plans.npz").read_bytes()
    (folder / "plans.npz").write_bytes(content[:cut])
    with pytest.raises(SlitError, match=r"plans\.npz: .* expected an archive"):
        read_run(folder)


def test_a_flipped_byte_never_changes_plans_in_silence(folder: Path) -> None:
    content = bytearray((folder / "plans.npz").read_bytes())
    right = read_plans(folder)
    refused = 0
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        (folder / "plans.npz").write_bytes(bytes(damaged))
        try:
            found = read_plans(folder)
        except SlitError:
            refused += 1
        else:
            assert (found == right).all()
    assert refused > len(content) / 7 / 2


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3)), "expected integers"),
        (np.zeros(3, np.int16), "expected integers"),
        (np.full((2, 3), 99_999), "expected placement indices"),
    ],
)
def test_foreign_arrays_are_refused(folder: Path, array: np.ndarray, message: str) -> None:
    np.savez(folder / "plans.npz", X=array)
    with pytest.raises(SlitError, match=message):
        read_run(folder)


def test_an_archive_without_plans_is_refused(folder: Path) -> None:
    np.savez(folder / "plans.npz", Y=np.zeros(3))
    with pytest.raises(SlitError, match="expected integers"):
        read_run(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("carbon,water", "water,carbon", r"front\.csv:1: columns"),
        ("deap-nsga2,", "deap-nsga2,x", r"front\.csv:2: 'x[\d.]+', expected a number"),
        ("deap-nsga2,", "deap-nsga2,nan,", r"front\.csv:2: 9 columns, expected 8"),
        ("\n0,", "\nnan,", r"front\.csv:2: not finite"),
        ("0,deap-nsga2", '"0,deap-nsga2', r"front\.csv: "),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(
    folder: Path, old: str, new: str, message: str
) -> None:
    text = (folder / "front.csv").read_text()
    assert old in text
    (folder / "front.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(SlitError, match=message):
        read_run(folder)


def test_missing_and_foreign_files_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SlitError, match="no folder"):
        read_run(tmp_path / "nowhere")
    text = (folder / "front.csv").read_text()
    (folder / "front.csv").write_text("\n".join(text.splitlines()[:-1]) + "\n")
    with pytest.raises(SlitError, match=r"plans, expected \d+ \(rows of plans\.npz\)"):
        read_run(folder)
    (folder / "front.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(SlitError, match="UTF-8"):
        read_run(folder)
    (folder / "front.csv").write_text("")
    with pytest.raises(SlitError, match="empty, expected a table"):
        read_run(folder)
    (folder / "front.csv").unlink()
    with pytest.raises(SlitError, match="No such file"):
        read_run(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(SlitError, match=r"manifest\.json"):
        read_run(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(SlitError, match=r"has no manifest\.json, expected a run folder"):
        read_run(folder)


def test_a_manifest_of_another_scenario_or_format_is_refused(folder: Path) -> None:
    said = json.loads((folder / "manifest.json").read_text())
    for change, message in (
        ({"scenario_hash": "0" * 64}, "expected 000000000000"),
        ({"format": 99}, "format 99, expected 1"),
        ({"units": {"carbon": "kg"}}, "no unit of water, cost, quality"),
        ({"evaluations": -1}, "evaluations: -1, expected a number >= 0"),
    ):
        (folder / "manifest.json").write_text(json.dumps(said | change))
        with pytest.raises(SlitError, match=message):
            read_run(folder)


def test_changed_values_are_found(folder: Path) -> None:
    lines = (folder / "front.csv").read_text().splitlines()
    cells = lines[1].split(",")
    cells[2] = repr(float(cells[2]) * 1.5)
    (folder / "front.csv").write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    found = reevaluate(read_run(folder))
    assert not found.equal
    assert found.largest_difference == pytest.approx(1 / 3)


def test_a_changed_mark_is_found(folder: Path) -> None:
    lines = (folder / "front.csv").read_text().splitlines()
    other = "0" if lines[1].endswith("1") else "1"
    text = "\n".join([lines[0], lines[1][:-1] + other, *lines[2:]]) + "\n"
    (folder / "front.csv").write_text(text)
    found = reevaluate(read_run(folder))
    assert not found.equal
    assert found.largest_difference == 0


PLUGIN = """
from slit.objectives import cell_objective

@cell_objective(name="{name}", unit="kWh", title="Grid energy")
def {name}(it, facility, grid, nodes, data):
    return grid
"""


def test_a_plugin_is_named_by_the_user_and_checked(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN.format(name="grid_of_record_test"))
    slit.optimize(scenario, optimizer="nearest", plugin=file, output=tmp_path / "run")
    run = read_run(tmp_path / "run")
    assert run.front.names == (*NAMES, "grid_of_record_test")
    assert run.manifest.titles["grid_of_record_test"] == "Grid energy"
    with monkeypatch.context() as patch:
        patch.setattr("slit.report.marks.available", lambda: ())  # as where it is not loaded
        assert axes_of(run.front.rows(run.front.on_front))[-1].full == "Grid energy (kWh)"
    with pytest.raises(SlitError, match=r"plug-in: none given, expected --plugin FILE"):
        reevaluate(run)
    assert reevaluate(run, plugin=file).equal
    file.write_text(PLUGIN.format(name="grid_of_record_test") + "\n# changed\n")
    with pytest.raises(SlitError, match=r"SHA-256 \w{12}, expected \w{12}"):
        reevaluate(run, plugin=file)
    with pytest.raises(SlitError, match="no file"):
        reevaluate(run, plugin=tmp_path / "missing.py")


def test_checkpoints_hold_arrays_and_plain_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rng.random(7)
    state = {
        "X": np.arange(6).reshape(2, 3),
        "rng": rng.bit_generator.state,
        "deep": {"a": [1, 2.5]},
    }
    write_checkpoint(Checkpoint(LoopState(step=4), state), tmp_path, key="one")
    write_checkpoint(Checkpoint(LoopState(step=5), state), tmp_path, key="one")
    found = read_checkpoint(tmp_path, key="one")
    assert found is not None
    assert found.loop.step == 5
    assert (found.state["X"] == state["X"]).all()
    assert found.state["deep"] == {"a": [1, 2.5]}
    other = np.random.default_rng(0)
    other.bit_generator.state = found.state["rng"]
    assert other.random() == rng.random()
    assert [file.name for file in tmp_path.iterdir()] == [CHECKPOINT]


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"PK nothing")
    with pytest.raises(SlitError, match="expected an archive of a search's state"):
        read_checkpoint(tmp_path, key="one")


class Killed(BaseException):
    """What SIGKILL is: nothing runs after it."""


@pytest.mark.parametrize("after", [1, 2, 5, 9])
def test_a_killed_search_continues_with_the_same_bits(
    after: int, tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(place: Path, **more: object) -> slit.Result:
        return slit.optimize(
            scenario,
            optimizer="deap-nsga2",
            population=12,
            evaluations=120,
            seed=4,
            output=place,
            **more,  # type: ignore[arg-type]
        )

    whole = search(tmp_path / "whole")
    monkeypatch.setattr("slit.api.calls.remove_run", lambda partial: None)
    monkeypatch.setattr("slit.record.checkpoint.Keeper.SECONDS", 0.0)
    monkeypatch.setattr("slit.record.checkpoint.Keeper.SHARE", 1e9)

    def kill(progress: Progress) -> None:
        if progress.loop.step == after:
            raise Killed

    with pytest.raises(Killed):
        search(tmp_path / "run", watch=kill)
    assert not (tmp_path / "run").exists()
    checkpoint = read_unfinished(partial_folder(tmp_path / "run")).checkpoint
    assert checkpoint is not None
    assert checkpoint.loop.step == after
    rest = slit.resume(tmp_path / "run")
    assert rest.evaluations == whole.evaluations == 120
    assert (rest.front.X == whole.front.X).all()
    assert (rest.front.F == whole.front.F).all()
    first, second = (tmp_path / name / "front.csv" for name in ("whole", "run"))
    assert first.read_bytes() == second.read_bytes()
    assert not partial_folder(tmp_path / "run").exists()


def test_there_has_to_be_something_to_continue(tmp_path: Path) -> None:
    with pytest.raises(SlitError, match="expected an unfinished run"):
        slit.resume(tmp_path / "run")
    partial_folder(tmp_path / "run").mkdir()
    with pytest.raises(SlitError, match=r"has no request\.json"):
        slit.resume(tmp_path / "run")


def test_a_state_is_taken_between_tell_and_ask(scenario: Scenario) -> None:
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=find(NAMES))
    optimizer = make_optimizer("deap-nsga2", Task.of(evaluator), rng=np.random.default_rng(1))
    optimizer.ask()
    with pytest.raises(SlitError, match="state: plans still wait for tell"):
        optimizer.state()  # type: ignore[attr-defined]
