"""What a lint finds: also the one form of the messages that loading refuses with."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: where, what, and what was expected instead."""

    severity: Severity
    where: str
    found: str
    expected: str

    def below(self, where: str) -> "Finding":
        """The same, with what holds it in front."""
        return replace(self, where=f"{where}: {self.where}" if self.where else where)

    def __str__(self) -> str:
        return f"{self.where}: {self.found}, expected {self.expected}"


def error_of(message: object) -> Finding:
    """The finding that a message of the form "where: found, expected what" states."""
    head, _, expected = str(message).partition(", expected ")
    where, _, found = head.rpartition(": ")
    return Finding(Severity.ERROR, where, found, expected or "what the message says")
