"""The models that slit knows, and a model by its name or its `config.json`."""

import csv
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from slit.errors import SlitError, did_you_mean
from slit.predictor.architectures import Architecture
from slit.predictor.hugging_face import read_config

_SUFFIXES = re.compile(
    r"-(instruct|thinking|chat|it|base|hf|bf16|fp8|nvfp4|v0\.\d|\d{4})(?=-|$)|^(meta|nvidia)-"
)


@cache
def known_architectures() -> dict[str, Architecture]:
    """The architectures that slit knows, by name."""
    text = (resources.files("slit.predictor") / "tables" / "architectures.csv").read_text()
    found = {}
    for row in csv.DictReader(text.splitlines()):
        name = row.pop("name")
        facts: dict[str, Any] = {key: int(value) for key, value in row.items()}
        facts |= {key: bool(facts[key]) for key in ("gated", "tied")}
        found[name] = Architecture(name=name, **facts)
    return found


def plain_name(name: str) -> str:
    """A model's name without its owner and the endings that leave the architecture as it is."""
    return _SUFFIXES.sub("", name.rsplit("/", 1)[-1].casefold())


def find_architecture(model: str) -> Architecture:
    """The architecture of a known model, or of a `config.json` of Hugging Face.

    Raises:
        SlitError: no such model (the nearest name is given), or a file without the needed fields.
    """
    if model.endswith(".json"):
        return read_config(Path(model))
    known = known_architectures()
    by_plain = {plain_name(name): found for name, found in known.items()}
    plain = plain_name(model)
    if plain in by_plain:
        return by_plain[plain]
    near = did_you_mean(plain, by_plain)
    for lowered, found in by_plain.items():
        near = near.replace(repr(lowered), repr(found.name))
    raise SlitError(
        f"model: {model!r}, expected a model that slit knows (`slit predictor list`) or a "
        f"config.json{near}"
    )
