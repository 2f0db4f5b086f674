"""Killed searches: what continues them, what is refused, and what is left of them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import slit
from slit.errors import SlitError
from slit.objectives.registry import set_apart
from slit.record import read_run
from slit.record.checkpoint import CHECKPOINT, REQUEST
from slit.record.folder import partial_folder, replaced_folder
from slit.record.lock import LOCK, Holder, held
from slit.run import Progress
from tests.commands.test_commands import refused, said

SEARCH: dict[str, Any] = {
    "scenario": "tiny", "optimizer": "deap-nsga2", "population": 12, "seed": 4,
    "objectives": ["carbon", "water"], "baselines": False,
}  # fmt: skip
BITS = ("front.csv", "plans.npz", "scenario.json", "scenario.npz")


class Killed(BaseException):
    """What SIGKILL is: nothing runs after it."""


def killed_at(step: int) -> Any:
    def watch(progress: Progress) -> None:
        if progress.loop.step == step:
            raise Killed

    return watch


@pytest.fixture(autouse=True)
def often() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slit.record.checkpoint.Keeper.SECONDS", 0.0)
        patch.setattr("slit.record.checkpoint.Keeper.SHARE", 1e9)
        yield


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 120 evaluations, killed after 60, and the whole one beside it."""
    folder = tmp_path_factory.mktemp("left")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slit.record.checkpoint.Keeper.SECONDS", 0.0)
        patch.setattr("slit.record.checkpoint.Keeper.SHARE", 1e9)
        with pytest.raises(Killed):
            slit.optimize(**SEARCH, evaluations=120, output=folder / "run", watch=killed_at(5))
    slit.optimize(**SEARCH, evaluations=120, output=folder / "whole")
    slit.optimize(**SEARCH, evaluations=180, output=folder / "larger")
    return folder


@pytest.fixture
def place(left: Path, tmp_path: Path) -> Path:
    """Where the killed run would be."""
    shutil.copytree(left / "run.partial", tmp_path / "run.partial")
    return tmp_path / "run"


def same_bits(folder: Path, other: Path) -> bool:
    return all((folder / name).read_bytes() == (other / name).read_bytes() for name in BITS)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--seed 9", "seed 9, expected 4"),
        ("--optimizer nsga2", "optimizer nsga2, expected deap-nsga2"),
        ("--objectives carbon", "objectives carbon, expected carbon,water"),
        ("--population 14", "population 14, expected 12"),
        ("--baselines", "baselines yes, expected no"),
        ("--hours 1", "hours 1, expected 0.5"),
        ("--start 2023-01-01", "start 2023-01-01T00:00:00+00:00, expected 2023-06-21T12:00:00"),
        ("--start-plan other:3", "start plan other:3, expected none"),
        ("--limit carbon<=9", "limits carbon<=9, expected none"),
        ("--warm-nodes 1", "warm nodes {'*': 1}, expected none"),
        ("--plugin mine.py", "plug-in mine.py, expected none"),
        ("world-day", "scenario world-day, expected tiny"),
        (
            "--optimizer lexicographic --order carbon",
            "optimizer lexicographic, expected deap-nsga2",
        ),
    ],
)
def test_what_cannot_change_is_refused_with_both_values(
    option: str, message: str, place: Path
) -> None:
    assert f"resume: {message}" in refused("optimize", "--resume", place, *option.split())
    assert (partial_folder(place) / CHECKPOINT).exists()
    assert not place.exists()


def test_the_account_goes_on_when_resumed(tmp_path: Path) -> None:
    """Also where the scenario is named again, whose file says another account."""
    file, place, whole = tmp_path / "accounts.toml", tmp_path / "run", tmp_path / "whole"
    file.write_text(
        'schema = 1\nname = "accounts"\nextends = "tiny"\n'
        '[accounts.flat]\ncarbon = { value = 400, unit = "g/kWh" }\n'
    )
    search = SEARCH | {"scenario": file, "account": "flat"}
    with pytest.raises(Killed):
        slit.optimize(**search, evaluations=120, output=place, watch=killed_at(5))
    with pytest.raises(SlitError, match="account base, expected flat"):
        slit.resume(place, account="base")
    slit.optimize(**search, evaluations=120, output=whole)
    slit.resume(place, scenario=file)
    assert same_bits(place, whole)


