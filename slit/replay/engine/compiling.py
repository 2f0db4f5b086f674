"""How the kernels of the engine are compiled."""

from collections.abc import Callable
from typing import Any, TypeVar

from operators import compiling

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile `function` as `operators.compiling.kernel` does, without counting references.

    Callers own all arrays, and no kernel makes one. Counts of references are atomic, and small
    functions that hand tables on spend two thirds of their time on them.
    """
    compiled: Any = compiling.kernel(function)
    options = getattr(compiled, "targetoptions", None)
    if options is not None:  # there are none under NUMBA_DISABLE_JIT
        options["_nrt"] = False
    return compiled  # type: ignore[no-any-return]
