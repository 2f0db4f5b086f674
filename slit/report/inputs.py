"""Which figures of a scenario are measured and which are estimated."""

from dataclasses import dataclass

from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class InputRow:
    """One input: where it comes from and which share of it is estimated (0 to 1)."""

    name: str
    source: str
    license: str
    estimated: float
    note: str

    @property
    def kind(self) -> str:
        """Measured, estimated or partly estimated."""
        if self.estimated <= 0:
            return "measured"
        return "estimated" if self.estimated >= 1 else "partly estimated"


def inputs_data(scenario: Scenario) -> tuple[InputRow, ...]:
    """The inputs of a scenario, the most estimated first."""
    rows = [
        InputRow(each.name, each.source, each.license, each.estimated_share, each.note)
        for each in scenario.inputs
    ]
    return tuple(sorted(rows, key=lambda row: -row.estimated))
