"""What it takes to continue a search that was killed.

A partial run folder holds what was asked for, the scenario, the plans to start from, and, once the
search has come some way, a checkpoint: one file that is replaced as a whole.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operators.types import Genes
from slit.errors import SlitError
from slit.files import kind_of, read_arrays, write_arrays, write_file
from slit.optimizers.protocol import Resumable, State
from slit.record.folder import UNFINISHED
from slit.record.manifest import Pending, Request, read_record
from slit.record.tables import read_plans
from slit.run import LoopState, Progress
from slit.scenario.scenario import Scenario
from slit.scenario.store import read_scenario, save_scenario, scenario_hash

CHECKPOINT, REQUEST, START = "checkpoint.npz", "request.json", "start.npz"
REST, DIGEST = "json", "sha256"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """The loop and the optimizer after some step."""

    loop: LoopState
    state: State


@dataclass(frozen=True, slots=True, eq=False)
class Unfinished:
    """A run that was begun: `checkpoint` is None if it had not come far enough."""

    pending: Pending
    scenario: Scenario
    start: Genes | None
    checkpoint: Checkpoint | None


def begin(folder: Path, *, pending: Pending, scenario: Scenario, start: Genes | None) -> None:
    """Write what was asked for into a partial folder. start (S, G): plans to begin with."""
    save_scenario(scenario, folder)
    if start is not None:
        write_arrays(folder / START, {"X": start})
    write_request(pending, folder)


def write_request(pending: Pending, folder: Path) -> None:
    """Write what is asked for into a partial folder, in place of what was asked before."""
    write_file(folder / REQUEST, pending.model_dump_json(indent=2).encode())


def request_key(request: Request, scenario: Scenario, start: Genes | None) -> str:
    """SHA-256 (hex) of what a search follows from: a checkpoint of another does not continue it."""
    searched = Request(**request.model_dump(include=set(Request.model_fields)))
    unsaid = {name for name in ("limits", "warm_nodes") if not getattr(searched, name)}  # as ever
    apart = {"budget", "bound"} | unsaid
    digest = sha256(searched.model_dump_json(exclude=apart).encode())
    digest.update(scenario_hash(scenario).encode())
    if start is not None:
        digest.update(np.ascontiguousarray(start, dtype="<i2").tobytes())
    return digest.hexdigest()


def read_unfinished(folder: Path) -> Unfinished:
    """What a partial folder holds. Raises SlitError if that is not enough to continue."""
    if kind_of(folder / REQUEST) is None:
        raise SlitError(
            f"resume: {folder} has no {REQUEST}, expected an unfinished run (it was killed before "
            "it began: run again)"
        )
    pending = read_record(folder / REQUEST, Pending)
    start = read_plans(folder, name=START) if kind_of(folder / START) is not None else None
    scenario = read_scenario(folder)
    key = request_key(pending, scenario, start)
    return Unfinished(pending, scenario, start, read_checkpoint(folder, key=key))


def worth_keeping(folder: Path) -> bool:
    """Whether a partial folder holds something to go on from."""
    if kind_of(folder / CHECKPOINT) is not None:
        return True
    try:
        return read_record(folder / REQUEST, Pending).complete
    except SlitError:
        return False


def forget(folder: Path) -> None:
    """Remove what only an unfinished run needs."""
    for name in UNFINISHED:
        (folder / name).unlink(missing_ok=True)


def write_checkpoint(checkpoint: Checkpoint, folder: Path, *, key: str) -> None:
    """Write the checkpoint of a run into its partial folder, in place of the one before.

    key: of the request that it continues (`request_key`).
    """
    arrays = {f"a.{k}": v for k, v in checkpoint.state.items() if isinstance(v, np.ndarray)}
    rest = {k: v for k, v in checkpoint.state.items() if not isinstance(v, np.ndarray)}
    content = json.dumps({"loop": checkpoint.loop.to_json(), "state": rest, "key": key})
    arrays[REST] = np.frombuffer(content.encode(), dtype=np.uint8)
    arrays[DIGEST] = digest_of(arrays)
    write_arrays(folder / CHECKPOINT, arrays, compress=False)


def read_checkpoint(folder: Path, *, key: str) -> Checkpoint | None:
    """The last checkpoint in a partial folder, or None.

    Raises SlitError for one that is damaged, was changed, or continues another request than `key`.
    """
    file = folder / CHECKPOINT
    if kind_of(file) is None:
        return None
    again = f"(remove {file} to search from the beginning)"
    stored = read_arrays(file, holding=f"an archive of a search's state {again}")
    digest = stored.pop(DIGEST, None)
    if digest is None or not np.array_equal(digest, digest_of(stored)):
        raise SlitError(f"{file}: changed or damaged, expected it as slit wrote it {again}")
    try:
        content = json.loads(stored.pop(REST).tobytes())
        loop = LoopState.from_json(content["loop"])
        rest = dict(content["state"])
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise SlitError(f"{file}: {error}, expected a search's state {again}") from error
    if content.get("key") != key:
        raise SlitError(f"{file}: of another search, expected one of {folder / REQUEST} {again}")
    arrays = {name.removeprefix("a."): array for name, array in stored.items()}
    return Checkpoint(loop, {**arrays, **rest})


def digest_of(arrays: dict[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """SHA-256 of arrays: no proof of who wrote them, but of every change by accident."""
    digest = sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)


class Keeper:
    """A watcher that writes checkpoints now and then, using little of the time.

    When they are written does not change what a search finds.
    """

    SECONDS = 5.0
    """Between two checkpoints, at least."""
    SHARE = 0.02
    """Largest share of the time that may go into writing."""

    def __init__(self, folder: Path, *, key: str) -> None:
        self._folder = folder
        self._key = key
        self.failed: str | None = None
        """Why the last checkpoint could not be written: no reason to end a search."""
        self._next = monotonic() + self.SECONDS

    def __call__(self, progress: Progress) -> None:
        """Write a checkpoint if one is due and the optimizer can be resumed."""
        begin = monotonic()
        if begin < self._next or not isinstance(progress.optimizer, Resumable):
            return
        checkpoint = Checkpoint(progress.loop, progress.optimizer.state())
        try:
            write_checkpoint(checkpoint, self._folder, key=self._key)
            self.failed = None
        except SlitError as error:
            self.failed = str(error)
        spent = monotonic() - begin
        self._next = monotonic() + max(self.SECONDS, spent / self.SHARE)
