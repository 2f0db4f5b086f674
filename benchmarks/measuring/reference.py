"""What a front is measured against: a box in the space of objectives, and the most it can hold."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from operators.indicators import hypervolume
from operators.types import Floats
from slit.certificates.bounds import Certificate
from slit.certificates.normalization import REACH


class ReferenceKind(StrEnum):
    """What a bound is worth."""

    CERTIFIED = "certified"  # proved for every front
    EXACT = "exact"  # the hypervolume of the exact front
    BOX = "box"  # the whole box: shares compare, and mean nothing more


@dataclass(frozen=True, slots=True, eq=False)
class HypervolumeReference:
    """The box ideal + [0, 1.1] * span (M,), and the hypervolume that no front exceeds in it.

    `columns` are those of the objectives that count, called `names`; `detail` says how the bound
    came about.
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    ideal: Floats
    span: Floats
    bound: float
    kind: ReferenceKind
    detail: str = ""

    def volume(self, F: Floats) -> float:
        """Hypervolume of F (N, all objectives), in widths of the box."""
        return hypervolume(self.scaled(F), reference=np.full(len(self.names), REACH))

    def scaled(self, F: Floats) -> Floats:
        """The columns of F (N, all objectives) that count, in widths of the box: (N, M)."""
        return np.asarray((F[:, list(self.columns)] - self.ideal) / self.span)

    def to_json(self) -> dict[str, Any]:
        """As numbers and text."""
        return {
            "names": list(self.names),
            "columns": list(self.columns),
            "ideal": self.ideal.tolist(),
            "span": self.span.tolist(),
            "bound": self.bound,
            "kind": str(self.kind),
            "detail": self.detail,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "HypervolumeReference":
        """Back from `to_json`."""
        return cls(
            names=tuple(content["names"]),
            columns=tuple(content["columns"]),
            ideal=np.array(content["ideal"]),
            span=np.array(content["span"]),
            bound=content["bound"],
            kind=ReferenceKind(content["kind"]),
            detail=content["detail"],
        )


def certified_reference(certificate: Certificate) -> HypervolumeReference:
    """The reference box of a scenario, with the bound that the relaxation proves."""
    box = certificate.box
    kept = np.flatnonzero(box.kept)
    left_out = (f"{name} left out: {reason}" for name, reason in box.left_out.items())
    how = "exact volume" if certificate.volume.exact else "sampled volume, 99.9 % limit"
    detail = f"{len(certificate.weights)} weight vectors, reference {REACH}, {how}"
    return HypervolumeReference(
        names=tuple(box.names[m] for m in kept),
        columns=tuple(int(m) for m in kept),
        ideal=box.ideal[kept],
        span=box.range[kept],
        bound=certificate.bound,
        kind=ReferenceKind.CERTIFIED,
        detail="; ".join([detail, *left_out]),
    )


def box_reference(
    ideal: Floats, worst: Floats, *, names: tuple[str, ...], detail: str
) -> HypervolumeReference:
    """A box from `ideal` to `worst` (M,), where nothing better is known."""
    count = len(names)
    return HypervolumeReference(
        names,
        tuple(range(count)),
        ideal,
        _width(ideal, worst),
        REACH**count,
        ReferenceKind.BOX,
        detail,
    )


def exact_reference(front: Floats, *, names: tuple[str, ...]) -> HypervolumeReference:
    """The box of an exact front (K, M), and its hypervolume."""
    ideal, worst = front.min(axis=0), front.max(axis=0)
    width = _width(ideal, worst)
    scaled = (front - ideal) / width
    bound = hypervolume(scaled, reference=np.full(len(names), REACH))
    detail = f"{len(front)} points of the exact front"
    columns = tuple(range(len(names)))
    return HypervolumeReference(names, columns, ideal, width, bound, ReferenceKind.EXACT, detail)


def _width(ideal: Floats, worst: Floats) -> Floats:
    return np.asarray(np.where(worst > ideal, worst - ideal, 1.0))
