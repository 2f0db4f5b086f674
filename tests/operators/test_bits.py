import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operators.bits import checksums


@pytest.mark.compiled
def test_the_bits_are_the_same_compiled_or_not(repository: Path) -> None:
    interpreted = subprocess.run(
        [sys.executable, "-m", "tests.operators.bits"],
        cwd=repository,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(interpreted.stdout) == checksums()
