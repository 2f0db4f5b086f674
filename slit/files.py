"""Files written whole or not at all, and read only where they are plain files."""

import errno
import io
import json
import os
import re
import secrets
import stat
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slit.errors import SlitError

_DAMAGE = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy raises on an archive that is damaged, foreign or holds pickled objects."""
_BESIDE = re.compile(r"\..+\.[0-9a-f]{16}\.new")
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old or the new one, whenever the process dies.

    What stands at `path` is replaced, never written to: a symbolic link there is followed neither
    now nor by way of the file beside it, whose name nobody can foresee. Raises SlitError if `path`
    cannot be written, or is no file.
    """
    found = kind_of(path)
    if found not in (None, "a file", "a symbolic link"):
        raise SlitError(f"{path}: {found}, expected a file to write")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(handle)
            beside.replace(path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise SlitError(f"{path}: {error.strerror}, expected a file to write") from error


def write_named(path: Path, content: bytes) -> None:
    """Write to what the user named: a file, what a symbolic link leads to, a pipe or a device."""
    if path.exists() and not path.is_file() and not path.is_dir():
        try:
            path.write_bytes(content)
        except OSError as error:
            raise SlitError(f"{path}: {error.strerror}, expected a file to write") from error
    else:
        write_file(Path(os.path.realpath(path)), content)


def write_json(path: Path, content: Mapping[str, Any], *, indent: int | None = None) -> None:
    """Write a file of one JSON object."""
    write_file(path, f"{json.dumps(content, indent=indent, allow_nan=False)}\n".encode())


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, compress: bool = True) -> None:
    """Write an .npz file, without pickled objects."""
    stream = io.BytesIO()
    save = np.savez_compressed if compress else np.savez
    save(stream, allow_pickle=False, **arrays)
    write_file(path, stream.getvalue())


def read_file(path: Path, *, holding: str) -> bytes:
    """The content of a file. Raises SlitError if it cannot be read, or is no file: a named pipe
    would be waited for."""
    try:
        with open(path, "rb", opener=_open_at_once) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise SlitError(f"{path}: {kind_of(path)}, expected {holding}")
            return stream.read()
    except OSError as error:
        why = "a socket" if error.errno == errno.ENXIO else error.strerror
        raise SlitError(f"{path}: {why}, expected {holding}") from error


def read_json(path: Path, *, holding: str) -> Any:
    """What a JSON file holds. Raises SlitError if it cannot be read, or holds no JSON."""
    return parse_json(read_file(path, holding=holding), path, holding=holding)


def parse_json(content: bytes, path: Path, *, holding: str) -> Any:
    """What the content of a file at `path` holds. Raises SlitError, with the line, if no JSON."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"{path}:{line}"
        why = f"byte 0x{content[error.start]:02x}, no UTF-8"
    except json.JSONDecodeError as error:
        where, why = f"{path}:{error.lineno}", f"{error.msg[:1].lower()}{error.msg[1:]}"
    except (RecursionError, ValueError):  # or a number longer than Python reads
        where, why = str(path), "nested too deeply, or too long a number"
    raise SlitError(f"{where}: {why}, expected {holding} (JSON)")


def read_arrays(path: Path, *, holding: str) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file. Raises SlitError if it cannot be read, is damaged or foreign, or
    holds pickled objects."""
    content = io.BytesIO(read_file(path, holding=holding))
    try:
        with np.load(content, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except _DAMAGE as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SlitError(f"{path}: damaged ({why}), expected {holding}") from error


def kind_of(path: Path) -> str | None:
    """What stands at `path`, in words; None if nothing does."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return None
    return next((name for fits, name in _KINDS if fits(mode)), "a file")


def is_beside(name: str) -> bool:
    """Whether a file of this name was begun by `write_file`, which was killed."""
    return _BESIDE.fullmatch(name) is not None


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def flush(path: Path) -> None:
    """Have a file or folder reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
