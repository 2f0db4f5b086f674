"""Measured times of the kernels of a layer over the least times of the roofline.

Usage: python -m benchmarks.drivers.operator_times

Needs the shared data (Vidur's profiles). Nothing is fitted. A ratio of 1 would be a kernel that
runs at the peak of its GPU or at the full bandwidth of its memory; below 1 the least time is wrong.
"""

import numpy as np

from benchmarks.measuring.operator_times import (
    MODELS,
    OPERATORS,
    OperatorTimes,
    read_operator_times,
)
from operators.types import Floats

GPUS = "A100", "H100"
SIZES = {"1-64": (1, 64), "65-1024": (65, 1024), "1025-4096": (1025, 4096)}
"""Tokens at once."""


def ratios(found: list[OperatorTimes], operator: str, first: int, last: int) -> Floats:
    """Measured over least times of an operator, of all rows with that many tokens."""
    return np.concatenate([
        (each.measured_s[operator] / each.roofline_s[operator])[
            (each.tokens >= first) & (each.tokens <= last)
        ]
        for each in found
    ])  # fmt: skip


def main() -> None:
    """Print a table for each GPU (Markdown): median, and 5th to 95th percentile."""
    for gpu in GPUS:
        found = [each for name in MODELS if (each := read_operator_times(gpu, name)) is not None]
        rows = sum(len(each.tokens) for each in found)
        print(f"{gpu}: {', '.join(each.model for each in found)}; {rows} rows\n")
        print(f"| operator | {' | '.join(f'{size} tokens' for size in SIZES)} |")
        print("|---|" + "---:|" * len(SIZES))
        for operator in OPERATORS:
            cells = []
            for first, last in SIZES.values():
                low, middle, high = np.percentile(ratios(found, operator, first, last), (5, 50, 95))
                cells.append(f"{middle:.2f} ({low:.2f}-{high:.2f})")
            print(f"| `{operator}` | {' | '.join(cells)} |")
        print()


if __name__ == "__main__":
    main()
