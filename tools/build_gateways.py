"""The table of docs/how-to/gateways.md, from the registry of formats."""

import re
from pathlib import Path

from slit.export.targets import capability_table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "gateways.md"
BEGIN, END = "<!-- capabilities: begin -->\n", "<!-- capabilities: end -->"


def main() -> None:
    """Write the page anew."""
    table = f"{BEGIN}\n{capability_table()}\n{END}"
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    PAGE.write_text(re.sub(pattern, lambda _: table, PAGE.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    main()
