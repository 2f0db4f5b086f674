"""What an export to every gateway takes, and what rounding to their weights changes.

`python -m benchmarks.drivers.gateway_export RUN PLAN...` prints CPU seconds of one core for all
formats and hours (the least of three), and the change of every objective by format, as Markdown.
"""

import sys
import tempfile
import time
from pathlib import Path

from slit.api.exporting import export, write_mapping
from slit.record import read_run

REPEATS = 3


def main(folder: str, plans: list[str]) -> None:
    """Print the table of a run's plans."""
    run = read_run(folder)
    for plan in plans:
        seconds = []
        with tempfile.TemporaryDirectory() as place:
            mapping = write_mapping(run, Path(place) / "mapping.toml")
            for n in range(REPEATS):
                begun = time.process_time()
                output = Path(place) / str(n)
                done = export(run, plan, to=["all"], output=output, mapping=mapping)
                seconds.append(time.process_time() - begun)
        print(f"\n**{plan}**: {len(done.files)} files, {min(seconds):.2f} CPU s\n")
        names = list(next(iter(done.rounding.values()))["change_percent"])
        print("| format | steps | " + " | ".join(names) + " | nodes beyond pools |")
        print("|---|---:|" + "---:|" * (len(names) + 1))
        for name, each in done.rounding.items():
            changes = [*each["change_percent"].values(), each["nodes_beyond_percent"]]
            cells = [f"`{name}`", f"{each['steps']:,}", *(f"{change:+.2g} %" for change in changes)]
            print("| " + " | ".join(cells) + " |")
        for reason in done.refused.values():
            print(f"\nRefused: {reason}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
