"""Run folders that were received, forged or damaged, and folders that are the user's own."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import slit
from slit.errors import SlitError
from slit.files import write_arrays, write_file, write_named
from slit.record import read_certificate, read_run
from slit.record.checkpoint import CHECKPOINT, REQUEST, digest_of, read_checkpoint
from slit.record.folder import (
    CURVES,
    FILES,
    REPLAYS,
    REPORT,
    UNFINISHED,
    partial_folder,
    replaced_folder,
)
from tests.commands.test_commands import call, refused
from tests.test_resume import SEARCH, Killed, killed_at

READ = (
    "manifest.json", "scenario.json", "scenario.npz", "front.csv", "plans.npz", "history.csv",
    "certificate.json", CURVES, REPLAYS,
)  # fmt: skip
MANY = settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every file that slit writes into one."""
    folder = tmp_path_factory.mktemp("made") / "run"
    search = SEARCH | {"optimizer": "nsga2", "baselines": True, "objectives": None}
    slit.optimize(**search, evaluations=48, output=folder, bound=True)
    figure = folder.with_name("figure.html")
    for words in (
        ("show", folder, "--plan", "nearest", "--routing"),
        ("tradeoff", folder, "--allow", "water=5%", "--figure", figure),
        ("replay", folder, "--plan", "nearest", "--share", "0.2"),
    ):
        assert call(*words).exit_code == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A partial folder with a checkpoint."""
    place = tmp_path_factory.mktemp("unfinished") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slit.record.checkpoint.Keeper.SECONDS", 0.0)
        patch.setattr("slit.record.checkpoint.Keeper.SHARE", 1e9)
        with pytest.raises(Killed):
            slit.optimize(**SEARCH, evaluations=120, output=place, watch=killed_at(4))
    return partial_folder(place)


def all_commands(folder: Path) -> list[int]:
    """How the commands that read a run end: 0, or 2 with one message; never by a traceback."""
    codes = []
    for words in (("show", folder), ("show", folder, "--plan", "0"), ("evaluate", folder),
                  ("report", folder), ("bound", folder), ("tradeoff", folder)):  # fmt: skip
        result = call(*words)
        assert result.exit_code in (0, 1, 2), (words, result.output)
        if result.exit_code == 2:
            assert result.stderr.startswith("slit: ")
            assert result.stderr.count("\n") == 1
        codes.append(result.exit_code)
    return codes


def test_every_file_of_a_run_is_known(folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == FILES - set(UNFINISHED)
    assert all_commands(folder) == [0] * 6


# What stands in a folder is the user's.


def test_a_folder_with_a_foreign_manifest_is_not_overwritten(tmp_path: Path) -> None:
    place = tmp_path / "app"
    place.mkdir()
    (place / "manifest.json").write_text('{"name": "my page", "start_url": "/"}')
    (place / "thesis.txt").write_text("years of work")
    message = refused("optimize", "tiny", "--output", place, "--overwrite", "--evaluations", 9)
    assert f"{place} is no run of slit to overwrite" in message
    assert sorted(file.name for file in place.iterdir()) == ["manifest.json", "thesis.txt"]


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_files_of_the_user_in_a_run_are_never_lost(
    make: Callable[[Path], None], folder: Path
) -> None:
    make(folder / "notes")
    with pytest.raises(SlitError, match=r"holds notes, expected only files that slit wrote"):
        slit.optimize(**SEARCH, evaluations=24, output=folder, overwrite=True)
    assert (folder / "notes").exists()
    assert read_run(folder).manifest.optimizer == "nsga2"


def test_a_folder_in_place_of_a_file_is_not_removed(folder: Path) -> None:
    (folder / REPORT).unlink()
    (folder / REPORT).mkdir()
    (folder / REPORT / "mine").touch()
    with pytest.raises(SlitError, match=r"holds report\.html, expected only files"):
        slit.optimize(**SEARCH, evaluations=24, output=folder, overwrite=True)
    assert (folder / REPORT / "mine").exists()


def test_notes_written_while_a_search_runs_are_kept(folder: Path) -> None:
    def note(progress: Any) -> None:
        (folder / "notes").touch()

    with pytest.raises(SlitError, match=r"holds notes, expected only files"):
        slit.optimize(**SEARCH, evaluations=24, output=folder, overwrite=True, watch=note)
    (folder / "notes").rename(folder.with_name("notes"))
    assert slit.resume(folder).evaluations == 24
    assert sorted(file.name for file in folder.parent.iterdir()) == ["notes", "run"]


def test_notes_in_an_unfinished_run_are_kept(tmp_path: Path) -> None:
    place = tmp_path / "run"

    def fail(progress: Any) -> None:
        (partial_folder(place) / "notes").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        slit.optimize(**SEARCH, evaluations=24, output=place, watch=fail)
    assert [file.name for file in partial_folder(place).iterdir()] == ["notes"]


def test_a_run_that_was_renamed_by_hand_is_no_rest_of_a_kill(folder: Path) -> None:
    other = folder.rename(folder.with_name("run.replaced"))
    slit.optimize(**SEARCH, evaluations=24, output=folder)
    slit.optimize(**SEARCH, evaluations=24, output=folder, overwrite=True)
    assert read_run(other).manifest.evaluations == 48
    assert not replaced_folder(folder).exists()


# What stands in a received folder leads nowhere.


def test_nothing_is_written_through_links(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    for name in FILES - set(READ) - set(UNFINISHED) | {CURVES, REPLAYS, "certificate.json"}:
        for link in (name, f"{name}.new", f".{name}.new"):
            (folder / link).unlink(missing_ok=True)
            (folder / link).symlink_to(precious)
    (folder / "certificate.json").unlink()
    (folder / CURVES).unlink()
    (folder / REPLAYS).unlink()
    for words in (
        ("bound", folder),
        ("show", folder, "--plan", "0", "--routing"),
        ("tradeoff", folder, "--allow", "water=5%", "--figure", tmp_path / "figure.html"),
        ("replay", folder, "--plan", "nearest", "--share", "0.2"),
        ("report", folder),
    ):
        assert call(*words).exit_code == 0, words
    assert precious.read_text() == "kept"
    assert not (folder / REPORT).is_symlink()


def test_a_link_that_the_user_names_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_named(tmp_path / "link", b"one")
    assert (tmp_path / "file").read_bytes() == b"one"
    write_file(tmp_path / "link", b"two")
    assert (tmp_path / "file").read_bytes() == b"one"
    assert not (tmp_path / "link").is_symlink()
    write_named(Path(os.devnull), b"gone")
    assert Path(os.devnull).is_char_device()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "link"]


def pipe(file: Path) -> None:
    os.mkfifo(file)


def listening(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(file))


def endless(file: Path) -> None:
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [pipe, listening, endless, Path.mkdir], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", READ)
def test_what_is_no_file_is_refused_at_once(
    make: Callable[[Path], None], name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / name).unlink()
    monkeypatch.chdir(folder)  # names of sockets are short
    make(Path(name))
    message = refused("report", folder)
    assert name in message
    assert ", expected " in message


@pytest.mark.parametrize("name", [REQUEST, CHECKPOINT, "start.npz"])
def test_a_pipe_in_an_unfinished_run_is_refused_at_once(
    name: str, unfinished: Path, tmp_path: Path
) -> None:
    partial = shutil.copytree(unfinished, tmp_path / "run.partial")
    (partial / name).unlink(missing_ok=True)
    os.mkfifo(partial / name)
    assert f"{name}: a named pipe, expected" in refused("optimize", "--resume", tmp_path / "run")


@pytest.mark.parametrize("name", [name for name in READ if name.endswith("json")])
def test_deep_nesting_is_refused(name: str, folder: Path) -> None:
    (folder / name).write_text("[" * 100_000)
    assert name in refused("report", folder)


# What a run says has to be possible.


@pytest.mark.parametrize("gene", [-1, 999])
def test_genes_out_of_range_are_refused_wherever_a_run_is_read(gene: int, folder: Path) -> None:
    plans = read_run(folder).front.X.copy()
    plans[0, 0] = gene
    write_arrays(folder / "plans.npz", {"X": plans})
    assert all_commands(folder) == [2] * 6
    assert rf"plans.npz: plans: {min(gene, 0)} to" in refused("show", folder)
    assert "expected placements in [0, " in refused("explore", folder, "--no-browser")


def certificate_of(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((folder / "certificate.json").read_text())
    return said


def test_a_certificate_above_100_per_cent_is_refused_with_the_figure(folder: Path) -> None:
    said = certificate_of(folder)
    said["certificate"]["volume"] |= {"value": 1e-9, "error": 0.0, "exact": False}
    (folder / "certificate.json").write_text(json.dumps(said))
    message = refused("show", folder)
    assert "certificate.json: a certified share of" in message
    assert "above 100 %" in message


def test_another_volume_than_the_half_spaces_leave_is_refused(folder: Path) -> None:
    said = certificate_of(folder)
    said["certificate"]["volume"]["value"] *= 0.9
    (folder / "certificate.json").write_text(json.dumps(said))
    with pytest.raises(SlitError, match=r"certificate\.json: a volume of \S+, not \S+, expected"):
        read_certificate(read_run(folder))


def test_a_plan_below_the_least_possible_is_refused(folder: Path) -> None:
    said = certificate_of(folder)
    said["certificate"]["ideal"][0] *= 10
    said["certificate"]["nadir"][0] *= 10
    (folder / "certificate.json").write_text(json.dumps(said))
    with pytest.raises(SlitError, match=r"certificate\.json: a plan "):
        read_certificate(read_run(folder))


# Contents drawn at random.

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5),
    st.lists(st.integers(), max_size=2), st.just({}), st.just({"a": None}),
)  # fmt: skip


def places_of(said: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON document."""
    items: Any = ()
    if isinstance(said, dict):
        items = said.items()
    elif isinstance(said, list):
        items = list(enumerate(said))[:3]
    return [path, *(found for key, value in items for found in places_of(value, (*path, key)))]


