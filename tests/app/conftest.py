"""Stored runs for all tests of the page."""

from pathlib import Path

import pytest

from slit.app.run_store import RunStore
from tests.stored import stored_run


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of the same scenario."""
    place = tmp_path_factory.mktemp("runs")
    stored_run(place / "first")
    stored_run(place / "second", seed=2, evaluations=120)
    return place / "first", place / "second"


@pytest.fixture(scope="session")
def store(folders: tuple[Path, Path]) -> RunStore:
    return RunStore(folders[:1])


@pytest.fixture(scope="session")
def both(folders: tuple[Path, Path]) -> RunStore:
    return RunStore(folders)
