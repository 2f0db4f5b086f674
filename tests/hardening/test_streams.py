"""Standard streams that are closed, full, or read by nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import slit

FULL = "slit: standard output: No space left on device, expected a place that can be written\n"
MISSING = "slit: run: no folder nowhere, expected one that slit optimize wrote\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    slit.optimize("tiny", optimizer="nsga2", population=12, evaluations=60, output=folder)
    return folder


def shell(
    repository: Path, command: str, *arguments: str, buffered: bool = True
) -> subprocess.CompletedProcess[str]:
    """The command of a shell, in which `slit` is the command and $1 the first argument."""
    slit_command = f'slit() {{ "{sys.executable}" -m slit "$@"; }}; set -o pipefail; '
    return subprocess.run(
        ["bash", "-c", slit_command + command, "bash", *arguments],
        cwd=repository,
        env={**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("words", ["show $1", "show $1 --json", "schema", "--help"])
def test_a_full_disk_is_one_message(
    repository: Path, run: Path, words: str, buffered: bool
) -> None:
    done = shell(repository, f"slit {words} > /dev/full", str(run), buffered=buffered)
    assert (done.returncode, done.stderr) == (2, FULL)


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("words", ["show $1", "schema", "--help"])
def test_who_stops_reading_gets_no_message(
    repository: Path, run: Path, words: str, buffered: bool
) -> None:
    """The exit code is that of a program which the signal SIGPIPE (13) ends."""
    closed = "exec 3> >(exec true); sleep 0.3; "  # a pipe whose reader has ended
    done = shell(repository, f"{closed} slit {words} >&3", str(run), buffered=buffered)
    assert (done.returncode, done.stderr) == (128 + 13, "")


def test_a_closed_output_is_not_written(repository: Path, run: Path) -> None:
    done = shell(repository, "slit show $1 >&-", str(run))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_messages_never_go_to_the_output(repository: Path, run: Path) -> None:
    """Python prints to standard output where standard error is None."""
    for closed in ("2>&-", "2> /dev/full", "<&- 2>&-"):
        done = shell(repository, f"slit show nowhere --json {closed}")
        assert (done.returncode, done.stdout) == (2, "")
    done = shell(repository, "slit show nowhere >&-")
    assert (done.returncode, done.stderr) == (2, MISSING)
    done = shell(repository, "slit nothing >&- 2>&- <&-")
    assert done.returncode == 2


def test_no_file_takes_the_place_of_a_closed_stream(
    repository: Path, run: Path, tmp_path: Path
) -> None:
    """The next file opened would get descriptor 1, and in it what is printed."""
    words = "optimize tiny --optimizer nearest --output $1"
    done = shell(repository, f"slit {words} >&- 2>&-", str(tmp_path / "closed"))
    assert done.returncode == 0
    done = shell(repository, f"slit {words}", str(tmp_path / "open"))
    assert done.returncode == 0
    for file in ("front.csv", "scenario.toml"):
        first, second = (tmp_path / name / file for name in ("closed", "open"))
        if second.exists():
            assert first.read_bytes() == second.read_bytes()
