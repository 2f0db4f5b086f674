"""Which figures of a scenario are measured and which are estimated."""

from dataclasses import dataclass

from slit.scenario.scenario import Input, Scenario


@dataclass(frozen=True, slots=True)
class InputRow:
    """One input: where it comes from and which share of it is estimated (0 to 1, None: unknown)."""

    name: str
    source: str
    license: str
    estimated: float | None
    note: str

    @property
    def kind(self) -> str:
        """Measured, estimated, partly estimated or not stated."""
        if self.estimated is None:
            return "not stated"
        if self.estimated <= 0:
            return "measured"
        return "estimated" if self.estimated >= 1 else "partly estimated"


def inputs_data(scenario: Scenario) -> tuple[InputRow, ...]:
    """The inputs of a scenario, the most estimated first, then what nobody stated."""
    rows = [
        InputRow(each.name, each.source, each.license, _estimated(each), each.note)
        for each in scenario.inputs
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.estimated or 0.0), row.estimated is not None)))


def _estimated(entry: Input) -> float | None:
    """Runs of slit 0.1 hold 0 also where nobody stated anything."""
    unknown = entry.source == "not stated" and not entry.estimated_share
    return None if unknown else entry.estimated_share
