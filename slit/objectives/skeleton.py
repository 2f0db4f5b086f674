"""The skeleton of an objective: what `slit objectives new` writes."""

import keyword
from pathlib import Path

from slit.errors import SlitError, did_you_mean
from slit.objectives.define import RESERVED
from slit.objectives.registry import available

FOLDER = Path(__file__).parent / "skeletons"


_EXPECTED = {
    "linear": "float(ledger.grid_kwh.sum())",
    "cell": "float(sum(max(0.0, kwh - 1.0) for kwh in ledger.grid_kwh.flat))",
    "placement": "0.05 * float(ledger.loading_nodes.sum())",
    "ledger": "max(float(row.sum()) for row in ledger.grid_kwh)",
}


def write_skeleton(name: str, folder: str | Path, *, kind: str = "linear") -> tuple[Path, Path]:
    """Write NAME.py, an objective that works, and test_NAME.py; their paths.

    `kind` says how it is measured: linear, cell, placement or ledger. Raises SlitError for another
    one, for a name that cannot be used, and where one of the files exists.
    """
    _check(name)
    if kind not in _EXPECTED:
        known = ", ".join(_EXPECTED) + did_you_mean(kind, _EXPECTED)
        raise SlitError(f"kind: {kind!r}, expected one of {known}")
    target = Path(folder)
    words = name.strip("_").split("_")
    filled = {
        "CLASS": "".join(word.capitalize() for word in words),
        "TITLE": " ".join(words).capitalize(),
        "EXPECTED": _EXPECTED[kind],
        "NAME": name,
    }
    files = (target / f"{name}.py", target / f"test_{name}.py")
    for file in files:
        if file.exists():
            raise SlitError(f"{file}: exists, expected a new file")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file, source in zip(files, (f"{kind}.py.txt", "test.py.txt"), strict=True):
            text = (FOLDER / source).read_text(encoding="utf-8")
            for word, value in filled.items():
                text = text.replace(word, value)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SlitError(f"{target}: {error.strerror}, expected a folder to write into") from None
    return files


def _check(name: str) -> None:
    usable = name.isidentifier() and not keyword.iskeyword(name) and name.strip("_")
    if not usable or name in RESERVED:
        raise SlitError(
            f"objective: {name!r}, expected a name of letters, digits and underscores that means "
            "nothing else (no Python keyword, no column of front.csv)"
        )
    if name in {objective.name for objective in available()}:
        raise SlitError(f"objective: name {name!r} is taken, expected one of its own")
