"""What the progress bar says."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from slit.commands.progress import best_text, rate_text
from slit.run import HistoryEntry, LoopState, Progress


def progress_of(loop: LoopState) -> Progress:
    return Progress(loop, 0.5, None)  # type: ignore[arg-type]


def read_all(terminal: int) -> str:
    """Everything written to a terminal until its other end is closed."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            part = b""
        if not part:
            os.close(terminal)
            return b"".join(parts).decode()
        parts.append(part)


def test_rates() -> None:
    loop = LoopState(evaluations=3000, seconds=1.5)
    assert rate_text(progress_of(loop)) == "2,000 evaluations/s"
    loop.moves = 18_000_000
    assert rate_text(progress_of(loop)) == "2,000 evaluations/s, 12.0 M moves/s"


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ([], ""),
        ([HistoryEntry(10, 0, 1.0, 0, (5.0, 6.0))], "no feasible plan yet"),
        ([HistoryEntry(10, 0, 1.0, 3, (1234.56, 0.25))], "carbon 1,235, quality lost 0.25"),
    ],
)
def test_best_values(history: list[HistoryEntry], text: str) -> None:
    loop = LoopState(history=history)
    assert best_text(progress_of(loop), ("carbon", "quality")) == text


def test_a_terminal_gets_a_bar_on_standard_error_only(repository: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    entry = "from slit.commands import main; main()"
    words = ["optimize", "tiny", "--optimizer", "nsga2", "--evaluations", "2000", "--json"]
    running = subprocess.Popen(
        [sys.executable, "-c", entry, *words, "--output", str(tmp_path / "run")],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    drawn = read_all(ours)  # while it runs: what a terminal holds unread is limited
    output, _ = running.communicate()
    assert running.returncode == 0
    assert output.count("\n") == 1
    assert "preparing" in drawn
