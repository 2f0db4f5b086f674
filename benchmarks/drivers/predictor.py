"""Errors of each method of `slit predict` on rows that it was not trained with.

Usage: python -m benchmarks.drivers.predictor TABLE [--methods M ...] [--splits S ...] [--seed 0]

TABLE: mlenergy_v3_llm_energy.csv. Prints a row for each method, split and target: mean absolute
percentage error, median, EBA10, EBA30, coverage of intervals of 90 % (a dash where there are two
folds), all in per cent, and CPU seconds.
"""

import argparse
import math
import time
from pathlib import Path

from slit.predictor.evaluation import NAMES, Split, evaluate
from slit.predictor.measurements import read_measurements
from slit.predictor.models import Method


def main() -> None:
    """Measure and print a table (Markdown)."""
    parser = argparse.ArgumentParser(description=" ".join(__doc__.split("\n\n")[0].split()))
    parser.add_argument("table", type=Path)
    parser.add_argument("--methods", nargs="+", type=Method, default=list(Method))
    parser.add_argument("--splits", nargs="+", type=Split, default=list(Split))
    parser.add_argument("--seed", type=int, default=0)
    said = parser.parse_args()
    measurements = read_measurements(said.table)
    print("| method | left out | target | MAPE | median | EBA10 | EBA30 | coverage | CPU s |")
    print("|---|---|---|---:|---:|---:|---:|---:|---:|")
    for method in said.methods:
        for split in said.splits:
            start = time.process_time()
            found = evaluate(measurements, method=method, split=split, seed=said.seed)
            seconds = time.process_time() - start
            for target, errors in found.items():
                figures = (
                    errors.mape, errors.median_ape, errors.eba10, errors.eba30, errors.coverage90,
                )  # fmt: skip
                shown = " | ".join("-" if math.isnan(f) else f"{f:.1f}" for f in figures)
                row = f"| {method} | {split} | {NAMES[target]} | {shown} | {seconds:.1f} |"
                print(row, flush=True)


if __name__ == "__main__":
    main()
