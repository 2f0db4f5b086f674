"""manifest.json: how a run came about, and what it amounts to."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from slit.errors import SlitError
from slit.files import read_file, write_file
from slit.objectives.limit_text import ResolvedLimit
from slit.optimizers.protocol import Phase
from slit.scenario.diagnostics import Finding
from slit.scenario.validation_errors import refused
from slit.stop import Stop, StopReason

Kind = TypeVar("Kind", bound=BaseModel)

MANIFEST = "manifest.json"
CELL_DAY_FRONT = "front.json"
"""What the folder of a cell-day holds in its place."""
FORMAT = 1
REPORTED = (
    "deap",
    "highspy",
    "moocore",
    "numba",
    "numpy",
    "pandas",
    "pymoo",
    "scikit-learn",
    "scipy",
)
"""Packages whose versions a run names."""


class Plugin(BaseModel):
    """The file that objectives of a run come from."""

    model_config = ConfigDict(frozen=True)

    path: str
    sha256: str


class Request(BaseModel):
    """What was asked for: enough, beside the scenario, to search again with the same bits."""

    model_config = ConfigDict(frozen=True)

    optimizer: str
    objectives: tuple[str, ...]
    seed: NonNegativeInt
    settings: dict[str, Any]
    budget: Stop
    baselines: bool = True
    steady: bool = True
    bound: bool = False
    start_plan: str | None = None
    plugin: Plugin | None = None
    limits: tuple[str, ...] = ()
    warm_nodes: dict[str, int] = {}  # besides those of the scenario as it was given


class Pending(Request):
    """A request whose run is not in its place. `overwrite`: it may replace the folder it is for.
    `complete`: all is written, only to be put there."""

    overwrite: bool = False
    complete: bool = False


class Manifest(Request):
    """A request, and how it went."""

    format: int = FORMAT
    scenario: str
    scenario_hash: str
    units: dict[str, str]
    titles: dict[str, str] = {}
    created: str
    versions: dict[str, str]
    processor: dict[str, str] = {}
    evaluations: NonNegativeInt
    moves: NonNegativeInt
    seconds: NonNegativeFloat
    stop: StopReason
    plans: NonNegativeInt
    feasible: bool
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()  # of the data, that matter
    phases: tuple[Phase, ...] = ()
    resolved_limits: tuple[ResolvedLimit, ...] = ()
    predicted: dict[str, dict[str, float]] = {}  # shares of carbon and cost of plans with a name


def versions() -> dict[str, str]:
    """Of slit, Python and the libraries that decide the bits of a run."""
    listed = {"slit": _version("slit-llm"), "python": platform.python_version()}
    return listed | {name: _version(name) for name in REPORTED}


def processor() -> dict[str, str]:
    """What of the processor the libraries here go by: with the versions, what decides the bits."""
    import numpy as np
    from threadpoolctl import threadpool_info

    extensions = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    blas = {
        f"{library['internal_api']} {library.get('version')} {library.get('architecture', '')}"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    facts = {
        "machine": platform.machine(),
        "numpy": " ".join(extensions),
        "blas": ", ".join(sorted(blas)),
    }
    return {name: value for name, value in facts.items() if value}


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write manifest.json."""
    write_file(folder / MANIFEST, f"{manifest.model_dump_json(indent=2)}\n".encode())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run folder. Raises SlitError if there is none or it is damaged."""
    if not folder.is_dir():
        raise SlitError(f"run: no folder {folder}, expected one that slit optimize wrote")
    file = folder / MANIFEST
    if not file.is_file():
        of_a_cell_day = (folder / CELL_DAY_FRONT).exists()
        hint = " (this is of a cell-day: slit wireless report)" if of_a_cell_day else ""
        raise SlitError(f"run: {folder} has no {MANIFEST}, expected a run folder{hint}")
    manifest = read_record(file, Manifest)
    if manifest.format != FORMAT:
        raise SlitError(f"{file}: format {manifest.format}, expected {FORMAT}")
    return manifest


def read_record(file: Path, kind: type[Kind]) -> Kind:
    """A record from a JSON file; SlitError if it is missing or does not hold one."""
    try:
        return kind.model_validate_json(read_file(file, holding="a file of a run"))
    except ValidationError as error:
        raise refused(error, kind, where=str(file), places={}) from error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown (not installed)"
