"""What `slit show --plan --against` says: where a saving comes from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slit.commands.terminal import print_table

if TYPE_CHECKING:
    from slit.report.saving import Saving


def print_saving(found: "Saving", names: Sequence[str], against: str) -> None:
    """The parts of each objective's change as a table."""
    from slit.report.saving import describe_parts, saving_columns, saving_rows

    print(f"\nWhere the change against {against} comes from (minus is less, so better):")
    print_table([name.lower() for name in saving_columns()], saving_rows(found, names))
    print(describe_parts(found, against))


def saving_content(found: "Saving", names: Sequence[str], against: str) -> dict[str, Any]:
    """The parts as JSON, in the units of the objectives."""
    from slit.report.saving import PARTS

    def named(values: Any) -> dict[str, float]:
        return dict(zip(names, values.tolist(), strict=True))

    return {
        "against": against,
        **{part: named(values) for part, values in zip(PARTS, found.parts, strict=True)},
        "total": named(found.total),
    }
