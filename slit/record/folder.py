"""A run folder appears complete or not at all: written beside its place, then renamed."""

import os
from contextlib import suppress
from pathlib import Path

from slit.errors import SlitError
from slit.files import flush, is_beside, kind_of
from slit.record.lock import LOCK, holder_of
from slit.record.manifest import MANIFEST, read_manifest

REPORT, CURVES, REPLAYS = "report.html", "tradeoff.json", "replay.json"
UNFINISHED = ("checkpoint.npz", "start.npz", LOCK, "request.json")
"""Files that only an unfinished run needs, in the order in which they go: the last one says that
there is something left to do."""
FILES = frozenset(
    {
        "certificate.json",
        "front.csv",
        "history.csv",
        "plans.npz",
        "routing.csv",
        "scenario.json",
        "scenario.npz",
        CURVES,
        REPLAYS,
        MANIFEST,
        REPORT,
        *UNFINISHED,
    }
)
"""All that slit writes into a run folder: nothing else in one is ever removed."""
SHOWN = 3


def partial_folder(output: Path) -> Path:
    """Where a run that will be `output` is written until it is complete."""
    return output.with_name(f"{output.name}.partial")


def replaced_folder(output: Path) -> Path:
    """Where the run that stood at `output` is while another takes its place."""
    return output.with_name(f".{output.name}.slit-replaced")


def unfinished_folder(output: Path) -> Path:
    """Where the unfinished run that will be `output` lies: beside its place, or there already if it
    was killed after that. Raises SlitError if there is none."""
    partial = partial_folder(output)
    if os.path.lexists(partial):
        return partial
    if (output / MANIFEST).is_file():
        if kind_of(output / "request.json") is None:
            raise SlitError(f"resume: {output} is complete, expected an unfinished run")
        return output
    raise SlitError(f"resume: no folder {partial}, expected an unfinished run")


def claim(output: Path, *, overwrite: bool = False) -> Path:
    """Make the partial folder of a run to be written to `output`, and return it.

    Raises SlitError if `output` is taken (unless `overwrite`, and it is a run folder or empty), if
    an unfinished run lies there, or if the folder cannot be made.
    """
    if output.name in ("", ".."):
        raise SlitError(f"output: {output}, expected the name of a new folder")
    recover(output)
    check_free(output, overwrite=overwrite)
    partial = partial_folder(output)
    if os.path.lexists(partial):
        holder = holder_of(partial)
        if holder is not None:
            raise SlitError(f"output: {output} is being written by {holder}, expected another")
        if kind_of(partial / "request.json") is None:
            remove_run(partial)  # it was killed before it began
    if os.path.lexists(partial):
        raise SlitError(
            f"output: {partial} holds an unfinished run, expected --resume {output}, another "
            "folder, or that you remove it"
        )
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
    except OSError as error:
        raise SlitError(
            f"output: {output}: {error.strerror}, expected a folder to write to"
        ) from error
    return partial


def check_free(output: Path, *, overwrite: bool) -> None:
    """Raise SlitError unless `output` is free, or may be overwritten: it is empty or a run of slit
    that holds no file of the user."""
    if not os.path.lexists(output):
        return
    if not overwrite:
        raise SlitError(f"output: {output} exists, expected a new folder or --overwrite")
    if kind_of(output) != "a folder":
        raise SlitError(f"output: {output} is no folder, expected a run folder to overwrite")
    entries = sorted(output.iterdir())
    if not entries:
        return
    if not (output / MANIFEST).is_file():
        raise SlitError(
            f"output: {output} is not empty and no run folder (it has no {MANIFEST}), expected one "
            "to overwrite"
        )
    try:
        read_manifest(output)
    except SlitError as error:
        raise SlitError(f"output: {output} is no run of slit to overwrite: {error}") from error
    others = [entry.name for entry in entries if not _is_ours(entry)]
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        raise SlitError(
            f"output: {output} holds {', '.join(others[:SHOWN])}{more}, expected only files that "
            "slit wrote, to overwrite it (move yours elsewhere)"
        )


def publish(partial: Path, output: Path, *, overwrite: bool = False) -> None:
    """Rename the complete partial folder to `output`; what stood there goes only after that.

    Raises SlitError if `output` was taken meanwhile.
    """
    check_free(output, overwrite=overwrite)
    old = replaced_folder(output)
    for file in partial.iterdir():
        if is_beside(file.name):
            file.unlink()
        elif kind_of(file) == "a file":
            flush(file)
    flush(partial)
    try:
        if os.path.lexists(output):
            output.rename(old)
        try:
            partial.rename(output)
        except OSError:
            if old.exists():
                old.rename(output)
            raise
    except OSError as error:
        raise SlitError(
            f"output: {output}: {error.strerror or error}, expected to put the run from {partial} "
            f"there (--resume {output} tries again)"
        ) from error
    flush(output.parent)
    remove_run(old)


def recover(output: Path) -> None:
    """Set right what a process left that was killed while one run took the place of another."""
    old = replaced_folder(output)
    if not os.path.lexists(old):
        return
    if os.path.lexists(output):
        remove_run(old)
    elif not os.path.lexists(partial_folder(output)):
        old.rename(output)


def remove_run(folder: Path) -> None:
    """Remove what slit wrote into a folder, and the folder unless it holds something else."""
    if kind_of(folder) != "a folder":
        return
    with suppress(OSError):
        for file in folder.iterdir():
            if _is_ours(file) and file.name != MANIFEST:
                file.unlink()
        # Last, so that what is left of a run is known for one.
        (folder / MANIFEST).unlink(missing_ok=True)
        folder.rmdir()


def _is_ours(file: Path) -> bool:
    ours = file.name in FILES or is_beside(file.name)
    return ours and kind_of(file) in ("a file", "a symbolic link")
