"""Fixtures and settings of the whole suite."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
IN_CI = bool(os.environ.get("CI"))
WITHOUT_COMPILER = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
KERNEL_FOLDERS = ("kernels", "operators")

# The first example compiles, so no deadline. In CI the same examples every time.
settings.register_profile("compiled", deadline=None, derandomize=IN_CI, print_blob=True)
settings.register_profile(
    "interpreted", settings.get_profile("compiled"), max_examples=15, derandomize=True
)
settings.load_profile("interpreted" if WITHOUT_COMPILER else "compiled")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what lies in the kernels' folders; without a compiler skip what needs one.

    Long attacks run only where they are asked for.
    """
    if "attack" not in config.getoption("markexpr"):
        items[:] = [item for item in items if not item.get_closest_marker("attack")]
    for item in items:
        if item.path.relative_to(REPOSITORY / "tests").parts[0] in KERNEL_FOLDERS:
            item.add_marker(pytest.mark.kernel)
        if WITHOUT_COMPILER and item.get_closest_marker("compiled"):
            item.add_marker(
                pytest.mark.skip(reason="needs compiled code: NUMBA_DISABLE_JIT is set")
            )


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Certificates are kept apart from the user's; subprocesses inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real series: SLIT_SHARED_DATA, or shared/data beside the checkout."""
    named = os.environ.get("SLIT_SHARED_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        message = f"shared data: no folder {folder} (set SLIT_SHARED_DATA)"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return folder
