"""The same seed gives the same bits whatever kernels a library picks for the processor."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from slit.arrays import product
from slit.record.manifest import processor

SEARCH = """
import hashlib, json, sys
import numpy as np
import slit
from threadpoolctl import threadpool_info

found = slit.optimize("tiny", moves=3_000, seed=3, bound=True)
certificate = found.certified.certificate
parts = found.front.X, found.front.F, certificate.weights, certificate.offsets
said = {
    "bits": [hashlib.sha256(np.ascontiguousarray(part).tobytes()).hexdigest() for part in parts],
    "volume": [certificate.bound.hex(), found.certified.share.hex()],
    "best": [[value.hex() for value in entry.best] for entry in found.history],
    "blas": sorted(str(library.get("architecture")) for library in threadpool_info()),
}
json.dump(said, sys.stdout)
"""


def searched(**environment: str) -> dict[str, object]:
    """What a small search with its certificate finds in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SEARCH],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    said: dict[str, object] = json.loads(done.stdout)
    return said


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="kernels of x86-64")
def test_bits_do_not_depend_on_the_kernels_of_blas_and_numpy(tmp_path: Path) -> None:
    wide = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    fresh = {"XDG_CACHE_HOME": str(tmp_path)}  # certificates are kept there
    old = searched(OPENBLAS_CORETYPE="Prescott", NPY_DISABLE_CPU_FEATURES=" ".join(wide), **fresh)
    fresh["XDG_CACHE_HOME"] += "/other"
    usual = searched(**fresh)
    if old.pop("blas") == usual.pop("blas"):
        pytest.skip("the BLAS here does not heed OPENBLAS_CORETYPE")
    assert old == usual


def test_products_add_their_terms_in_order() -> None:
    # (1e16 + 1) - 1e16 is 0 in doubles, 1e16 - 1e16 + 1 is 1.
    weights = np.array([1.0, 1.0, 1.0])
    assert product(weights, np.array([1e16, 1.0, -1e16])) == 0.0
    assert product(weights, np.array([1e16, -1e16, 1.0])) == 1.0
    left = np.arange(6.0).reshape(2, 3)
    right = np.arange(12.0).reshape(3, 4)
    assert product(left, right).tolist() == [[20, 23, 26, 29], [56, 68, 80, 92]]
    assert product(weights, right).tolist() == [12, 15, 18, 21]
    assert product(left, weights).tolist() == [3, 12]
    assert product(np.zeros((2, 0)), np.zeros((0, 3))).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_a_run_says_what_it_was_made_on() -> None:
    said = processor()
    assert said["machine"] == platform.machine()
    assert said.keys() <= {"machine", "numpy", "blas"}
