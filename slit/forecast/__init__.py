"""Forecasts of many series at once, each with its intervals."""

from slit.forecast.protocol import Clock, Forecast, Forecaster
from slit.forecast.registry import available, make_forecaster
from slit.forecast.sources import KnownAhead, Published, Source

__all__ = [
    "Clock",
    "Forecast",
    "Forecaster",
    "KnownAhead",
    "Published",
    "Source",
    "available",
    "make_forecaster",
]
