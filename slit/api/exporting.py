"""Plans as files that gateways load, and as weights of gateways that run."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from slit.errors import SlitError
from slit.export.files import TOLERANCE, Rounding, epoch_rules, plan_files, round_plan
from slit.export.live import Drift, Weights, drift, live_weights, push, read
from slit.export.mapping import Mapping, mapping_text, read_mapping
from slit.export.routes import Epoch, PlanRoutes, Provenance, epoch_at, plan_routes
from slit.export.targets import ALL, KEDA, NEUTRAL, TARGETS, find_formats
from slit.files import write_file
from slit.ledger import Ledger, write_ledger
from slit.objectives import find
from slit.record import Run, read_run
from slit.scenario.scenario import Scenario

ROUNDING = "rounding.json"
WATCHED = 60.0
"""Seconds between two looks at a gateway that is watched."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of an export, and what rounding did: by format the change of each objective in per
    cent, and why formats were refused."""

    folder: Path
    files: tuple[Path, ...]
    rounding: dict[str, Any]
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of an epoch's weights in a gateway that runs. drifted: what it had instead of
    what was last written; unequal: what it had instead of what was now."""

    epoch: Epoch
    weights: Weights
    drifted: tuple[Drift, ...]
    unequal: tuple[Drift, ...]


def write_mapping(source: Scenario | Run | str | PathLike[str], file: str | PathLike[str]) -> Path:
    """Write a mapping to edit, with every backend that a plan of a scenario or run may use.

    Raises SlitError if the file is there already.
    """
    path = Path(file)
    if path.exists():
        raise SlitError(f"{path}: exists, expected a new file")
    scenario = source if isinstance(source, Scenario) else _opened(source).scenario
    write_file(path, mapping_text(scenario).encode())
    return path


