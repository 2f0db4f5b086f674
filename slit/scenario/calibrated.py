"""A scenario file with the services that a replay corrected."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slit.files import write_file
from slit.scenario.builtin import builtin_names
from slit.scenario.records import Service
from slit.scenario.scenario import Scenario
from slit.scenario.starter import SCENARIO_FILE, new_folder

SERVICES_FILE = "services.toml"


def write_calibrated(
    folder: str | Path, scenario: Scenario, services: Sequence[Service], *, source: str
) -> Path:
    """Write services as [[services]] into a new folder: a whole scenario file that extends a
    built-in scenario where `scenario` is one, else `services.toml`, to be put in place of the
    services of its file. Returns the path of the file.

    Raises:
        SlitError: the folder holds files, or is none.
    """
    target = new_folder(folder)
    lines = [f"# {source}"]
    file = target / SERVICES_FILE
    if scenario.name in builtin_names():
        file = target / SCENARIO_FILE
        name = f"{scenario.name}-calibrated"
        lines += ["schema = 1", f'name = "{name}"', f'extends = "{scenario.name}"']
    for service in services:
        lines += ["", "[[services]]"]
        stated = service.model_dump(mode="json", exclude_defaults=True)
        lines += [f"{key} = {_toml(value)}" for key, value in stated.items()]
    write_file(file, ("\n".join(lines) + "\n").encode())
    return file


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return json.dumps(value)
