"""Outlines of land for the map of `slit explore`, simplified from Natural Earth.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python tools/build_map.py package/land-110m.json slit/app/assets/land.json

Natural Earth (naturalearthdata.com) is in the public domain; the npm package world-atlas (Michael
Bostock, ISC license) redistributes its version 4.1 as TopoJSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Floats

TOLERANCE = 0.25
"""Degrees by which an outline may be off."""
SMALLEST = 1.5
"""Square degrees of the smallest island kept."""
SOUTHERNMOST = -60.0
"""Antarctica is left out."""


def main() -> None:
    """Read TopoJSON, write rings of tenths of degrees."""
    source, target = (Path(name) for name in sys.argv[1:3])
    rings = [simplified(ring) for ring in read_rings(json.loads(source.read_text()))]
    kept = [ring for ring in rings if area(ring) >= SMALLEST and ring[:, 1].max() > SOUTHERNMOST]
    kept.sort(key=area, reverse=True)
    said = {
        "source": "Natural Earth 4.1, 1:110m land (public domain), through world-atlas 2.0.2",
        "unit": "tenths of degrees, longitude and latitude in turns",
        "rings": [(ring * 10).round().astype(int).ravel().tolist() for ring in kept],
    }
    target.write_text(json.dumps(said, separators=(",", ":")) + "\n")
    print(f"{target}: {len(kept)} rings, {sum(map(len, kept))} points")


def read_rings(topology: dict[str, Any]) -> list[Floats]:
    """Outer rings (n, 2) in degrees; holes (seas within land) are rings of their own too."""
    scale, shift = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(arc, axis=0) * scale + shift for arc in topology["arcs"]]
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for ring in polygon:
                parts = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in ring]
                rings += cut(np.concatenate(parts))
    return rings


def cut(ring: Floats) -> list[Floats]:
    """The ring, or its parts on both sides of the antimeridian."""
    jumps = np.flatnonzero(np.abs(np.diff(ring[:, 0])) > 180) + 1
    if not len(jumps):
        return [ring]
    parts = np.split(ring, jumps)
    parts = [np.concatenate([parts[-1], parts[0]]), *parts[1:-1]]
    closed = []
    for part in parts:
        side = 180.0 if part[:, 0].mean() > 0 else -180.0
        ends = np.array([[side, part[0, 1]], part[0], part[-1], [side, part[-1, 1]]])
        closed.append(np.concatenate([ends[:1], part, ends[3:], ends[:1]]))
    return closed


def simplified(ring: Floats) -> Floats:
    """The ring with fewer points, nowhere more than TOLERANCE away (Douglas and Peucker 1973)."""
    keep = np.zeros(len(ring), dtype=bool)
    far = int(np.argmax(np.hypot(*(ring - ring[0]).T)))
    keep[[0, far, len(ring) - 1]] = True
    stack = [(0, far), (far, len(ring) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        chord = ring[last] - ring[first]
        inner = ring[first + 1 : last] - ring[first]
        length = np.hypot(*chord)
        cross = np.abs(chord[0] * inner[:, 1] - chord[1] * inner[:, 0])
        distance = cross / length if length > 0 else np.hypot(*inner.T)
        at = int(np.argmax(distance))
        if distance[at] > TOLERANCE:
            middle = first + 1 + at
            keep[middle] = True
            stack += [(first, middle), (middle, last)]
    return ring[keep]


def area(ring: Floats) -> float:
    """Square degrees inside a ring."""
    x, y = ring.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


if __name__ == "__main__":
    main()
