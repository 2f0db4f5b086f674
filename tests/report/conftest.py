"""One stored run for all tests of reports."""

import pytest

from slit.record import Run
from tests.stored import stored_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return stored_run(tmp_path_factory.mktemp("report") / "run")
