"""What tests of learning agents share."""

import importlib.util
import os

import pytest

from slit.papers.aolo.agents import NEEDED


def need_extra() -> None:
    """Skip a module where the extra is not installed; fail where CI is set."""
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if absent and os.environ.get("CI"):
        pytest.fail(f"{', '.join(absent)}: not installed, expected the extra rl")
    if absent:
        pytest.skip(f"{', '.join(absent)}: not installed (extra rl)", allow_module_level=True)