def export(
    run: Run | str | PathLike[str],
    plan: str,
    *,
    to: Sequence[str],
    output: str | PathLike[str],
    mapping: str | PathLike[str] | None = None,
    at: str | None = None,
    tolerance: float = TOLERANCE,
) -> Exported:
    """Write a plan of a run (or run folder) as files that gateways load.

    Args:
        run: a run or its folder.
        plan: the plan's number or name.
        to: formats, `all` for every one that holds the plan within the tolerance.
        output: a new or empty folder.
        mapping: the file that names backends; not needed for `neutral`.
        at: a moment, for its epoch alone.
        tolerance: per cent by which rounding may make an objective worse.

    Raises:
        SlitError: unknown names, a mapping that lacks a backend, rounding beyond the tolerance.
    """
    opened, names, folder = _opened(run), find_formats(to), Path(output)
    if mapping is None and set(names) != {NEUTRAL}:
        raise SlitError(
            "mapping: none, expected a file that names backends "
            "(slit export RUN --write-mapping FILE writes one)"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SlitError(f"output: {folder} exists, expected a new or empty folder")
    read_names = None if mapping is None else read_mapping(Path(mapping))
    ledger, routes = _plan(opened, plan)
    epochs = routes.epochs if at is None else (epoch_at(routes.epochs, at),)
    rounding = _rounding(opened, ledger, names, tolerance, lenient=ALL in to)
    texts = plan_files(ledger, routes, names, rounding=rounding, mapping=read_names, epochs=epochs)
    content = rounding_content(rounding)
    texts[ROUNDING] = json.dumps({"tolerance": tolerance, **content}, indent=1) + "\n"
    for name, text in texts.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SlitError(f"{path.parent}: {error.strerror}, expected a folder") from error
        write_file(path, text.encode())
    files = tuple(folder / name for name in texts)
    return Exported(folder, files, content["rounding"], dict(rounding.refused))


def rounding_content(rounding: Rounding) -> dict[str, Any]:
    """What rounding did, as JSON."""
    found = {
        each.target.name: {
            "steps": each.target.grid.steps,
            "dropped": each.dropped,
            "lost": each.lost,
            "change_percent": dict(zip(each.judged.names, each.judged.change, strict=True)),
            "nodes_beyond_percent": each.beyond,
        }
        for each in rounding.found
    }
    return {"rounding": found, "refused": dict(rounding.refused)}


class Live:
    """A plan of a run whose weights are kept in a gateway that runs.

    Raises SlitError for a target whose weights cannot be changed live, and as `export` does.
    """

    def __init__(
        self,
        run: Run | str | PathLike[str],
        plan: str,
        *,
        target: str,
        place: str,
        mapping: str | PathLike[str],
        tolerance: float = TOLERANCE,
    ) -> None:
        able = [each.name for each in TARGETS if each.live]
        if target not in able:
            raise SlitError(f"push: {target}, expected one of {', '.join(able)} (live weights)")
        opened = _opened(run)
        self._target, self._place = target, place
        self._mapping: Mapping = read_mapping(Path(mapping))
        self._ledger, self._routes = _plan(opened, plan)
        self._rounding = _rounding(opened, self._ledger, [target], tolerance, lenient=False)
        self._last: Weights = {}

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Of the plan."""
        return self._routes.epochs

    def at(self, moment: datetime) -> Epoch:
        """The epoch of a moment; beyond the horizon that of the same time into another one: a day's
        plan is repeated day after day."""
        first, last = self.epochs[0].start, self.epochs[-1].end
        within = first + (moment.astimezone(UTC) - first) % (last - first)
        return self.epochs[int((within - first) / (self.epochs[0].end - first))]

    def weights(self, epoch: Epoch) -> Weights:
        """Of an epoch, by the names that the gateway has for them. A backend that some list uses in
        another epoch has 0."""
        [rounded] = self._rounding.found
        rules = epoch_rules(
            self._ledger, self._routes, rounded, self._rounding.backends, self._mapping, epoch
        )
        return live_weights(rules, self._target)

    def push(self, epoch: Epoch) -> Pushed:
        """Write an epoch's weights and read them back. Raises SlitError."""
        drifted = drift(self._last, read(self._target, self._place, self._last))
        weights = self.weights(epoch)
        unequal = push(self._target, self._place, weights)
        self._last = weights
        return Pushed(epoch, weights, drifted, unequal)

    def watch(
        self,
        *,
        seconds: float = WATCHED,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[Pushed]:
        """Keep the weights of the epoch that it is: pushed when it begins and when a look every
        `seconds` finds others. Never ends by itself."""
        current: Epoch | None = None
        while True:
            epoch = self.at(clock())
            changed = epoch is not current
            if not changed:
                found = read(self._target, self._place, self._last)
                changed = bool(drift(self._last, found))
            if changed:
                yield self.push(epoch)
                current = epoch
            sleep(seconds)


def pushed_content(pushed: Pushed) -> dict[str, Any]:
    """A push as JSON."""
    start, end = pushed.epoch.stamps
    return {
        "start": start,
        "end": end,
        "weights": dict(pushed.weights),
        "drifted": [asdict(each) for each in pushed.drifted],
        "unequal": [asdict(each) for each in pushed.unequal],
    }


def _opened(run: Run | str | PathLike[str]) -> Run:
    return run if isinstance(run, Run) else read_run(Path(run))


def _plan(run: Run, plan: str) -> tuple[Ledger, PlanRoutes]:
    row = run.front.row_of(plan, prefix=run.manifest.optimizer)
    genes = np.ascontiguousarray(run.front.X[row], dtype="<i2")
    ledger = write_ledger(run.front.X[row], run.problem, run.scenario)
    said = Provenance(
        scenario=run.scenario.name,
        scenario_hash=run.manifest.scenario_hash,
        plan=int(run.front.plans[row]),
        method=run.front.methods[row],
        plan_hash=hashlib.sha256(genes.tobytes()).hexdigest(),
    )
    return ledger, plan_routes(ledger, said)


def _rounding(
    run: Run, ledger: Ledger, names: Sequence[str], tolerance: float, *, lenient: bool
) -> Rounding:
    gateways = [name for name in names if name not in (NEUTRAL, KEDA)]
    objectives = find(run.manifest.objectives)
    return round_plan(ledger, gateways, objectives, tolerance=tolerance, lenient=lenient)
