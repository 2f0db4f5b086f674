"""What `slit show` opens with: the plan that a run recommends, and what the next ones would buy."""

from math import isnan
from typing import TYPE_CHECKING, Any

from slit.commands.terminal import print_table

if TYPE_CHECKING:
    from slit.report.recommendation import Recommendation


def print_recommendation(found: "Recommendation") -> None:
    """The recommended plan in sentences, and a table of the next ones."""
    from slit.report.recommendation import NEXT_COLUMNS, describe_recommendation, next_rows

    print(f"Recommended: plan {found.mark.plan} ({found.mark.name}).")
    for sentence in describe_recommendation(found):
        print(f"- {sentence}")
    rows = next_rows(found)
    if rows:
        print("\nWhat the next plans would buy (the most for the least of the others):")
        print_table([name.lower() for name in NEXT_COLUMNS], rows, left=len(NEXT_COLUMNS))
    print()


def recommendation_content(found: "Recommendation") -> dict[str, Any]:
    """The recommendation as JSON."""
    from slit.report.recommendation import describe_reason

    names = [axis.name for axis in found.axes]

    def named(values: Any) -> dict[str, Any]:
        return dict(zip(names, values, strict=True))

    limits = []
    if found.limits is not None:
        limits = [
            {"limit": limit.text, "value": None if isnan(value) else value, "most": limit.most}
            for limit, value in zip(
                found.limits.limits, found.limits.values[0].tolist(), strict=True
            )
        ]
    return {
        "name": found.mark.name,
        "plan": found.mark.plan,
        "method": found.mark.method,
        "why": describe_reason(found),
        "values": named(found.values.tolist()),
        "violation": found.violation,
        "limits": limits,
        "change_percent": {name: named(found.changes(name)) for name in found.against},
        "stability": {name: dict(each) for name, each in found.stability.items()},
        "predicted": found.predicted and found.predicted._asdict(),
        "next": [
            {
                "objective": names[each.objective],
                "plan": found.numbers[each.row],
                "change": named(each.change.tolist()),
            }
            for each in found.next
        ],
    }
