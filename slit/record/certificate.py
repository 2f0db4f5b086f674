"""certificate.json: the certificate of a run's scenario, and what its gap is made of."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from slit.arrays import product
from slit.certificates.bounds import Certificate
from slit.certificates.certificate_store import certificate_from_json, certificate_to_json
from slit.certificates.certified import Certified, certified_data
from slit.certificates.gap_decomposition import GapParts
from slit.certificates.normalization import REACH
from slit.certificates.outer_volume import cut_volume
from slit.errors import SlitError
from slit.files import kind_of, read_json, write_json
from slit.record.runs import Run

CERTIFICATE = "certificate.json"
FORMAT = 1
ROUNDING = 1e-6
"""Plans may be below a half-space by this, in ranges of the box: more is a contradiction."""

_PARTS = TypeAdapter(GapParts | None)


def write_certificate(certified: Certified, folder: Path, *, scenario_hash: str) -> None:
    """Write certificate.json into an existing folder."""
    content = {
        "format": FORMAT,
        "scenario_hash": scenario_hash,
        "certificate": certificate_to_json(certified.certificate),
        "parts": None if certified.parts is None else asdict(certified.parts),
    }
    write_json(folder / CERTIFICATE, content)


def read_certificate(run: Run) -> Certified | None:
    """The run's front against the certificate in its folder; None if there is none, or the run is
    judged by another carbon account, of which the file says nothing.

    Raises SlitError for a damaged file, and for one of another scenario or other objectives.
    """
    file = run.folder / CERTIFICATE
    if run.judged or kind_of(file) is None:
        return None
    again = f"(remove the file; slit bound {run.folder} makes it anew)"
    content = read_json(file, holding=f"the certificate of this run {again}")
    try:
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}")
        if content["scenario_hash"] != run.manifest.scenario_hash:
            raise ValueError("another scenario's")
        certificate = certificate_from_json(content["certificate"])
        parts = _PARTS.validate_python(content["parts"])
        if parts is not None and parts.volume is not None and not 0 < parts.volume.bound < np.inf:
            raise ValueError(f"a volume of {parts.volume.bound} in parts")
        _check(run, certificate)
        certified = certified_data(run.front, certificate, parts=parts)
        if certified.share is not None and certified.share > 1 + ROUNDING:
            raise ValueError(f"a certified share of {100 * certified.share:.4g} %, above 100 %")
    except (ValueError, KeyError, OverflowError, TypeError, AttributeError) as error:
        why = str(error).splitlines()[0] if isinstance(error, ValueError) else repr(error)
        raise SlitError(f"{file}: {why}, expected the certificate of this run {again}") from error
    return certified


def _check(run: Run, certificate: Certificate) -> None:
    """Raise ValueError if a certificate cannot be this run's."""
    front, box, volume = run.front, certificate.box, certificate.volume
    strange: list[Any] = [name for name in box.names if name not in front.names]
    if strange or not box.names:
        raise ValueError(f"objectives {', '.join(box.names) or 'none'}")
    columns = [front.names.index(name) for name in box.names]
    values = front.F[front.on_front][:, columns]
    if (values < box.ideal - ROUNDING * np.maximum(np.abs(box.ideal), box.range)).any():
        raise ValueError("a plan below the least possible")
    scaled = box.scaled(values)
    if (product(scaled, certificate.weights.T) < certificate.offsets - ROUNDING).any():
        raise ValueError("a plan is better than its bound")
    if (np.diff([box.ideal, box.nadir], axis=0) < 0).any():
        raise ValueError("a nadir below the ideal")
    if volume.exact and box.kept.sum() > 1:
        rng = np.random.default_rng(0)  # not used where a volume is exact
        right = cut_volume(certificate.weights, certificate.offsets, edge=REACH, rng=rng)
        if abs(right.value - volume.value) > ROUNDING * right.value:
            raise ValueError(f"a volume of {volume.value:.6g}, not {right.value:.6g}")
