"""What `slit show` says of plans that lose no more quality than the reference plans."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from slit.commands.terminal import print_table

if TYPE_CHECKING:
    from slit.report.equal_quality import EqualQuality


def print_equal_quality(found: "EqualQuality") -> None:
    """The comparison at equal quality as a table."""
    from slit.report.equal_quality import (
        EQUAL_QUALITY,
        equal_quality_columns,
        equal_quality_rows,
    )

    print(f"At equal quality. {EQUAL_QUALITY}")
    header = [name.lower() for name in equal_quality_columns(found.axes)]
    print_table(header, equal_quality_rows(found), left=2)
    print()


def equal_quality_content(found: "EqualQuality") -> list[dict[str, Any]]:
    """The comparison at equal quality as JSON."""
    names = [axis.name for axis in found.axes]

    def named(values: Iterable[float | None], row: int | None) -> dict[str, float | None] | None:
        return None if row is None else dict(zip(names, values, strict=True))

    return [
        {
            "against": each.reference,
            "allowance_percent": 100.0 * each.allowance,
            "plans": each.plans,
            "plan": each.plan,
            "values": named(each.values.tolist(), each.row),
            "change_percent": named(each.change, each.row),
        }
        for each in found.rows
    ]
