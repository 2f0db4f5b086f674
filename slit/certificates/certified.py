"""A front against a certificate: its share of what is possible, and each objective's gap."""

from dataclasses import dataclass

from slit.certificates.bounds import Certificate, Gap, gaps
from slit.certificates.gap_decomposition import GapParts
from slit.display import least_share
from slit.front import Front


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Certified:
    """A front of `plans` feasible plans, none better than another, against a certificate.

    `hypervolume` is that of the front in the certificate's box and `share` the part of the bound
    that it reaches at least; both are None where fewer than two objectives conflict, and 0 where no
    plan is feasible. `gaps` are those of each bounded objective, `parts` what they are made of,
    where that was worked out.
    """

    certificate: Certificate
    plans: int
    hypervolume: float | None
    share: float | None
    gaps: tuple[Gap, ...]
    parts: GapParts | None = None

    @property
    def weights(self) -> int:
        """Weight vectors of the certificate."""
        return len(self.certificate.weights)

    @property
    def bound(self) -> float | None:
        """The most hypervolume that any front can have; None where nothing conflicts."""
        return self.certificate.bound if self.conflicts else None

    @property
    def conflicts(self) -> bool:
        """Whether at least two objectives conflict."""
        return int(self.certificate.box.kept.sum()) > 1

    @property
    def left_out(self) -> dict[str, str]:
        """Objectives that have no part in the share, and why."""
        return self.certificate.box.left_out

    @property
    def reference(self) -> dict[str, float]:
        """The reference point: the objectives that conflict, by name."""
        box = self.certificate.box
        return {name: float(box.reference[m]) for m, name in enumerate(box.names) if box.kept[m]}

    def __repr__(self) -> str:
        share = "no share" if self.share is None else f"at least {least_share(self.share)}"
        return f"<Certified: {self.plans} plans, {share}, {self.weights} weight vectors>"


def certified_data(
    front: Front, certificate: Certificate, *, parts: GapParts | None = None
) -> Certified:
    """The feasible, mutually non-dominated plans of a front against a certificate."""
    box = certificate.box
    columns = [front.names.index(name) for name in box.names]
    values = front.F[front.on_front][:, columns]
    conflicts = int(box.kept.sum()) > 1
    volume = certificate.hypervolume(values) if len(values) and conflicts else 0.0
    return Certified(
        certificate=certificate,
        plans=len(values),
        hypervolume=volume if conflicts else None,
        share=volume / certificate.bound if conflicts else None,
        gaps=gaps(box, values) if len(values) else (),
        parts=parts,
    )
