"""HTML built so that text is escaped unless it says it is HTML."""

import html
import re
from collections.abc import Iterable, Sequence


class Html(str):
    """A string that is HTML already."""

    __slots__ = ()


_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_TAGS = re.compile("<[^>]*>")


def text(content: object) -> Html:
    """Text as HTML; HTML stays as it is."""
    return content if isinstance(content, Html) else Html(html.escape(str(content), quote=True))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element. Children that are not `Html` are escaped, attributes always.

    `class_` means class, `aria_label` aria-label; True is an attribute without a value, None and
    False none at all.
    """
    parts = []
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if not _NAME.fullmatch(attribute):
            raise ValueError(f"attribute: {key!r}, expected a name in lower case")
        if value is True:
            parts.append(f" {attribute}")
        elif value is not None and value is not False:
            parts.append(f' {attribute}="{html.escape(str(value), quote=True)}"')
    opening = f"<{name}{''.join(parts)}>"
    return Html(opening) if name in _VOID else Html(f"{opening}{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Html:
    """Several pieces after one another."""
    return Html("".join(text(child) for child in children))


def table(
    caption: str | Html,
    columns: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    numeric: frozenset[int] = frozenset(),
    name: str | None = None,
) -> Html:
    """A table whose first column names its rows; `numeric` columns are set flush right."""
    head = joined(
        tag("th", column, scope="col", class_="number" if n in numeric else None)
        for n, column in enumerate(columns)
    )
    body = joined(
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(
                tag("td", cell, class_="number" if n in numeric else None)
                for n, cell in enumerate(row[1:], 1)
            ),
        )
        for row in rows
    )
    inner = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", tag("tr", head)),
        tag("tbody", body),
        id=name,
    )
    return tag("div", inner, class_="wide", tabindex="0", role="region", aria_label=_plain(caption))


def _plain(content: str) -> str:
    """The text of HTML, or a text as it is."""
    return html.unescape(_TAGS.sub("", content)) if isinstance(content, Html) else content