def mutated(said: Any, data: st.DataObject) -> Any:
    """A JSON document with one value replaced or left out."""
    place = data.draw(st.sampled_from([path for path in places_of(said) if path]))
    changed = json.loads(json.dumps(said))
    at = changed
    for key in place[:-1]:
        at = at[key]
    if data.draw(st.booleans()):
        at[place[-1]] = data.draw(VALUES)
    else:
        del at[place[-1]]
    return changed


def mutate_json(file: Path, data: st.DataObject) -> None:
    file.write_text(json.dumps(mutated(json.loads(file.read_text()), data)))


def attack_run(made: Path, folder: Path, data: st.DataObject) -> None:
    """One changed value in a file of a run: a message, or a run that can be shown."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(made, folder)
    name = data.draw(st.sampled_from([name for name in READ if name.endswith("json")]))
    mutate_json(folder / name, data)
    for words in (("show", folder), ("report", folder)):
        result = call(*words)
        assert result.exit_code in (0, 2), result.output
        assert result.stderr.count("\n") == (1 if result.exit_code else 0)


def attack_request(unfinished: Path, place: Path, data: st.DataObject) -> None:
    """One changed value in a request: a message, or a search that ends."""
    for folder in (place, partial_folder(place)):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(unfinished, partial_folder(place))
    if data.draw(st.booleans()):
        (partial_folder(place) / CHECKPOINT).unlink()
    mutate_json(partial_folder(place) / REQUEST, data)
    result = call("optimize", "--resume", place, "--evaluations", 24, "--no-bound", "--quiet")
    assert result.exit_code in (0, 2), result.output
    assert result.stderr.count("\n") == (1 if result.exit_code else 0)


def attack_checkpoint(unfinished: Path, place: Path, data: st.DataObject) -> None:
    """One changed value in a checkpoint: a message."""
    for folder in (place, partial_folder(place)):
        shutil.rmtree(folder, ignore_errors=True)
    partial = Path(shutil.copytree(unfinished, partial_folder(place)))
    with np.load(partial / CHECKPOINT) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = data.draw(st.sampled_from(sorted(set(arrays) - {"sha256"})))
    if name == "json":
        said = mutated(json.loads(arrays["json"].tobytes()), data)
        arrays["json"] = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
    elif data.draw(st.booleans()):
        del arrays[name]
    else:
        shape = data.draw(st.sampled_from([(), (0,), (3,), (2, 2), arrays[name].shape]))
        dtype = data.draw(st.sampled_from(["i2", "i8", "f8", "?", "U3"]))
        arrays[name] = np.full(shape, data.draw(st.sampled_from([0, 1, -1, 300]))).astype(dtype)
    rest = {key: value for key, value in arrays.items() if key != "sha256"}
    assume(not np.array_equal(arrays["sha256"], digest_of(rest)))
    write_arrays(partial / CHECKPOINT, arrays)
    result = call("optimize", "--resume", place, "--evaluations", 72, "--no-bound", "--quiet")
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1


@MANY
@given(data=st.data())
def test_mutated_runs(made: Path, tmp_path: Path, data: st.DataObject) -> None:
    attack_run(made, tmp_path / "run", data)


@MANY
@given(data=st.data())
def test_mutated_requests(unfinished: Path, tmp_path: Path, data: st.DataObject) -> None:
    attack_request(unfinished, tmp_path / "run", data)


@MANY
@given(data=st.data())
def test_mutated_checkpoints(unfinished: Path, tmp_path: Path, data: st.DataObject) -> None:
    attack_checkpoint(unfinished, tmp_path / "run", data)


def test_an_old_checkpoint_is_named(unfinished: Path, tmp_path: Path) -> None:
    partial = shutil.copytree(unfinished, tmp_path / "run.partial")
    with np.load(partial / CHECKPOINT) as archive:
        arrays = {name: archive[name] for name in archive.files if name != "sha256"}
    write_arrays(partial / CHECKPOINT, arrays)
    with pytest.raises(SlitError, match=r"changed or damaged, .* to search from the beginning"):
        read_checkpoint(partial, key="")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("optimize", "tiny", "--overwrite"), "--overwrite: no --output"),
        (("optimize", "tiny", "--no-browser"), "--no-browser: no --watch"),
        (("show", "RUN", "--plan", "0", "--against", "nobody"), "against: 'nobody', expected"),
        (("tradeoff", "RUN", "--allow", "water=1", "--top", "3"), "--top: given with --allow"),
        (("objectives", "--json", "new", "mine"), "--json: given before new"),
        (("bound", "RUN", "--plugin", "nowhere.py"), "plug-in: no file nowhere.py"),
    ],
)
def test_no_option_is_ignored(
    words: tuple[str, ...], message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert message in refused(*(folder if word == "RUN" else word for word in words))
    assert [file.name for file in folder.parent.iterdir()] == ["run"]
