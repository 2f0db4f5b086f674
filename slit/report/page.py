"""One self-contained page: everything inlined, nothing fetched, no script but its own."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from plotly.offline import get_plotlyjs

from slit.report.markup import Html, joined, tag
from slit.report.style import Drawing, json_ready, template


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure of a page: an id, what it is called, what it shows in words, and its drawing."""

    name: str
    caption: str
    description: str
    drawing: Drawing
    wide: bool = False


def picture(shown: Picture) -> Html:
    """A figure with its caption; the script draws it when it comes into view."""
    height = shown.drawing["layout"].get("height", 400)
    drawn = tag(
        "div",
        class_="drawing",
        id=shown.name,
        role="img",
        aria_label=f"{shown.caption}. {shown.description}",
        style=f"height:{int(height)}px",
        data_figure=f"{shown.name}-data",
    )
    content = tag("script", _json(shown.drawing), type="application/json", id=f"{shown.name}-data")
    return tag(
        "figure",
        tag("figcaption", shown.caption),
        tag("div", drawn, class_="scroll wide-drawing" if shown.wide else "scroll"),
        content,
    )


def page(*, title: str, body: Sequence[Html]) -> str:
    """The whole document, with the styles, plotly.js and the script of reports."""
    style = _asset("report.css")
    scripts = [get_plotlyjs(), _asset("report.js")]
    templates = json.dumps({theme: template(theme) for theme in ("light", "dark")})
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )
    head = joined(
        [
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", title),
            tag("style", Html(style)),
        ]
    )
    end = [
        tag("script", Html(_inert(templates)), type="application/json", id="templates"),
        *(tag("script", Html(script)) for script in scripts),
    ]
    return (
        f"<!doctype html>\n{tag('html', tag('head', head), tag('body', *body, *end), lang='en')}\n"
    )


def _json(drawing: Drawing) -> Html:
    layout = {name: part for name, part in drawing["layout"].items() if name != "template"}
    content = json_ready({**drawing, "layout": layout})
    return Html(_inert(json.dumps(content, separators=(",", ":"))))


def _inert(content: str) -> str:
    """JSON that cannot end the script element it stands in."""
    return content.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return (files("slit.report") / "assets" / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