def test_limits_are_kept_to_when_resumed(tmp_path: Path) -> None:
    limits = ["quality<=0.33"]
    place, whole = tmp_path / "run", tmp_path / "whole"
    with pytest.raises(Killed):
        slit.optimize(**SEARCH, evaluations=120, limits=limits, output=place, watch=killed_at(5))
    with pytest.raises(SlitError, match=r"limits quality<=0\.32, expected quality<=0\.33"):
        slit.resume(place, limits=["quality<=0.32"])
    with pytest.raises(SlitError, match=r"limits none, expected quality<=0\.33"):
        slit.resume(place, limits=[])
    resumed = slit.resume(place, limits=["quality <= 0.33"])
    slit.optimize(**SEARCH, evaluations=120, limits=limits, output=whole)
    assert same_bits(place, whole)
    assert resumed.limits == read_run(whole).manifest.resolved_limits != ()


def test_nodes_stay_warm_when_resumed(tmp_path: Path) -> None:
    asked: dict[str, Any] = {**SEARCH, "warm_nodes": {"small": 1}, "evaluations": 120}
    place, whole = tmp_path / "run", tmp_path / "whole"
    with pytest.raises(Killed):
        slit.optimize(**asked, output=place, watch=killed_at(5))
    for other in (1, {"small": 2}):
        with pytest.raises(SlitError, match=r"warm nodes .*, expected {'small': 1}"):
            slit.resume(place, warm_nodes=other)
    slit.resume(place, scenario="tiny", warm_nodes={"small": 1})
    slit.optimize(**asked, output=whole)
    assert same_bits(place, whole)
    manifest = read_run(place).manifest
    assert manifest.warm_nodes == {"small": 1}
    assert manifest.notes[-1].endswith("2 of 5 nodes, in 2 of 2 pools (2 small)")


PEAK = """
from slit.objectives import ledger_objective

@ledger_objective(name="peak_of_resume_test", unit="nodes", title="Most nodes at once")
def peak(ledger):
    return float(ledger.pool_nodes.sum(axis=1).max())
"""


def test_limits_on_objectives_of_a_plug_in_are_resumed(tmp_path: Path) -> None:
    file, place = tmp_path / "peak.py", tmp_path / "run"
    file.write_text(PEAK)
    limits = ["peak_of_resume_test<=3"]
    with set_apart(), pytest.raises(Killed):
        slit.optimize(
            **SEARCH, evaluations=120, limits=limits, plugin=file, output=place,
            watch=killed_at(5),
        )  # fmt: skip
    with set_apart():
        result = slit.resume(place, limits=limits, plugin=file)
    assert result.limits[0].most == 3.0
    assert read_run(place).manifest.limits == ("peak_of_resume_test<=3",)


def test_a_changed_scenario_is_refused(place: Path) -> None:
    changed = slit.load_scenario("world-day", hours=1)
    object.__setattr__(changed, "name", "tiny")
    with pytest.raises(SlitError, match=r"resume: scenario tiny: hash \w{12}, expected \w{12}"):
        slit.resume(place, scenario=changed)


def test_what_is_repeated_is_accepted(place: Path, left: Path) -> None:
    words = (
        "tiny --seed 4 --optimizer deap-nsga2 --objectives carbon,water --population 12 "
        "--no-baselines --hours 0.5 --evaluations 120"
    )
    assert said("optimize", "--resume", place, *words.split())["evaluations"] == 120
    assert same_bits(place, left / "whole")


def test_a_larger_budget_continues_to_the_new_limit(place: Path, left: Path) -> None:
    result = slit.resume(place, evaluations=180)
    assert (result.evaluations, str(result.stop)) == (180, "evaluations")
    assert same_bits(place, left / "larger")
    assert read_run(place).manifest.budget.evaluations == 180


def test_a_budget_that_is_used_up_ends_the_search(place: Path) -> None:
    result = slit.resume(place, evaluations=24)
    assert (result.evaluations, str(result.stop)) == (60, "evaluations")
    assert place.exists()


def test_a_budget_takes_the_place_of_the_old_one(place: Path) -> None:
    result = slit.resume(place, stagnation=10)
    assert str(result.stop) == "stagnation"
    assert asdict(read_run(place).manifest.budget) == {
        "evaluations": None, "moves": None, "seconds": None, "stagnation": 10,
    }  # fmt: skip


def test_a_new_budget_outlives_the_next_kill(place: Path, left: Path) -> None:
    with pytest.raises(Killed):
        slit.resume(place, evaluations=180, watch=killed_at(12))
    assert slit.resume(place).evaluations == 180
    assert same_bits(place, left / "larger")


