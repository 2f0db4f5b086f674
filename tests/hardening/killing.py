"""Kills a search at each of its file operations, and counts what is left: a process of its own.

python killing.py FOLDER OVERWRITE AGAIN FIRST STEP: every STEP-th operation from FIRST on;
OVERWRITE (0, 1): whether another run stands where the search writes; AGAIN (0, 1): whether what
continues it is killed too. Prints counts as JSON. Forks, so that kernels are compiled once.
"""

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slit
from slit.errors import SlitError
from slit.record import read_run
from slit.record.checkpoint import Keeper
from slit.record.folder import FILES, UNFINISHED, partial_folder, replaced_folder

OPERATIONS = ("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate")
BITS = ("front.csv", "plans.npz", "scenario.json", "scenario.npz")
DONE, MISTAKE, KILLED = 0, 3, -signal.SIGKILL
SEARCH: dict[str, Any] = {
    "scenario": "tiny", "optimizer": "nsga2", "population": 12, "evaluations": 48, "seed": 4,
    "objectives": ["carbon", "water"], "baselines": False,
}  # fmt: skip


def forked(work: Callable[[], Any], *, folder: Path, kill_at: int = 0) -> int:
    """How `work` ended in a process that is killed before its `kill_at`-th operation in a folder
    (0: never)."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    count = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event in OPERATIONS and (
            event == "os.truncate" or str(arguments[0]).startswith(str(folder))
        ):
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    try:
        work()
    except SlitError:
        os._exit(MISTAKE)
    except BaseException:  # noqa: BLE001 - the process ends here, and says why
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(DONE)


def bits(folder: Path) -> list[bytes] | None:
    """What a complete run holds; None if there is none."""
    try:
        read_run(folder)
    except SlitError:
        return None
    return [(folder / name).read_bytes() for name in BITS]


def attack(folder: Path, *, overwrite: bool, again: bool, first: int, step: int) -> Counter[str]:
    """Kill at every `step`-th operation until a search ends before that."""
    Keeper.SECONDS, Keeper.SHARE = 0.0, 1e9
    slit.optimize(**SEARCH, output=folder / "right")
    slit.optimize(**{**SEARCH, "seed": 5}, output=folder / "old")
    right, old = bits(folder / "right"), bits(folder / "old")
    found: Counter[str] = Counter()
    at = first
    while True:
        home = folder / f"at-{at}"
        home.mkdir()
        (home / "notes.txt").write_text("mine")
        place = home / "run"
        if overwrite:
            shutil.copytree(folder / "old", place)

        def search(place: Path = place) -> None:
            slit.optimize(**SEARCH, output=place, overwrite=overwrite)

        def resume(place: Path = place) -> None:
            slit.resume(place)

        ended = forked(search, folder=home, kill_at=at)
        assert ended in (DONE, KILLED), ended
        if ended == DONE:
            return found
        found["kills"] += 1
        if overwrite:
            kept = [bits(where) for where in (place, replaced_folder(place), partial_folder(place))]
            assert old in kept or right in kept, (at, "the old run is lost")
        if again:
            forked(resume, folder=home, kill_at=1 + at * 7 % 29)
            found["kills of what continues"] += 1
        if bits(place) == right and not (place / "request.json").exists():
            found["complete"] += 1
        elif forked(resume, folder=home) == DONE:
            found["resumed"] += 1
        else:
            assert forked(search, folder=home) == DONE, at
            found["begun anew"] += 1
        assert bits(place) == right, (at, "other bits")
        left = {path.name for path in place.iterdir()}
        assert left <= FILES - set(UNFINISHED), (at, left)
        assert (home / "notes.txt").read_text() == "mine"
        beside = {path.name for path in home.iterdir()} - {replaced_folder(place).name}
        assert beside == {"run", "notes.txt"}, (at, beside)
        shutil.rmtree(home)
        at += step


if __name__ == "__main__":
    place, overwrite, again, first, step = sys.argv[1:]
    counts = attack(
        Path(place),
        overwrite=overwrite == "1",
        again=again == "1",
        first=int(first),
        step=int(step),
    )
    sys.stdout.write(json.dumps(counts))
