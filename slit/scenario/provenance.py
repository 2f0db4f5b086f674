"""Where figures come from and how much of them is estimated."""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan, nan

from slit.scenario.file_schema import InputEntry
from slit.scenario.scenario import Input

NOT_STATED = nan
"""The estimated share of figures of which nobody said whether they are estimated."""


def as_share(estimated: bool | None) -> float:
    """The estimated share that a flag states for all figures of a series."""
    return NOT_STATED if estimated is None else float(estimated)


def share_of(parts: Sequence[float]) -> float | None:
    """The estimated share of parts of equal weight, of which some may be NOT_STATED.

    These count nothing beside what is known to be estimated; where nothing is, the share is
    unknown: None, for 0 would say that all is measured.
    """
    known = sum(part for part in parts if not isnan(part))
    if not known and any(map(isnan, parts)):
        return None
    return known / max(1, len(parts))


def inputs_of(
    entries: Iterable[InputEntry], shares: Mapping[str, float | None]
) -> tuple[Input, ...]:
    """The stated inputs in their order, then those that nobody stated.

    `shares` are the estimated shares that were counted, by input; a stated share wins.
    """
    stated = {
        entry.name: Input(
            name=entry.name,
            source=entry.source,
            license=entry.license,
            estimated_share=(
                shares.get(entry.name) if entry.estimated_share is None else entry.estimated_share
            ),
            note=entry.note,
        )
        for entry in entries
    }
    rest = {
        name: Input(name=name, source="not stated", estimated_share=share)
        for name, share in shares.items()
        if name not in stated
    }
    return tuple((stated | rest).values())
