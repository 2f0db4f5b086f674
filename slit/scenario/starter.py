"""A commented scenario to start from: what `slit init` writes."""

import shutil
from pathlib import Path

from slit.errors import SlitError

FOLDER = Path(__file__).parent / "starter"
SCENARIO_FILE = "scenario.toml"


def write_starter(folder: str | Path) -> Path:
    """Write scenario.toml and its tables into a new or empty folder; the path of the scenario.

    The scenario loads without change. Raises SlitError where the folder holds files or is none.
    """
    target = new_folder(folder)
    try:
        for source in sorted(FOLDER.iterdir()):
            shutil.copyfile(source, target / source.name)
    except OSError as error:
        raise SlitError(f"{target}: {error.strerror}, expected a folder to write into") from None
    return target / SCENARIO_FILE


def new_folder(folder: str | Path) -> Path:
    """The folder, made where it is missing. Raises SlitError where it holds files or is none."""
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise SlitError(f"{target}: a file, expected a new or empty folder")
    if target.is_dir() and any(target.iterdir()):
        raise SlitError(f"{target}: not empty, expected a new or empty folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SlitError(f"{target}: {error.strerror}, expected a folder to write into") from None
    return target
