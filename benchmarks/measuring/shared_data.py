"""Where the shared data lie."""

import os
from pathlib import Path


def shared_folder() -> Path:
    """The folder that `SLIT_SHARED_DATA` names, or `../shared/data` beside the checkout."""
    named = os.environ.get("SLIT_SHARED_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"


def without(*names: str) -> str:
    """Which of these files or folders is missing, or nothing."""
    for name in names or ("",):
        if not (shared_folder() / name).exists():
            return f"no {shared_folder() / name} (set SLIT_SHARED_DATA)"
    return ""
