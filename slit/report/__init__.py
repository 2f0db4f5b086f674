"""Figures in two halves: numbers, then a figure as plotly.js takes it; and the report of a run."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slit.report.write import report_html, write_report

__all__ = ["report_html", "write_report"]


def __getattr__(name: str) -> Any:
    """The report itself, with plotly, is loaded only when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from slit.report import write

    return getattr(write, name)
