"""Forecasts that are given beside a method, as a person states them."""

from dataclasses import dataclass
from datetime import timedelta
from os import PathLike
from pathlib import Path

import numpy as np

from slit.errors import SlitError
from slit.forecast import KnownAhead, Source
from slit.forecast.given_file import read_given
from slit.forecast.sources import STALE
from slit.operate.panel import Panel


@dataclass(frozen=True, slots=True)
class GivenForecasts:
    """What is given beside a method.

    file: forecasts as they were issued (CSV). day_ahead: the hour (UTC) from which the prices of
    the whole next day are known. stale_h: how old the newest forecast of the file may be.
    fall_back: where it ends before the horizon the method goes on; otherwise that is an error.
    """

    file: str | PathLike[str] | None = None
    day_ahead: float | None = None
    stale_h: float = STALE / timedelta(hours=1)
    fall_back: bool = False

    def sources(self, panel: Panel) -> list[Source]:
        """For the series of a panel, those of the file first. Raises SlitError."""
        found: list[Source] = []
        if self.file is not None:
            if not self.stale_h > 0:
                raise SlitError(f"stale: {self.stale_h:g}, expected more than 0 (h)")
            names = [(each.signal, each.place) for each in panel.series]
            limit, whole = timedelta(hours=self.stale_h), not self.fall_back
            found.append(read_given(Path(self.file), names, stale=limit, whole=whole))
        if self.day_ahead is not None:
            price = np.array([each.signal == "price" for each in panel.series])
            values = np.where(price[:, None], panel.values, np.nan)
            found.append(KnownAhead(values, panel.start, self.day_ahead))
        return found
