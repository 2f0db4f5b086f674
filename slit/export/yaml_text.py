"""YAML in block style. Strings that could be taken for something else stand in double quotes as in
JSON, which YAML 1.2 contains: no library is needed to write it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/][\w./@-]*(?<![.])")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
"""What YAML 1.1 or 1.2 takes for something else than text, in any case."""


def yaml_text(content: Mapping[str, Any], *, comments: Iterable[str] = ()) -> str:
    """One document of mappings, sequences, strings, numbers, booleans and None."""
    lines: list[str] = []
    _write(content, "", "", lines)
    return comment_text(comments) + "\n".join(lines or ["{}"]) + "\n"


def documents(contents: Sequence[Mapping[str, Any]], *, comments: Iterable[str] = ()) -> str:
    """Several documents in one file, comments before the first."""
    return comment_text(comments) + "---\n".join(yaml_text(each) for each in contents)


def comment_text(lines: Iterable[str]) -> str:
    """Lines of comment as YAML and the configurations of NGINX, HAProxy and Caddy have them."""
    return "".join(f"# {' '.join(line.split())}\n" for line in lines)


def _write(value: Any, indent: str, lead: str, out: list[str]) -> None:
    """Append the lines of a mapping or sequence; `lead` stands before the first instead of the
    indent."""
    inner = indent + "  "
    if isinstance(value, Mapping):
        for key, each in value.items():
            if _nested(each):
                out.append(f"{lead}{_scalar(key)}:")
                _write(each, inner, inner, out)
            else:
                out.append(f"{lead}{_scalar(key)}: {_scalar(each)}")
            lead = indent
        return
    for each in value:
        if _nested(each):
            _write(each, inner, f"{lead}- ", out)
        else:
            out.append(f"{lead}- {_scalar(each)}")
        lead = indent


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list | tuple | Mapping) and bool(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    return json.dumps(value, allow_nan=False)


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    """Names occur again and again."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)
