"""What it takes to continue a search that was killed.

A partial run folder holds what was asked for, the scenario, the plans to start from, and, once the
search has come some way, a checkpoint: one file that is replaced as a whole.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np

from slit.errors import SlitError
from slit.optimizers.protocol import Resumable, State
from slit.record.folder import replace_file
from slit.record.manifest import Pending, read_record
from slit.record.tables import Genes, read_archive, read_plans
from slit.run import LoopState, Progress
from slit.scenario.scenario import Scenario
from slit.scenario.store import read_scenario, save_scenario

CHECKPOINT, REQUEST, START = "checkpoint.npz", "request.json", "start.npz"
REST = "json"


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
        np.savez_compressed(folder / START, X=start)
    replace_file(folder / REQUEST, pending.model_dump_json(indent=2).encode())


def read_unfinished(folder: Path) -> Unfinished:
    """What a partial folder holds. Raises SlitError if that is not enough to continue."""
    if not folder.is_dir():
        raise SlitError(f"resume: no folder {folder}, expected an unfinished run")
    if not (folder / REQUEST).is_file():
        raise SlitError(
            f"resume: {folder} has no {REQUEST}, expected an unfinished run (it was killed before "
            "it began: remove the folder and run again)"
        )
    pending = read_record(folder / REQUEST, Pending)
    start = read_plans(folder, name=START) if (folder / START).exists() else None
    return Unfinished(pending, read_scenario(folder), start, read_checkpoint(folder))


def forget(folder: Path) -> None:
    """Remove what only an unfinished run needs."""
    for name in (CHECKPOINT, REQUEST, START):
        (folder / name).unlink(missing_ok=True)


def write_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the checkpoint of a run into its partial folder, in place of the one before."""
    arrays = {f"a.{k}": v for k, v in checkpoint.state.items() if isinstance(v, np.ndarray)}
    rest = {k: v for k, v in checkpoint.state.items() if not isinstance(v, np.ndarray)}
    said = json.dumps({"loop": checkpoint.loop.to_json(), "state": rest})
    arrays[REST] = np.frombuffer(said.encode(), dtype=np.uint8)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    replace_file(folder / CHECKPOINT, stream.getvalue())


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The last checkpoint in a partial folder, or None; SlitError for a damaged one."""
    file = folder / CHECKPOINT
    if not file.exists():
        return None
    found = read_archive(file, holding="a search's state")
    try:
        said = json.loads(found.pop(REST).tobytes())
        loop = LoopState.from_json(said["loop"])
    except (KeyError, TypeError, ValueError) as error:
        raise SlitError(f"{file}: {error}, expected an archive of a search's state") from error
    arrays = {name.removeprefix("a."): array for name, array in found.items()}
    return Checkpoint(loop, {**arrays, **said["state"]})


class Keeper:
    """A watcher that writes checkpoints now and then, using little of the time.

    When they are written does not change what a search finds.
    """

    SECONDS = 5.0
    """Between two checkpoints, at least."""
    SHARE = 0.02
    """Largest share of the time that may go into writing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next = monotonic() + self.SECONDS

    def __call__(self, progress: Progress) -> None:
        """Write a checkpoint if one is due and the optimizer can be resumed."""
        begin = monotonic()
        if begin < self._next or not isinstance(progress.optimizer, Resumable):
            return
        write_checkpoint(Checkpoint(progress.loop, progress.optimizer.state()), self._folder)
        spent = monotonic() - begin
        self._next = monotonic() + max(self.SECONDS, spent / self.SHARE)
