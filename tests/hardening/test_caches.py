"""No folder in which compiled kernels or certificates can be kept: a service's user, a read-only
disk."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest

from operators.compiling import CacheWarning, kernel, temporary_folder
from slit.certificates.certificate_store import default_folder

PLAN = "import numpy as np; from operators.dominance import nondominated; "
PLAN += "print(nondominated(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])).tolist())"


@pytest.fixture
def installed(repository: Path, tmp_path: Path) -> Path:
    """A copy of operators/ that nothing can be written beside, not even by root."""
    place = tmp_path / "installed"
    shutil.copytree(
        repository / "operators", place / "operators", ignore=shutil.ignore_patterns("__pycache__")
    )
    (place / "operators" / "__pycache__").write_text("a file, where a folder is looked for")
    return place


def start(place: Path, temporary: Path, code: str = PLAN) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA", "XDG"))}
    environment |= {"HOME": os.devnull, "TMPDIR": str(temporary), "PYTHONPATH": str(place)}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.compiled
def test_kernels_are_kept_among_the_temporary_files(installed: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for _ in range(2):
        done = start(installed, temporary)
        assert (done.returncode, done.stdout) == (0, "[True, True, False]\n"), done.stderr
        assert done.stderr.count("CacheWarning") == 1
        assert f"{temporary}/slit-kernels-{os.getuid()} is used" in done.stderr
    (folder,) = temporary.glob("slit-kernels-*")
    assert list(folder.rglob("*.nbc"))


@pytest.mark.compiled
def test_a_folder_that_others_can_write_is_not_trusted(installed: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    folder = temporary / f"slit-kernels-{os.getuid()}"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    done = start(installed, temporary)
    assert (done.returncode, done.stdout) == (0, "[True, True, False]\n"), done.stderr
    assert "compiled in every process" in done.stderr
    assert not list(folder.iterdir())


def test_a_link_and_a_missing_folder_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    link = tmp_path / f"slit-kernels-{os.getuid()}"
    for target in ("elsewhere", "nowhere"):
        link.symlink_to(target)
        temporary_folder.cache_clear()
        with pytest.warns(CacheWarning, match="compiled in every process"):
            assert temporary_folder() is None
        link.unlink()
    temporary_folder.cache_clear()


@pytest.mark.compiled
def test_a_cache_that_fails_later_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))

    def twice(value: float) -> float:
        return 2 * value

    first = kernel(twice)
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("no folder any more")
    assert first(3.0) == 6.0
    (tmp_path / "cache").unlink()
    assert kernel(twice)(3.0) == 6.0
    for index in (tmp_path / "cache").rglob("*.nbi"):
        index.write_bytes(b"")
    assert kernel(twice)(4.0) == 8.0


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("SLIT_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert default_folder() == Path("/dev/null/slit")
