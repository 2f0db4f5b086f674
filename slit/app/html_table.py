"""Tables of the page. Text is never HTML."""

from collections.abc import Sequence
from typing import Any

from dash import html


def table(
    caption: str, columns: Sequence[Any], rows: Sequence[Sequence[Any]], *, numeric: frozenset[int]
) -> Any:
    """A table whose first column names its rows; `numeric` columns are set flush right."""

    def look(n: int) -> str:
        return "number" if n in numeric else ""

    return html.Table(
        [
            html.Caption(caption),
            html.Thead(
                html.Tr([html.Th(c, scope="col", className=look(n)) for n, c in enumerate(columns)])
            ),
            html.Tbody(
                [
                    html.Tr(
                        [html.Th(row[0], scope="row")]
                        + [html.Td(cell, className=look(n)) for n, cell in enumerate(row[1:], 1)]
                    )
                    for row in rows
                ]
            ),
        ]
    )
