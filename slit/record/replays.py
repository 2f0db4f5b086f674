"""What `slit replay` found of the plans of a run, kept in its folder."""

from pathlib import Path
from typing import Any

from slit.errors import SlitError
from slit.files import kind_of, read_json, write_json
from slit.record.folder import REPLAYS


def keep_replay(folder: Path, plan: str, found: dict[str, Any]) -> None:
    """Keep the summary of a plan's replay beside those of others, in place of an older one."""
    write_json(folder / REPLAYS, kept_replays(folder) | {plan: found}, indent=1)


def kept_replays(folder: Path) -> dict[str, Any]:
    """The replays that a run folder holds, by plan.

    Raises:
        SlitError: a damaged file.
    """
    file = folder / REPLAYS
    if kind_of(file) is None:
        return {}
    content = read_json(file, holding="what slit replay wrote (remove it)")
    if not isinstance(content, dict) or not all(
        isinstance(each, dict) and {"promised", "served"} <= each.keys()
        for each in content.values()
    ):
        raise SlitError(f"{file}: damaged, expected what slit replay wrote (remove it)")
    return content
