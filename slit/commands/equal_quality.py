"""What `slit show` says of plans that lose no more quality than the reference plans."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from slit.commands.terminal import print_table

if TYPE_CHECKING:
    from slit.report.equal_quality import EqualQuality, SameVariants


def print_equal_quality(found: "EqualQuality", *, every: bool) -> None:
    """The comparison at equal quality as a table: `every` row, or those that matter most."""
    from slit.report.equal_quality import (
        EQUAL_QUALITY,
        equal_quality_columns,
        equal_quality_rows,
        first_rows,
    )

    print(f"At equal quality. {EQUAL_QUALITY}")
    header = [name.lower() for name in equal_quality_columns(found.axes)]
    print_table(header, (equal_quality_rows if every else first_rows)(found), left=2)
    if not every:
        more = ", ".join(found.others)
        print(f"--all: also 1 % and 5 % more{f', and against {more}' if more else ''}")
    print()


def equal_quality_content(found: "EqualQuality") -> list[dict[str, Any]]:
    """The comparison at equal quality as JSON."""
    names = [axis.name for axis in found.axes]

    def named(values: Iterable[float | None], row: int | None) -> dict[str, float | None] | None:
        return None if row is None else dict(zip(names, values, strict=True))

    def same_variants(same: "SameVariants | None") -> dict[str, Any] | None:
        if same is None:
            return None
        return {
            "values": dict(zip(names, same.values.tolist(), strict=True)),
            "violation": same.violation,
            "change_percent": dict(zip(names, same.change, strict=True)),
        }

    return [
        {
            "against": each.reference,
            "allowance_percent": 100.0 * each.allowance,
            "by_class": each.by_class,
            "plans": each.plans,
            "plan": each.plan,
            "values": named(each.values.tolist(), each.row),
            "change_percent": named(each.change, each.row),
            "same_variants": same_variants(each.same_variants),
        }
        for each in found.rows
    ]
