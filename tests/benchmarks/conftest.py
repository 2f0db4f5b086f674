"""One run of the smoke suite for all tests that read it."""

from pathlib import Path

import pytest

from benchmarks.execute import Tally, execute
from benchmarks.registry import find_suite
from benchmarks.store import Store, SuitePlan

SEEDS = 2


@pytest.fixture(scope="session")
def smoke_plan() -> SuitePlan:
    return find_suite("smoke").plan(SEEDS)


@pytest.fixture(scope="session")
def smoke_run(
    smoke_plan: SuitePlan, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Tally]:
    """The folder of a serial run of the smoke suite, and how it went."""
    folder = tmp_path_factory.mktemp("suite") / "smoke"
    lines: list[str] = []
    tally = execute(smoke_plan, Store(folder), workers=1, tell=lines.append)
    assert tally.failed == 0, "\n".join(lines)
    return folder, tally


@pytest.fixture(scope="session")
def smoke(smoke_run: tuple[Path, Tally]) -> Path:
    return smoke_run[0]
