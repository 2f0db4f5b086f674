"""A run folder appears complete or not at all: written beside its place, then renamed."""

import os
import shutil
from pathlib import Path

from slit.errors import SlitError

MANIFEST = "manifest.json"


def partial_folder(output: Path) -> Path:
    """Where a run that will be `output` is written until it is complete."""
    return output.with_name(f"{output.name}.partial")


def claim(output: Path, *, overwrite: bool = False) -> Path:
    """Make the partial folder of a run to be written to `output`, and return it.

    Raises SlitError if `output` is taken (unless `overwrite`, and it is a run folder or empty), if
    an unfinished run lies there, or if the folder cannot be made.
    """
    if output.name in ("", ".."):
        raise SlitError(f"output: {output}, expected the name of a new folder")
    check_free(output, overwrite=overwrite)
    partial = partial_folder(output)
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
    """Raise SlitError unless `output` is free or may be overwritten."""
    if not os.path.lexists(output):
        return
    if not overwrite:
        raise SlitError(f"output: {output} exists, expected a new folder or --overwrite")
    if not output.is_dir() or output.is_symlink():
        raise SlitError(f"output: {output} is no folder, expected a run folder to overwrite")
    if any(output.iterdir()) and not (output / MANIFEST).is_file():
        raise SlitError(
            f"output: {output} is not empty and no run folder (it has no {MANIFEST}), expected one "
            "to overwrite"
        )


def publish(partial: Path, output: Path, *, overwrite: bool = False) -> None:
    """Rename the complete partial folder to `output`; what stood there goes only after that."""
    check_free(output, overwrite=overwrite)
    for file in (*partial.rglob("*"), partial):
        _flush(file)
    old = output.with_name(f"{output.name}.replaced-{os.getpid()}")
    if output.exists():
        output.rename(old)
    try:
        partial.rename(output)
    except OSError:
        if old.exists():
            old.rename(output)
        raise
    _flush(output.parent)
    shutil.rmtree(old, ignore_errors=True)


def abandon(partial: Path) -> None:
    """Remove a partial folder that this process made and that holds nothing to go on from."""
    shutil.rmtree(partial, ignore_errors=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old or the new one, whenever the process dies."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    _flush(beside)
    beside.replace(path)


def _flush(path: Path) -> None:
    """Have a file or folder reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
