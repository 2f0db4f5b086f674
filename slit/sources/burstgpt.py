"""BurstGPT traces: version 1 with 6 columns, version 2 with 8 (Session ID, Elapsed time).

Times are seconds; in version 1 from 00:00 of the first day (campus local time), in version 2 not
from zero. A response of 0 tokens is a failed request.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from slit.errors import SlitError
from slit.sources.files import read_header
from slit.sources.streaming import Field, Kind, stream_csv
from slit.sources.trace import Bins, Trace, elapsed_bins, utc_start

TIME = Field("Timestamp", "s since the start of the trace")
PROMPT = Field("Request tokens", "prompt tokens")
OUTPUT = Field("Response tokens", "output tokens")
LABELS = ("Model", "Log Type")


def read_burstgpt(
    path: Path | str,
    *,
    seconds: float,
    model: str | None = None,
    log_type: str | None = None,
    failures: bool = False,
    start: pd.Timestamp | str | None = None,
) -> Trace:
    """The trace in bins of `seconds` s counted from its time zero.

    Args:
        path: CSV file, also .csv.gz; rows in any order.
        seconds: length of a bin, s.
        model: only requests of this model, for example "ChatGPT" or "GPT-4".
        log_type: only requests of this kind, "Conversation log" or "API log".
        failures: count requests without a response too.
        start: UTC stamp of time zero; the trace has none of its own.

    Raises:
        SlitError: a mistake in the file, with line and column; an unknown model or log type; no
            request at all.
    """
    path = Path(path)
    wanted = {"Model": model, "Log Type": log_type}
    bins, zero = Bins(path, seconds), utc_start(start)
    seen: dict[str, set[str]] = {name: set() for name in LABELS if wanted[name] is not None}
    fields = (TIME, PROMPT, OUTPUT, *(Field(name, name, Kind.TEXT) for name in seen))
    for batch in stream_csv(path, fields):
        keep = np.ones(len(batch[TIME.name]), dtype=np.bool_)
        for name, found in seen.items():
            labels = batch[name].dictionary_encode()
            names = labels.dictionary.to_pylist()
            found.update(names)
            places = [place for place, label in enumerate(names) if label == wanted[name]]
            keep &= np.isin(labels.indices.to_numpy(), places)
        if not failures:
            keep &= batch[OUTPUT.name] > 0
        bins.left_out += int((~keep).sum())
        numbers = elapsed_bins(batch[TIME.name][keep], seconds)
        bins.add(numbers, batch[PROMPT.name][keep], batch[OUTPUT.name][keep])
    for name, found in seen.items():
        if wanted[name] not in found:
            known = ", ".join(sorted(found)) or "no rows"
            raise SlitError(f"{path}: {name}: {wanted[name]}, expected one of {known}")
    return bins.trace(zero, calendar=False)


def is_version_2(path: Path | str) -> bool:
    """Whether the file has the session columns of version 2.

    Raises:
        SlitError: missing, empty or not UTF-8.
    """
    return "Session ID" in read_header(Path(path))
