"""What `slit show --plan --against` says: where a saving comes from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slit.commands.terminal import print_table
from slit.display import called, number, percent

if TYPE_CHECKING:
    from slit.report.saving import Saving


def print_saving(found: "Saving", names: Sequence[str], against: str) -> None:
    """The parts of each objective's change as a table, in per cent of the reference plan; in its
    unit where that has nothing of it."""
    from slit.report.saving import PARTS

    print(f"\nWhere the change against {against} comes from (minus is less, so better):")
    rows = []
    for name, base, *parts in zip(names, found.base, *found.parts, found.total, strict=True):
        shown = [percent(100 * each / base) if base > 0 else number(each) for each in parts]
        rows.append([called(name), *shown])
    print_table(["objective", *PARTS, "total"], rows)
    print(
        f"variant: the plan's variants in the pools of {against}; place: then its own pools, in "
        "every hour as on average; time: then its own hours, and how it fills whole nodes"
    )
    if found.violation[1:3].any():
        print("A plan between is infeasible, so its parts are not what could be had.")


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
