"""Fixtures of the scenario tests."""

from pathlib import Path

import pytest

from tests.scenario.files import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The starter scenario, ready to be spoiled."""
    return Files(tmp_path)
