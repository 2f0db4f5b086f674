"""How close a front comes to what is possible: gaps and the certified share."""

from dataclasses import dataclass
from math import isfinite

from slit.exact.bounds import Certificate, Gap, gaps
from slit.front import Front
from slit.report.style import number

GAP_COLUMNS = ("Objective", "Best found", "Lower bound", "Gap, share of the range", "Gap, of bound")


@dataclass(frozen=True, slots=True)
class Certified:
    """A front of `plans` plans against a certificate of `weights` weight vectors.

    `share` is the part of the bound on the hypervolume that the front reaches at least, None where
    fewer than two objectives conflict. `left_out` are objectives without a bound, and why.
    """

    plans: int
    weights: int
    hypervolume: float | None
    bound: float | None
    share: float | None
    gaps: tuple[Gap, ...]
    left_out: dict[str, str]


def certified_data(front: Front, certificate: Certificate) -> Certified:
    """The feasible, mutually non-dominated plans of a front against a certificate."""
    box = certificate.box
    columns = [front.names.index(name) for name in box.names]
    values = front.F[front.on_front][:, columns]
    conflicts = int(box.kept.sum()) > 1 and len(values) > 0
    return Certified(
        plans=len(values),
        weights=len(certificate.weights),
        hypervolume=certificate.hypervolume(values) if conflicts else None,
        bound=certificate.bound if conflicts else None,
        share=certificate.share(values) if conflicts else None,
        gaps=gaps(box, values) if len(values) else (),
        left_out=dict(box.left_out),
    )


def describe_certified(data: Certified) -> str:
    """The share with everything it depends on, in words."""
    if data.share is None:
        return "Fewer than two objectives conflict: a front has no hypervolume to certify."
    return (
        f"The front of {data.plans:,} plans reaches at least {100 * data.share:.1f} % of the "
        f"hypervolume that any front could have: {data.hypervolume:.4f} of at most "
        f"{data.bound:.4f}, in the box from the best possible values to 1.1 times the ranges of "
        f"the relaxation, bounded by {data.weights} weight vectors."
    )


def gap_rows(data: Certified) -> list[list[str]]:
    """The rows of a table with GAP_COLUMNS."""
    rows = [
        [
            gap.name,
            f"{number(gap.best)} {gap.unit}",
            f"{number(gap.bound)} {gap.unit}",
            f"{100 * gap.share:.2f} %" if isfinite(gap.share) else "–",
            f"{gap.percent:.2f} %" if gap.percent is not None else "–",
        ]
        for gap in data.gaps
    ]
    return rows + [[name, "–", f"no bound: {why}", "–", "–"] for name, why in data.left_out.items()]
