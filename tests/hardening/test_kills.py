"""A search that is killed at any of its file operations is continued to the same bits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def killed(
    folder: Path, repository: Path, *, overwrite: int, again: int, step: int
) -> dict[str, int]:
    """Counts of what was found after kills at every `step`-th operation."""
    words = (folder, overwrite, again, 1 if step == 1 else step // 2, step)
    done = subprocess.run(
        [sys.executable, "-m", "tests.hardening.killing", *map(str, words)],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    assert found["kills"] == sum(found.get(name, 0) for name in ENDS)
    return found


ENDS = ("complete", "resumed", "begun anew")


@pytest.mark.slow
@pytest.mark.parametrize("overwrite", [0, 1])
def test_some_kills_are_recovered(overwrite: int, tmp_path: Path, repository: Path) -> None:
    found = killed(tmp_path, repository, overwrite=overwrite, again=0, step=9)
    assert found["kills"] >= 5
    assert found["resumed"] > 0


@pytest.mark.attack
@pytest.mark.parametrize("overwrite", [0, 1])
@pytest.mark.parametrize("again", [0, 1])
def test_every_kill_is_recovered(
    overwrite: int, again: int, tmp_path: Path, repository: Path
) -> None:
    found = killed(tmp_path, repository, overwrite=overwrite, again=again, step=1)
    assert found["kills"] > 60
