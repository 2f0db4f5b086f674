"""After the fact: what an operation really came to, by the figures that are known now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.files import read_arrays, read_json
from slit.operate.backtest import daily, saving_interval
from slit.operate.decide import PROMISED, Running
from slit.operate.due import Settings
from slit.operate.history import Stretch, stretch_of
from slit.operate.operation import STAMP
from slit.operate.panel import window_of
from slit.operate.policy import Weighted
from slit.operate.provision import Provision
from slit.operate.rivals import served_by
from slit.operate.serve import serve
from slit.operate.store import EPOCHS, SETTINGS
from slit.scenario.scenario import Scenario

HOLDING = "an epoch of slit operate"


@dataclass(frozen=True, slots=True, eq=False)
class Settlement:
    """Of E epochs carbon, water and cost (E, 3): `promised` by the plan that was in force,
    `counted` when they had passed, `settled` by the figures of today; `rivals` by name what
    schedulers would have come to by those. `missing` epochs between have no figures."""

    times: tuple[datetime, ...]
    promised: Floats
    counted: Floats
    settled: Floats
    rivals: Mapping[str, Floats]
    missing: int
    day: int


def settle(folder: Path, scenario: Scenario, *, against: Sequence[str]) -> Settlement:
    """Serve what was decided again by a scenario's requests and signals, epoch by epoch.

    Raises SlitError where nothing was served, for another scenario, and for damaged files.
    """
    stated = read_json(folder / SETTINGS, holding="what was asked for")
    files = sorted((folder / EPOCHS).glob("*.json"))
    if not isinstance(stated, dict) or stated.get("scenario") != scenario.name:
        found = stated.get("scenario") if isinstance(stated, dict) else stated
        raise SlitError(f"{folder}: of {found!r}, expected {scenario.name!r} (scenario)")
    if not files:
        raise SlitError(f"{folder}: no epochs, expected some that have passed")
    times = [datetime.strptime(file.stem, STAMP).replace(tzinfo=UTC) for file in files]
    epoch = timedelta(seconds=scenario.horizon.epoch_seconds)
    stretch = stretch_of(scenario, start=times[0], end=times[-1] + epoch, history_days=0, horizon=1)
    at = [(time - times[0]) // epoch for time in times]
    epochs = [_read(file) for file in files]
    counted = np.array([[content[name] for name in PROMISED] for content, _ in epochs])
    promised = np.array([[content["promised"][name] for name in PROMISED] for content, _ in epochs])
    settled = _served_again(stretch, at, epochs, stated)
    settings = Settings(
        Weighted(), tuple(stated["objectives"]), horizon=1, genes=stretch.genes,
        seed=stated["seed"],
    )  # fmt: skip
    rivals = {}
    for name in against:
        rows = np.array([row.by_site.sum(axis=1) for row in served_by(name, stretch, settings)])
        rivals[name] = rows[at]
    missing = at[-1] + 1 - len(at)
    day = stretch.clock.day
    return Settlement(tuple(times), promised, counted, settled, rivals, missing, day)


def _read(file: Path) -> tuple[dict[str, Any], Running]:
    content = read_json(file, holding=HOLDING)
    arrays = read_arrays(file.with_suffix(".npz"), holding=HOLDING)
    try:
        for name in PROMISED:
            float(content[name]), float(content["promised"][name])
        return content, Running(**arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise SlitError(f"{file}: damaged ({error}), expected {HOLDING}") from None


def _served_again(
    stretch: Stretch,
    at: Sequence[int],
    epochs: Sequence[tuple[dict[str, Any], Running]],
    stated: Mapping[str, Any],
) -> Floats:
    """(E, 3)."""
    rows, running = [], None
    for t, (content, asked) in zip(at, epochs, strict=True):
        served = serve(
            window_of(stretch.scenario, t, 1, genes=stretch.genes),
            *asked,
            running,
            provision=Provision(stated["provision"]),
            rng=np.random.default_rng([stated["seed"], content["epoch"], 1]),
        )
        running = served.running
        rows.append(served.by_site.sum(axis=1))
    return np.array(rows)


def settlement_content(found: Settlement) -> dict[str, Any]:
    """A settlement in plain numbers; intervals are None for less than six days."""
    tables = {"promised": found.promised, "counted": found.counted, "settled": found.settled}
    savings = []
    for rival, table in found.rivals.items():
        row: dict[str, Any] = {"against": rival}
        for n, name in enumerate(PROMISED):
            mine, base = found.settled[:, n], table[:, n]
            row[name] = float(100 * (mine.sum() / base.sum() - 1)) if base.sum() else None
            days = [daily(values, found.day) for values in (mine, base)]
            low, high = saving_interval(*days)
            row[f"{name}_95"] = [low, high] if np.isfinite(low) else None
        savings.append(row)
    return {
        "from": found.times[0].strftime(STAMP),
        "to": found.times[-1].strftime(STAMP),
        "epochs": len(found.times),
        "missing": found.missing,
        "sums": {
            row: dict(zip(PROMISED, table.sum(axis=0).tolist(), strict=True))
            for row, table in (tables | dict(found.rivals)).items()
        },
        "savings": savings,
    }
