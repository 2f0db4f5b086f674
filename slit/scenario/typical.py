"""Typical days: a row a month and hour of the day, laid over a horizon."""

from datetime import UTC, datetime, timedelta

import numpy as np

from operators.types import Floats, Longs
from slit.data.table import Table
from slit.data.timestamps import HOUR, MICROSECOND, stamp_text, zone_of
from slit.errors import SlitError
from slit.scenario.references import SeriesReference
from slit.scenario.resampling import EpochClock, Steps


def month_hours(
    table: Table, reference: SeriesReference, values: Floats, estimated: Floats
) -> Steps:
    """The rows as steps whose `begins` count hours from January, month by month."""
    keys = _month_hours(table, reference)
    order = np.argsort(keys, kind="stable")
    twice = np.flatnonzero(np.diff(keys[order]) == 0)
    if len(twice):
        row = int(order[twice[0] + 1])
        raise SlitError(f"{table.place(row)}: same month and hour twice, expected one row")
    rows = table.take(order)
    return Steps(keys[order], HOUR, values[order], estimated[order], rows.place)


def typical_days(steps: Steps, reference: SeriesReference, clock: EpochClock) -> Steps:
    """The typical days laid over the horizon, hour by hour."""
    if reference.zone is None:
        raise SlitError(
            'no zone, expected the zone of the hours of typical days (zone = "UTC" ...)'
        )
    zone = zone_of(reference.zone)
    begins, rows = [], []
    moment = clock.start
    end = clock.start + clock.step * clock.epochs
    while moment < end:
        wall = datetime.fromtimestamp(moment / MICROSECOND, tz=UTC).astimezone(zone)
        into = timedelta(minutes=wall.minute, seconds=wall.second)
        begin = moment - into // timedelta(microseconds=1) - wall.microsecond
        key = ((wall.month - 1) * 24 + wall.hour) * HOUR
        row = int(np.searchsorted(steps.begins, key))
        if row == len(steps.begins) or steps.begins[row] != key:
            raise SlitError(
                f"no row for month {wall.month}, hour {wall.hour}, expected one (typical day "
                f"at {stamp_text(moment)})"
            )
        begins.append(begin)
        rows.append(row)
        moment = begin + HOUR
    index = np.array(rows)
    return Steps(
        np.array(begins, dtype=np.int64),
        HOUR,
        steps.values[index],
        steps.estimated[index],
        lambda step: steps.place(int(index[step])),
    )


def _month_hours(table: Table, reference: SeriesReference) -> Longs:
    month, hour = table.numbers(reference.month), table.numbers(reference.hour)
    for name, values, low, high in (
        (reference.month, month, 1, 12),
        (reference.hour, hour, 0, 23),
    ):
        wrong = np.flatnonzero(~((values >= low) & (values <= high) & (values % 1 == 0)))
        if len(wrong):
            row = int(wrong[0])
            raise SlitError(
                f"{table.place(row)}: {name}: {values[row]:g}, expected a whole number from {low} "
                f"to {high}"
            )
    return ((month - 1) * 24 + hour).astype(np.int64) * HOUR
