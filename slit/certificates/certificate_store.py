"""Certificates kept on disk, by everything they follow from."""

import os
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from operators.types import Floats
from slit.certificates.bounds import Certificate, Within, certify, vectors_within
from slit.certificates.normalization import ReferenceBox, limited_box
from slit.certificates.outer_volume import ComputedVolume
from slit.errors import SlitError
from slit.files import read_json, write_json
from slit.relaxation import Relaxation
from slit.scenario.store import scenario_hash

FORMAT = 2


def default_folder() -> Path:
    """Where certificates are kept: SLIT_CACHE_DIR, or `slit` in the user's cache folder."""
    named = os.environ.get("SLIT_CACHE_DIR")
    if named:
        return Path(named)
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        home = os.devnull  # a user without a home: nothing can be kept under it
    return Path(home) / "slit"


def certificate_key(
    relaxation: Relaxation,
    *,
    weights: int,
    refined: int,
    caps: Floats | None = None,
    within: Within | None = None,
) -> str:
    """SHA-256 (hex) of the scenario, the relaxed objectives' coefficients, limits on them (M,) and
    others, and the settings."""
    terms = relaxation.terms if within is None else within.relaxation.terms
    digest = sha256(scenario_hash(relaxation.scenario).encode())
    digest.update(f"{FORMAT} {weights} {refined} {terms.names} {terms.left_out}".encode())
    if caps is not None:
        digest.update(caps.astype("<f8").tobytes())
    if within is not None:
        digest.update(f"{len(relaxation.names)} objectives".encode())
        digest.update(within.caps.astype("<f8").tobytes())
    for table in (
        terms.it, terms.facility, terms.grid, terms.nodes, terms.groups, terms.constant,
        terms.largest,
    ):  # fmt: skip
        digest.update(f"{table.shape}".encode())
        digest.update((table + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()


def stored_certificate(
    relaxation: Relaxation,
    *,
    rng: Generator,
    folder: Path,
    weights: int | None = None,
    refined: int | None = None,
    caps: Floats | None = None,
    within: Within | None = None,
) -> Certificate:
    """`certify`, or what it gave before: kept in `folder` where that can be written.

    `caps` (M,) are limits on the objectives, inf for none, and `within` those on other measures,
    too: the box is that of what they leave.
    """
    even, loosest = vectors_within(relaxation.solvers.distinct)
    weights = even if weights is None else weights
    refined = loosest if refined is None else refined
    key = certificate_key(relaxation, weights=weights, refined=refined, caps=caps, within=within)
    path = folder / f"certificate-{key[:32]}.json"
    try:
        said = read_json(path, holding="a certificate")
        if said["key"] == key:
            return certificate_from_json(said)
    except (SlitError, ValueError, KeyError, TypeError, AttributeError):
        pass  # none yet, or not one of this version
    box = None if caps is None else limited_box(relaxation, caps)
    if within is not None:
        box = limited_box(relaxation, within.caps, within=within.relaxation)
    certificate = certify(
        relaxation, rng=rng, weights=weights, refined=refined, box=box, within=within
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, {"key": key, **certificate_to_json(certificate)})
    except (OSError, SlitError):
        pass  # a read-only home is no reason to fail
    return certificate


def certificate_to_json(certificate: Certificate) -> dict[str, Any]:
    """A certificate as lists and numbers."""
    box, volume = certificate.box, certificate.volume
    return {
        "names": list(box.names),
        "units": list(box.units),
        "ideal": box.ideal.tolist(),
        "nadir": box.nadir.tolist(),
        "kept": box.kept.tolist(),
        "left_out": box.left_out,
        "weights": certificate.weights.tolist(),
        "offsets": certificate.offsets.tolist(),
        "optima": certificate.optima.tolist(),
        "volume": {
            "value": volume.value if isfinite(volume.value) else None,
            "error": volume.error,
            "exact": volume.exact,
        },
    }


def certificate_from_json(said: dict[str, Any]) -> Certificate:
    """Back from `certificate_to_json`.

    Raises ValueError, KeyError or TypeError for anything else.
    """
    names, units = tuple(map(str, said["names"])), tuple(map(str, said["units"]))
    count = len(names)
    kept = _array(said["kept"], (count,)) > 0
    axes, vectors = int(kept.sum()), len(said["offsets"])
    box = ReferenceBox(
        names=names,
        units=units,
        ideal=_array(said["ideal"], (count,)),
        nadir=_array(said["nadir"], (count,)),
        kept=kept,
        left_out={str(name): str(why) for name, why in said["left_out"].items()},
    )
    volume, error = said["volume"], float(said["volume"]["error"])
    value = float("nan") if volume["value"] is None else float(volume["value"])
    proper = not isfinite(value) if axes < 2 else 0 < value < float("inf")
    if len(units) != count or not proper or not 0 <= error < float("inf"):
        raise ValueError(f"a volume of {value} +- {error}, expected one of {axes} objectives")
    return Certificate(
        box=box,
        weights=_array(said["weights"], (vectors, axes)),
        offsets=_array(said["offsets"], (vectors,)),
        volume=ComputedVolume(value, error, exact=bool(volume["exact"])),
        optima=_array(said["optima"], (vectors, axes)),
    )


def _array(values: Any, shape: tuple[int, ...]) -> Floats:
    """Finite numbers of a shape."""
    found = np.array(values, dtype=np.float64)
    if found.size == 0 and 0 in shape:
        found = found.reshape(shape)
    if found.shape != shape or not np.isfinite(found).all():
        raise ValueError(f"numbers {found.shape}, expected {shape}, finite")
    return found
