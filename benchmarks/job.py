"""A job: one measurement, addressed by what it is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

Options = Mapping[str, Any]
"""Names to what JSON can hold."""

KEY_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Job:
    """`phase` on `case`, with options of both, a seed, and the digest of the code that runs.

    `needs` are the keys of jobs whose results it reads. Jobs of equal content have equal keys, so a
    result is found again whoever asks for it.
    """

    phase: str
    case: str
    code: str
    case_options: Options = field(default_factory=dict)
    options: Options = field(default_factory=dict)
    seed: int | None = None
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The address of the result."""
        return sha256(self.to_json().encode()).hexdigest()[:KEY_LENGTH]

    @property
    def case_label(self) -> str:
        """The case with its options, for people."""
        said = (
            value if isinstance(value, str) else f"{name}={value}"
            for name, value in self.case_options.items()
        )
        return " ".join((self.case, *said))

    @property
    def label(self) -> str:
        """One line for people."""
        method = self.options.get("label") or self.options.get("method") or ""
        parts = [self.case_label, self.phase, method, budget_label(self.options.get("budget"))]
        if self.seed is not None:
            parts.append(f"seed {self.seed}")
        return ", ".join(part for part in parts if part)

    def to_json(self) -> str:
        """The content, always in the same letters."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """Back from `to_json`."""
        content = json.loads(text)
        return cls(**{**content, "needs": tuple(content["needs"])})


def budget_label(budget: Options | None) -> str:
    """A budget for people: "15 CPU s", "20,000 evaluations"."""
    if not budget:
        return ""
    (kind, amount), *_ = budget.items()
    return f"{amount:g} CPU s" if kind == "seconds" else f"{amount:,} {kind}"
