"""Certificates kept on disk, by everything they follow from."""

import json
import os
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from slit.exact.bounds import Certificate, certify
from slit.exact.outer_volume import Volume
from slit.exact.reference_box import ReferenceBox
from slit.exact.relaxation import Relaxation
from slit.scenario.store import scenario_hash

FORMAT = 1


def default_folder() -> Path:
    """Where certificates are kept: SLIT_CACHE_DIR, or `slit` in the user's cache folder."""
    named = os.environ.get("SLIT_CACHE_DIR")
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "slit"


def certificate_key(relaxation: Relaxation, *, weights: int, refined: int) -> str:
    """SHA-256 (hex) of the scenario, the relaxed objectives' coefficients and the settings."""
    terms = relaxation.terms
    digest = sha256(scenario_hash(relaxation.scenario).encode())
    digest.update(f"{FORMAT} {weights} {refined} {terms.names} {terms.left_out}".encode())
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
    weights: int = 35,
    refined: int = 130,
) -> Certificate:
    """`certify`, or what it gave before: kept in `folder` where that can be written."""
    key = certificate_key(relaxation, weights=weights, refined=refined)
    path = folder / f"certificate-{key[:32]}.json"
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")), key)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # none yet, or not one of this version
    certificate = certify(relaxation, rng=rng, weights=weights, refined=refined)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(_to_json(certificate, key)), encoding="utf-8")
        part.replace(path)
    except OSError:
        pass  # a read-only home is no reason to fail
    return certificate


def _to_json(certificate: Certificate, key: str) -> dict[str, Any]:
    box = certificate.box
    return {
        "key": key,
        "names": box.names,
        "units": box.units,
        "ideal": box.ideal.tolist(),
        "nadir": box.nadir.tolist(),
        "kept": box.kept.tolist(),
        "left_out": box.left_out,
        "weights": certificate.weights.tolist(),
        "offsets": certificate.offsets.tolist(),
        "volume": asdict(certificate.volume),
    }


def _from_json(said: dict[str, Any], key: str) -> Certificate:
    if said["key"] != key:
        raise ValueError("another certificate")
    kept = np.array(said["kept"], dtype=np.bool_)
    box = ReferenceBox(
        names=tuple(said["names"]),
        units=tuple(said["units"]),
        ideal=np.array(said["ideal"], dtype=np.float64),
        nadir=np.array(said["nadir"], dtype=np.float64),
        kept=kept,
        left_out=dict(said["left_out"]),
    )
    return Certificate(
        box=box,
        weights=np.array(said["weights"], dtype=np.float64).reshape(-1, int(kept.sum())),
        offsets=np.array(said["offsets"], dtype=np.float64),
        volume=Volume(**said["volume"]),
    )
