"""How kernels are compiled, decided once."""

import hashlib
import os
import pickle
import stat
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


class CacheWarning(RuntimeWarning):
    """Compiled kernels are not kept where they usually are."""


def kernel(function: Function) -> Function:
    """Compile `function` with numba: cached on disk, without the GIL, with IEEE arithmetic.

    Kernels never start threads of their own: callers spread slices of a population over a thread
    pool, which gives the same bits for any number of threads. A kernel may call kernels of the
    files beside it.
    """
    compiled: Any = _kept(function)
    _see_more(compiled, function)
    _bear_errors(compiled)
    return cast(Function, compiled)


def kernel_of_types(function: Function) -> Function:
    """Compile `function` as `kernel` does, for the types of its arguments only.

    Numba compiles a callee again for each constant that a caller passes. That speeds inner loops
    up, and only lengthens the first run elsewhere.
    """
    compiled: Any = kernel(function)
    template = getattr(compiled, "get_call_template", None)
    if template is not None:  # there is none under NUMBA_DISABLE_JIT
        unliteral: Any = numba.types.unliteral
        compiled.get_call_template = lambda args, kws: template(
            tuple(unliteral(kind) for kind in args),
            {name: unliteral(kind) for name, kind in kws.items()},
        )
    return cast(Function, compiled)


def _kept(function: Function) -> Any:
    """`function`, to be compiled and kept on disk where any folder can be written."""
    config: Any = numba.config
    if not config.CACHE_DIR and os.path.expanduser("~") == "~":  # noqa: PTH111
        config.CACHE_DIR = temporary_folder() or ""  # or numba makes a folder called "~"
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError as error:
        if "no locator" not in str(error):
            raise
    folder = temporary_folder()
    if folder is not None:
        config.CACHE_DIR = folder
    return numba.njit(cache=folder is not None, nogil=True, error_model="numpy")(function)


@cache
def temporary_folder() -> str | None:
    """A folder of the user's own for compiled kernels among the temporary files; None where there
    cannot be one. Warns, once.

    What is read from there is run: a folder that others can write is not used.
    """
    found: str | None = None
    try:
        folder = Path(tempfile.gettempdir()) / f"slit-kernels-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        own = stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid()
        if own and not state.st_mode & 0o077 and os.access(folder, os.W_OK):
            found = str(folder)
    except OSError:
        pass
    kept = f"{found} is used" if found else "they are compiled in every process, a minute each time"
    warnings.warn(
        f"compiled kernels: no cache folder can be written, {kept} (NUMBA_CACHE_DIR names another)",
        CacheWarning,
        stacklevel=2,
    )
    return found


def _bear_errors(compiled: Any) -> None:
    """Let a cache that cannot be read or written any more be no reason to fail: numba compiles."""
    kept: Any = getattr(compiled, "_cache", None)
    if getattr(kept, "_cache_file", None) is None:
        return

    def borne(call: Callable[..., Any]) -> Callable[..., Any]:
        def tried(*given: Any) -> Any:
            try:
                return call(*given)
            except (OSError, EOFError, pickle.UnpicklingError):
                return None
            except (ImportError, AttributeError):  # a version kept it whose modules had other names
                with suppress(OSError):
                    kept.flush()
                return None

        return tried

    kept.load_overload = borne(kept.load_overload)
    kept.save_overload = borne(kept.save_overload)


def _see_more(compiled: Any, function: Any) -> None:
    """Make numba's disk cache stale when any source file of the folder changes, or the order of
    the fields of a named tuple that the kernel takes.

    By itself it looks only at the file of the outermost function and at the types of the fields: it
    would run old code after an edit in a callee elsewhere, and read the wrong field. Under
    NUMBA_DISABLE_JIT there is no cache.
    """
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if file is not None:
        folder = Path(function.__code__.co_filename).parent
        taken = function.__annotations__.values()
        order = tuple(getattr(kind, "_fields", ()) for kind in taken)
        file._source_stamp = (file._source_stamp, folder_stamp(folder), order)


@cache
def folder_stamp(folder: Path) -> str:
    """A digest of the Python files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def uncached_kernel(function: Function) -> Function:
    """Compile `function` as `kernel` does, but anew in every process and with indices checked.

    For functions from outside, whose callees may change without the disk cache noticing.
    """
    compiled: Any = numba.njit(nogil=True, error_model="numpy", boundscheck=True)(function)
    return cast(Function, compiled)


def pointer(function: Callable[..., object], signature: Any) -> Any:
    """Compile `function` for one signature of C's types; `address` of the result is where it is.

    It must not raise: nobody would see it. Under NUMBA_DISABLE_JIT there is none: see `compiles`.
    """
    return numba.cfunc(signature)(function)


def compiles() -> bool:
    """Whether functions are compiled at all: not under NUMBA_DISABLE_JIT."""
    compiled: Any = numba.njit(compiles)
    return compiled is not compiles
