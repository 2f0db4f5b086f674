"""Where figures come from and how much of them is estimated."""

from collections.abc import Iterable, Mapping

from slit.scenario.layout import InputEntry
from slit.scenario.scenario import Input


def inputs_of(entries: Iterable[InputEntry], shares: Mapping[str, float]) -> tuple[Input, ...]:
    """The stated inputs in their order, then those that nobody stated.

    `shares` are the estimated shares that were counted, by input; a stated share wins.
    """
    stated = {
        entry.name: Input(
            name=entry.name,
            source=entry.source,
            license=entry.license,
            estimated_share=(
                shares.get(entry.name, 0.0)
                if entry.estimated_share is None
                else entry.estimated_share
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
