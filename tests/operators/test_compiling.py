import os
import subprocess
import sys
from pathlib import Path

import pytest

from operators.compiling import kernel, kernel_of_types, uncached_kernel

FILES = {
    "given.py": """
from typing import NamedTuple
import numpy as np
class Given(NamedTuple):
    first: np.ndarray
    second: np.ndarray
""",
    "kernels/__init__.py": "",
    "kernels/outer.py": """
from given import Given
from kernels.inner import twice
from operators.compiling import kernel
@kernel
def outer(given: Given) -> float:
    return twice(given.first[0])
""",
    "kernels/inner.py": """
from operators.compiling import kernel
@kernel
def twice(value: float) -> float:
    return 2 * value
""",
    "main.py": """
import numpy as np
from given import Given
from kernels.outer import outer
value = outer(Given(first=np.array([1.0]), second=np.array([5.0])))
print(value, sum(outer.stats.cache_hits.values()))
""",
}


def run(folder: Path, repository: Path) -> list[str]:
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(folder / "cache"),
        "PYTHONPATH": f"{folder}{os.pathsep}{repository}",
    }
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.compiled
def test_the_disk_cache_sees_edits_in_files_beside_and_in_the_order_of_fields(
    tmp_path: Path, repository: Path
) -> None:
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    assert run(tmp_path, repository) == ["2.0", "0"]
    assert run(tmp_path, repository) == ["2.0", "1"]
    edited = FILES["kernels/inner.py"].replace("2 * value", "3 * value")
    (tmp_path / "kernels" / "inner.py").write_text(edited)
    assert run(tmp_path, repository) == ["3.0", "0"]
    head = FILES["given.py"].partition("    first")[0]
    (tmp_path / "given.py").write_text(f"{head}    second: np.ndarray\n    first: np.ndarray\n")
    assert run(tmp_path, repository) == ["3.0", "0"]


@pytest.mark.slow
@pytest.mark.compiled
def test_kernels_kept_with_types_of_a_module_that_is_gone_are_compiled_anew(
    tmp_path: Path, repository: Path
) -> None:
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    assert run(tmp_path, repository) == ["2.0", "0"]
    (tmp_path / "given.py").rename(tmp_path / "taken.py")
    for name in ("main.py", "kernels/outer.py"):
        (tmp_path / name).write_text(FILES[name].replace("from given", "from taken"))
    assert run(tmp_path, repository) == ["2.0", "0"]
    assert run(tmp_path, repository) == ["2.0", "1"]


@pytest.mark.compiled
def test_kernels_release_the_lock_and_divide_as_numpy_does() -> None:
    def inverse(value: float) -> float:
        return 1.0 / value

    assert kernel(inverse)(0.0) == float("inf")
    assert uncached_kernel(inverse)(0.0) == float("inf")
    for compile_it in (kernel, uncached_kernel):
        options = compile_it(inverse).targetoptions  # type: ignore[attr-defined]
        assert options["nogil"]
        assert not options.get("parallel")
        assert not options.get("fastmath")


def doubled(value: int) -> int:
    return 2 * value


doubled_of_types = kernel_of_types(doubled)
doubled_of_constants = kernel(doubled)


@pytest.mark.compiled
def test_kernels_of_types_are_not_compiled_again_for_each_constant() -> None:
    # In no cache: from there its callees would not be compiled at all.
    @uncached_kernel
    def sums(value: int) -> int:
        return (
            doubled_of_types(1) + doubled_of_types(2) + doubled_of_types(value)
            - doubled_of_constants(1) - doubled_of_constants(2) - doubled_of_constants(value)
        )  # fmt: skip

    assert sums(7) == 0
    assert len(doubled_of_types.signatures) == 1  # type: ignore[attr-defined]
    assert len(doubled_of_constants.signatures) == 3  # type: ignore[attr-defined]
