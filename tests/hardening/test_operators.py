"""Another package with the name of slit's second one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("file", ["operators.py", "operators/__init__.py"])
def test_another_package_called_operators_is_one_message(
    repository: Path, tmp_path: Path, file: str
) -> None:
    other = tmp_path / file
    other.parent.mkdir(exist_ok=True)
    other.write_text("")
    code = "from slit.commands import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "optimizers"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{repository}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"operators: {other}, expected {repository / 'operators'} (" in done.stderr
