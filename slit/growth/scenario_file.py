"""The scenario file of a grown fleet."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from slit.errors import SlitError
from slit.files import write_named
from slit.growth.fleet import Fleet
from slit.scenario.builtin import builtin_names
from slit.scenario.scenario import Scenario
from slit.scenario.toml_file import read_raw, read_toml, scenario_path, validated


def write_grown(source: str | Path, fleet: Fleet, grown: Scenario, path: Path, note: str) -> Path:
    """Write the scenario `grown` of a fleet as a file that `slit optimize` runs.

    Of a built-in scenario `source` the file extends it; of a file it is a copy with other pools,
    which has to lie beside it, as its tables are named relative to it.

    Raises SlitError for another folder, or a file that would be written over its own source.
    """
    builtin = str(source) in builtin_names()
    file = scenario_path(str(source))
    if not builtin and path.resolve().parent != file.resolve().parent:
        raise SlitError(
            f"output: {path}, expected a file in {file.parent} (beside the scenario, whose tables "
            "are named relative to it)"
        )
    if path.exists():
        raise SlitError(f"output: {path} exists, expected a new file")
    data: dict[str, Any] = {"schema": 1}
    if builtin:
        data |= {"name": f"{grown.name}-grown", "extends": str(source)}
        latency = read_raw(file).data.get("latency", {})
    else:
        data = read_toml(file)
        data["name"] = f"{grown.name}-grown"
        latency = data.get("latency", read_raw(file).data.get("latency", {}))
    pools = [pool.model_dump(mode="json", exclude_defaults=True) for pool in grown.pools]
    for pool, record in zip(pools, grown.pools, strict=True):
        pool["nodes"] = record.nodes
    data["pools"] = pools
    likes = {row.datacenter: str(row.like) for row in fleet.rows if row.like is not None}
    new = [center.name for center in grown.datacenters if center.name in likes]
    if new:
        data |= _sites(file, grown, new, likes, latency)
    listed = {
        key: data.pop(key) for key in ("datacenters", "pools") if isinstance(data.get(key), list)
    }
    # Plain keys come before the first [[...]]: TOML would put them into it.
    lines = [f"# {note}", *(f"{toml_key(key)} = {toml(value)}" for key, value in data.items())]
    for key, entries in listed.items():
        for entry in entries:
            lines += ["", f"[[{key}]]", *(f"{toml_key(k)} = {toml(v)}" for k, v in entry.items())]
    write_named(path, ("\n".join(lines) + "\n").encode())
    return path


def _sites(
    file: Path, grown: Scenario, new: list[str], likes: dict[str, str], latency: dict[str, Any]
) -> dict[str, Any]:
    """All datacenters with their signals, the new ones as those they are like; round trips."""
    records = validated(read_raw(file)).datacenters
    stated = {}
    for each in records if isinstance(records, tuple) else ():
        stated[each.name] = each.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    sites = [stated[c.name] for c in grown.datacenters if c.name in stated]
    for name in new:
        none = {"renewable": {"value": 0.0, "unit": "kW"}}
        sites.append(stated[likes[name]] | {"name": name} | none)
    found: dict[str, Any] = {"datacenters": sites}
    if latency.get("by") != "zone":
        pairs = list(latency.get("pairs", []))
        for name in new:
            d = [center.name for center in grown.datacenters].index(name)
            for o, origin in enumerate(grown.origins):
                ms = float(grown.round_trip_s[o, d]) * 1000
                pairs.append({"origin": origin.name, "datacenter": name, "ms": ms})
        found["latency"] = latency | {"pairs": pairs}
    return found


def toml_key(key: str) -> str:
    """A key as TOML writes it."""
    plain = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if plain else json.dumps(key)


def toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{toml_key(str(key))} = {toml(each)}" for key, each in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(each) for each in value)}]"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    # Of a table's cell the text; characters beyond ASCII as they are, as TOML has no surrogates.
    return json.dumps(value, ensure_ascii=False)
