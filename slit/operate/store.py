"""The folder of an operation: everything that the next decision depends on, written whole.

The plan and what became of epochs are written first, the state last: whoever is killed in between
decides the same again, to the bit, and writes the same files.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.files import is_beside, kind_of, read_arrays, read_json, write_arrays, write_json
from slit.operate.budgets import Purse
from slit.operate.decide import Running
from slit.operate.due import Ahead, Settings, State

STATE, SETTINGS, PLAN, ALARM, EPOCHS = (
    "state.npz",
    "operation.json",
    "plan.json",
    "alarm.json",
    "epochs",
)
FORECASTER = "forecaster/"
HOLDING = "the state of slit operate"


@dataclass(frozen=True, slots=True)
class Kept:
    """A state at a time, with that of the forecaster."""

    moment: datetime
    state: State
    forecaster: Mapping[str, Floats]


def begin_folder(folder: Path, stated: Mapping[str, Any]) -> None:
    """Make the folder of an operation or a backtest, or see that it is of the same one.

    Raises SlitError that names what differs.
    """
    file = folder / SETTINGS
    if kind_of(folder) is None:
        folder.mkdir(parents=True)
    if kind_of(file) is None:
        if any(folder.iterdir()):
            raise SlitError(f"{folder}: not empty, expected a new folder or one that was begun")
        write_json(file, stated, indent=1)
        return
    found = read_json(file, holding="what was asked for")
    for name, value in json.loads(json.dumps(stated)).items():
        if not isinstance(found, dict) or found.get(name) != value:
            was = found.get(name) if isinstance(found, dict) else found
            raise SlitError(
                f"{folder}: {name}: {value!r}, expected {was!r} (as it was begun; another folder "
                "for other settings)"
            )


def sweep(folder: Path) -> None:
    """Delete what killed processes left beside the files of a folder that no other one writes."""
    for file in folder.rglob(".*"):
        if is_beside(file.name):
            file.unlink(missing_ok=True)


def write_state(folder: Path, kept: Kept) -> None:
    """Replace the state of the folder."""
    state = kept.state
    arrays: dict[str, Any] = {
        "moment": np.array(kept.moment.isoformat()),
        "epoch": np.array(state.epoch),
        "size": np.array(state.size),
    }
    for name in ("running", "ahead"):
        part = getattr(state, name)
        if part is not None:
            arrays |= {f"{name}/{field}": np.asarray(v) for field, v in part._asdict().items()}
    if state.purse is not None:
        arrays |= {f"purse/{field}": v for field, v in asdict(state.purse).items()}
    for name in ("prices", "started"):
        if getattr(state, name) is not None:
            arrays[name] = getattr(state, name)
    arrays |= {f"{FORECASTER}{name}": values for name, values in kept.forecaster.items()}
    write_arrays(folder / STATE, arrays, compress=False)


def read_state(folder: Path) -> Kept | None:
    """The state of a folder, None where nothing was decided yet. Raises SlitError for damage."""
    file = folder / STATE
    if kind_of(file) is None:
        return None
    arrays = read_arrays(file, holding=HOLDING)
    try:
        state = State(
            int(arrays["epoch"]),
            running=_part(arrays, "running", Running),
            ahead=_ahead(arrays),
            prices=arrays.get("prices"),
            size=float(arrays["size"]),
            purse=_part(arrays, "purse", Purse),
            started=arrays.get("started"),
        )
        moment = datetime.fromisoformat(str(arrays["moment"]))
    except (KeyError, TypeError, ValueError) as error:
        raise SlitError(f"{file}: damaged ({error}), expected {HOLDING}") from None
    learned = {
        name.removeprefix(FORECASTER): values
        for name, values in arrays.items()
        if name.startswith(FORECASTER)
    }
    return Kept(moment, state, learned)


def _part(arrays: Mapping[str, Any], name: str, kind: Any) -> Any:
    parts = {
        field.partition("/")[2]: values
        for field, values in arrays.items()
        if field.startswith(f"{name}/")
    }
    return kind(**parts) if parts else None


def _ahead(arrays: Mapping[str, Any]) -> Ahead | None:
    found: Ahead | None = _part(arrays, "ahead", Ahead)
    return None if found is None else found._replace(first=int(found.first))


def digest(*arrays: Any) -> str:
    """A name for the content of arrays: equal decisions have equal ones."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def stated_settings(settings: Settings, **more: Any) -> dict[str, Any]:
    """What was asked for, in plain words and numbers."""
    return {
        "format": 1,
        **more,
        "objectives": list(settings.names),
        "horizon": settings.horizon,
        "genes": settings.genes,
        "provision": settings.provision.value,
        "stability": settings.stability,
        "moves": settings.moves,
        "seed": settings.seed,
        "budgets": [str(budget) for budget in settings.budgets],
        "risk": None if settings.risk is None else asdict(settings.risk),
    }
