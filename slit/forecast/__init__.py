"""Forecasts of many series at once, each with its intervals."""

from slit.forecast.protocol import Clock, Forecast, Forecaster
from slit.forecast.registry import available, make_forecaster

__all__ = ["Clock", "Forecast", "Forecaster", "available", "make_forecaster"]
