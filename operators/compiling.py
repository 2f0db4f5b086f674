"""How kernels are compiled, decided once."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile `function` with numba: cached on disk, without the GIL, with IEEE arithmetic.

    Kernels never start threads of their own: callers spread slices of a population over a thread
    pool, which gives the same bits for any number of threads.
    """
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def uncached_kernel(function: Function) -> Function:
    """Compile `function` as `kernel` does, but anew in every process.

    For functions from outside, whose callees may change without the disk cache noticing.
    """
    return cast(Function, numba.njit(nogil=True, error_model="numpy")(function))
