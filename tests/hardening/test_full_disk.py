"""A disk that is full at some byte: one message, and no run folder that is not whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from slit.record import read_run

LIMITED = (
    "import resource, sys; limit = int(sys.argv.pop(1)); "
    "from slit.commands import main; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)); main()"
)
"""No file may grow beyond the limit: writing then fails as on a full disk."""


def optimize(folder: Path, *, limit: int) -> subprocess.CompletedProcess[str]:
    job = ["optimize", "tiny", "--optimizer", "nearest", "--quiet", "--output", str(folder)]
    code = [sys.executable, "-c", LIMITED, str(limit)]
    return subprocess.run([*code, *job], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("limit", [0, 1_000, 20_000])
def test_a_full_disk_is_one_message(limit: int, tmp_path: Path) -> None:
    done = optimize(tmp_path / "run", limit=limit)
    said = [line for line in done.stderr.splitlines() if "cache" not in line]
    assert done.returncode == 2, done.stderr
    assert len(said) == 1
    assert "expected a file to write" in said[0]
    assert not (tmp_path / "run").exists()


def test_a_run_that_met_a_full_disk_can_be_made_afterwards(tmp_path: Path) -> None:
    assert optimize(tmp_path / "run", limit=5_000).returncode == 2
    done = optimize(tmp_path / "run", limit=2**31)
    assert done.returncode == 0, done.stderr
    assert len(read_run(tmp_path / "run").front) > 0
