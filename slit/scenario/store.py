"""A scenario in a run folder: enough to evaluate again without the files it was read from."""

import json
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from operators.types import Floats
from slit.errors import SlitError
from slit.files import read_arrays, read_json, write_arrays, write_json
from slit.scenario.account import Account
from slit.scenario.diagnostics import Finding
from slit.scenario.limit_entry import LimitEntry
from slit.scenario.pools import NodePool
from slit.scenario.records import (
    Accounting,
    Datacenter,
    Horizon,
    ModelVariant,
    NodeType,
    Origin,
    RequestClass,
    Residency,
    Resolution,
    Service,
)
from slit.scenario.routing_entry import RoutingEntry
from slit.scenario.scenario import Demand, Input, Scenario, Signals
from slit.scenario.validation_errors import field_path

FORMAT = 1
RECORDS_FILE = "scenario.json"
ARRAYS_FILE = "scenario.npz"

_RECORDS: dict[str, Any] = {
    "horizon": Horizon,
    "accounting": Accounting,
    "resolution": Resolution,
    "classes": tuple[RequestClass, ...],
    "origins": tuple[Origin, ...],
    "datacenters": tuple[Datacenter, ...],
    "node_types": tuple[NodeType, ...],
    "pools": tuple[NodePool, ...],
    "variants": tuple[ModelVariant, ...],
    "services": tuple[Service, ...],
    "residency": tuple[Residency, ...],
    "limits": tuple[LimitEntry, ...],
    "accounts": tuple[Account, ...],
    "today": tuple[RoutingEntry, ...],
}
_ADDED = "limits", "accounts", "today"
"""Sections that earlier versions did not know: empty, they are left out."""
_FINDINGS = TypeAdapter(tuple[Finding, ...])


def save_scenario(scenario: Scenario, folder: Path) -> None:
    """Write scenario.json (records) and scenario.npz (arrays, no pickle) into a folder."""
    said = {
        "format": FORMAT,
        "hash": scenario_hash(scenario),
        "name": scenario.name,
        "description": scenario.description,
        "records": _records(scenario, exclude_defaults=False),
        "inputs": [asdict(entry) for entry in scenario.inputs],
        "findings": [asdict(finding) for finding in scenario.findings],
    }
    write_json(folder / RECORDS_FILE, said, indent=1)
    write_arrays(folder / ARRAYS_FILE, _arrays(scenario))


def read_scenario(folder: Path) -> Scenario:
    """What `save_scenario` wrote.

    Raises:
        SlitError: missing, damaged or altered files.
    """
    path = folder / RECORDS_FILE
    said = read_json(path, holding="the scenario of a run")
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise SlitError(f"{path}: unknown format, expected format {FORMAT} of this version of slit")
    records = {name: _record(path, said, name) for name in _RECORDS}
    arrays = _read_arrays(folder / ARRAYS_FILE)
    try:
        scenario = Scenario(
            name=said["name"],
            description=said["description"],
            **records,
            signals=Signals(**{f.name: arrays[f"signals.{f.name}"] for f in fields(Signals)}),
            demand=Demand(**{f.name: arrays[f"demand.{f.name}"] for f in fields(Demand)}),
            round_trip_s=arrays["round_trip_s"],
            account_carbon=arrays.get("account_carbon", np.zeros((0, 0, 0))),
            inputs=tuple(Input(**entry) for entry in said["inputs"]),
            findings=_FINDINGS.validate_python(said.get("findings", [])),
        )
    except ValidationError:
        raise SlitError(f"{path}: findings: wrong, expected a saved scenario") from None
    except (KeyError, TypeError) as error:
        raise SlitError(f"{folder}: {error} missing or wrong, expected a saved scenario") from None
    except SlitError as error:
        raise SlitError(f"{folder}: {error}") from None
    if scenario_hash(scenario) != said.get("hash"):
        raise SlitError(
            f"{path}: hash {str(said.get('hash'))[:12]}, expected {scenario_hash(scenario)[:12]} "
            "(records or arrays were changed after they were written)"
        )
    return scenario


def scenario_hash(scenario: Scenario) -> str:
    """SHA-256 (hex) of records and arrays: what changes an evaluation, and the words beside it.

    Name, description, inputs and the files a scenario was read from do not count; nor does a field
    that has its default, so that a new field with a neutral default keeps old hashes.
    """
    digest = sha256()
    canonical = json.dumps(
        _records(scenario, exclude_defaults=True),
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    digest.update(canonical.encode())
    for name, array in sorted(_arrays(scenario).items()):
        digest.update(f"\n{name} {array.shape}\n".encode())
        # Adding 0 turns -0.0 into 0.0: equal numbers, equal hashes.
        digest.update((array + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()


def _records(scenario: Scenario, *, exclude_defaults: bool) -> dict[str, Any]:
    return {
        name: TypeAdapter(kind).dump_python(
            getattr(scenario, name), mode="json", exclude_defaults=exclude_defaults
        )
        for name, kind in _RECORDS.items()
        if name not in _ADDED or getattr(scenario, name)
    }


def _record(path: Path, said: dict[str, Any], name: str) -> Any:
    try:
        if name in _ADDED and name not in said["records"]:
            return ()
        return TypeAdapter(_RECORDS[name]).validate_python(said["records"][name])
    except (KeyError, TypeError):
        raise SlitError(f"{path}: no records.{name}, expected a saved scenario") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = field_path(["records", name, *first["loc"]])
        raise SlitError(f"{path}: {where}: {first['msg']}, expected a saved scenario") from None


def _arrays(scenario: Scenario) -> dict[str, Floats]:
    arrays = {f"signals.{f.name}": getattr(scenario.signals, f.name) for f in fields(Signals)}
    arrays |= {f"demand.{f.name}": getattr(scenario.demand, f.name) for f in fields(Demand)}
    arrays |= {"account_carbon": scenario.account_carbon} if scenario.accounts else {}
    return arrays | {"round_trip_s": scenario.round_trip_s}


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    return read_arrays(path, holding="the arrays of a scenario")
