"""What is promised about installing and importing."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "dash",
    "deap",
    "highspy",
    "moocore",
    "numba",
    "pandas",
    "plotly",
    "pymoo",
    "scipy",
    "sklearn",
)


@pytest.fixture(scope="module")
def setup(repository: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(repository / "setup.cfg")
    return parser


def test_importing_slit_loads_no_heavy_library(repository: Path) -> None:
    code = "import sys, slit; print(*sorted(n for n in sys.modules if '.' not in n))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "slit" in loaded
    assert set(HEAVY).isdisjoint(loaded)


def test_one_version_everywhere(repository: Path, setup: configparser.ConfigParser) -> None:
    version = setup["metadata"]["version"]
    assert f"\nversion: {version}\n" in (repository / "CITATION.cff").read_text()
    assert f"## [{version}]" in (repository / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("package", ["operators", "slit"])
def test_types_are_shipped(
    repository: Path, setup: configparser.ConfigParser, package: str
) -> None:
    assert (repository / package / "py.typed").exists()
    assert setup["options.package_data"][package] == "py.typed"


def test_every_dependency_has_a_lower_bound_only(setup: configparser.ConfigParser) -> None:
    extras = setup["options.extras_require"]
    lines = [
        setup["options"]["install_requires"],
        *(extras[name] for name in extras if name != "dev"),
    ]
    required = [line for block in lines for line in block.strip().splitlines()]
    assert len(required) > 20
    assert [line for line in required if ">=" not in line or "<" in line or "==" in line] == []


def test_the_gates_call_the_command_of_the_readme(repository: Path) -> None:
    command = "python -m pytest -n auto"
    assert f"\n{command}\n" in (repository / "README.md").read_text()
    assert f" {command}\n" in (repository / ".ci" / "run").read_text()
