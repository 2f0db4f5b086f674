"""What it takes to continue a search: one file, replaced as a whole."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from slit.errors import SlitError
from slit.optimizers.protocol import Resumable, State
from slit.record.folder import replace_file
from slit.record.tables import DAMAGE
from slit.run import LoopState, Progress

CHECKPOINT = "checkpoint.npz"
REST = "json"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """The loop and the optimizer after some step."""

    loop: LoopState
    state: State


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
    try:
        with np.load(file, allow_pickle=False) as archive:
            found: dict[str, Any] = {name: archive[name] for name in archive.files}
        said = json.loads(found.pop(REST).tobytes())
        loop = LoopState.from_json(said["loop"])
    except DAMAGE as error:
        raise SlitError(f"{file}: {error}, expected the checkpoint of a search") from error
    arrays = {name.removeprefix("a."): array for name, array in found.items()}
    return Checkpoint(loop, {**arrays, **said["state"]})


class Keeper:
    """A watcher that writes checkpoints: at most every `seconds`, and using little of the time."""

    SHARE = 0.02
    """Largest share of the time that may go into writing."""

    def __init__(self, folder: Path, *, seconds: float = 5.0) -> None:
        self._folder = folder
        self._seconds = seconds
        self._next = monotonic() + seconds

    def __call__(self, progress: Progress) -> None:
        """Write a checkpoint if one is due and the optimizer can be resumed."""
        begin = monotonic()
        if begin < self._next or not isinstance(progress.optimizer, Resumable):
            return
        write_checkpoint(Checkpoint(progress.loop, progress.optimizer.state()), self._folder)
        spent = monotonic() - begin
        self._next = monotonic() + max(self._seconds, spent / self.SHARE)