def test_a_certificate_can_be_asked_for_when_resumed(place: Path) -> None:
    assert slit.resume(place, bound=True).certified is not None
    assert (place / "certificate.json").exists()


def test_overwrite_can_be_asked_for_when_resumed(place: Path, left: Path) -> None:
    shutil.copytree(left / "larger", place)
    with pytest.raises(SlitError, match=r"exists, expected a new folder or --overwrite"):
        slit.resume(place)
    slit.resume(place, overwrite=True)
    assert same_bits(place, left / "whole")
    assert [path.name for path in place.parent.iterdir()] == ["run"]


def test_a_checkpoint_of_another_request_is_refused(place: Path) -> None:
    file = partial_folder(place) / REQUEST
    file.write_text(file.read_text().replace('"seed": 4', '"seed": 5'))
    with pytest.raises(SlitError, match=r"checkpoint\.npz: of another search"):
        slit.resume(place)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_kill_between_the_renames_is_recovered(
    overwrite: bool, place: Path, left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after `number` renames of folders: of the old run, of the new one."""
    if overwrite:
        shutil.copytree(left / "larger", place)
    rename, calls = Path.rename, 0
    for allowed in range(2 if overwrite else 1):
        calls = 0

        def killing(self: Path, target: Path, allowed: int = allowed) -> Path:
            nonlocal calls
            calls += 1
            if calls > allowed:
                raise Killed
            return rename(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", killing)
            with pytest.raises(Killed):
                slit.resume(place, overwrite=overwrite)
        assert place.exists() == (overwrite and not allowed)
        assert "holds an unfinished run" in refused(
            "optimize", "tiny", "--output", place.with_name("run"), "--overwrite"
        )
    result = slit.resume(place)
    assert result.evaluations == 120
    assert same_bits(place, left / "whole")
    assert [path.name for path in place.parent.iterdir()] == ["run"]
    assert not (place / REQUEST).exists()


def test_a_kill_after_the_rename_leaves_a_complete_run(
    place: Path, left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(folder: Path) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("slit.api.recording.forget", die)
        with pytest.raises(Killed):
            slit.resume(place)
    assert read_run(place).manifest.evaluations == 120
    assert slit.resume(place).evaluations == 120
    assert not {CHECKPOINT, REQUEST, LOCK} & {path.name for path in place.iterdir()}
    with pytest.raises(SlitError, match="run is complete, expected an unfinished run"):
        slit.resume(place)
    assert same_bits(place, left / "whole")


def test_the_run_that_was_replaced_comes_back_where_the_new_one_is_gone(
    left: Path, tmp_path: Path
) -> None:
    place = tmp_path / "run"
    shutil.copytree(left / "whole", replaced_folder(place))
    with pytest.raises(SlitError, match="exists, expected a new folder"):
        slit.optimize(**SEARCH, evaluations=24, output=place)
    assert same_bits(place, left / "whole")


def test_two_processes_do_not_continue_one_search(place: Path, repository: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from slit.record.lock import held\n"
        "with held(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, partial_folder(place)],
        cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    host = Holder.current().host
    with pytest.raises(SlitError, match=rf"is being written by process {other.pid} on {host}"):
        slit.resume(place)
    with pytest.raises(SlitError, match=rf"is being written by process {other.pid} on {host}"):
        slit.optimize(**SEARCH, evaluations=24, output=place)
    other.kill()
    other.communicate()
    assert json.loads((partial_folder(place) / LOCK).read_text())["pid"] == other.pid
    assert slit.resume(place).evaluations == 120


@pytest.mark.parametrize(
    ("change", "free"),
    [
        ({}, False),
        ({"host": "elsewhere"}, False),
        ({"boot": "another"}, True),
        ({"started": "1"}, True),
        ({"pid": 2**22 + 1}, True),
    ],
)
def test_without_locks_of_the_system_the_file_decides(
    change: dict[str, Any], free: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(handle: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("slit.record.lock.fcntl.flock", unsupported)
    (tmp_path / LOCK).write_text(json.dumps(asdict(Holder.current()) | change))
    if free:
        with held(tmp_path):
            assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    else:
        with pytest.raises(SlitError, match=rf"is being written by process {os.getpid()} on"):
            held(tmp_path).__enter__()


def test_a_lock_that_is_no_file_of_its_own_is_not_written_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    for make in (os.symlink, os.link):
        folder = tmp_path / make.__name__
        folder.mkdir()
        make(precious, folder / LOCK)
        with pytest.raises(SlitError, match=r"lock\.json: "):
            held(folder).__enter__()
    assert precious.read_text() == "kept"
