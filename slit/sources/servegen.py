"""ServeGen: request rates by model and by client in windows of 10 minutes, token lengths by 6 h.

Read are the publisher's own chunks (github.com/alibaba/ServeGen: chunk-i-trace.csv, without a
header, one client of one model: time, rate, cv, family, two parameters; chunk-i-dataset.json with
its token lengths), and tables made of them: rates by model, rates by client, lengths by model.

Time zero is anonymous: no calendar, no zone, and t = 0 need not be local midnight. Windows of rate
0 are kept as they are; some are outages of the recording.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from operators.types import Floats
from slit.data.csv_batches import ColumnKind, Field, cell_error, is_number, read_csv, stream_csv
from slit.data.json_batches import is_json, read_document
from slit.data.text_files import BEYOND, csv_rows, first_row, read_header
from slit.data.trace import Bins, Trace, elapsed_bins, later, utc_start, weighted_mean
from slit.errors import SlitError

WINDOW_SECONDS = 600.0
LENGTH_WINDOW_SECONDS = 21600.0
CHUNK = ("t (s)", "rate (requests/s)", "cv", "family", "p1", "p2")
TIME = Field("t_s", "s since the start of the trace")


def read_servegen(
    path: Path | str,
    *,
    model: str | None,
    lengths: Path | str | None = None,
    start: pd.Timestamp | str | None = None,
) -> Trace:
    """Requests of one model, in ServeGen's windows of 10 minutes.

    Args:
        path: a table of rates (t_s and requests/s by model), a table of clients (model, client, t,
            rate), or chunk-i-trace.csv (t, rate, cv, family, two parameters; no header).
        model: which model; of a chunk, whose lengths to take.
        lengths: token lengths, a table or the chunk-i-dataset.json beside a chunk; else NaN.
        start: UTC stamp of time zero; the trace has none of its own.

    Raises:
        SlitError: a mistake in the file, with its line; an unknown model; no model where the file
            holds several, a model where it holds one; windows that are not 10 minutes apart.
    """
    path = Path(path)
    header = [name.strip() for name in first_row(path)]
    if header and is_number(header[0]):
        if model is not None and (lengths is None or is_json(Path(lengths))):
            raise SlitError(
                f"{path}: model: {model}, expected none (a chunk holds one client of one model and "
                "no name of it)"
            )
        return _trace(*_of_chunk(path), model, lengths, start)
    if model is None:
        raise SlitError(f"{path}: no model, expected the name of a column of rates, or of a model")
    read = _of_clients if {"client", "rate"} <= set(header) else _of_model
    return _trace(*read(path, model), model, lengths, start)


Rates = tuple[Floats, float]
"""Requests/s by window, (W,), and the begin of the first window, s."""


def _of_chunk(path: Path) -> Rates:
    """One client as ServeGen publishes it."""
    times, rates = [], []
    for line, cells in csv_rows(path, header=False):
        if len(cells) != len(CHUNK):
            raise SlitError(f"{path}:{line}: {len(cells)} columns, expected {', '.join(CHUNK)}")
        for name, cell in zip(CHUNK[:2], cells[:2], strict=True):
            if not is_number(cell) or not 0 <= float(cell) < BEYOND:
                raise SlitError(f"{path}:{line}: {name}: {cell or 'empty'}, expected a number >= 0")
        times.append(float(cells[0]))
        rates.append(float(cells[1]))
        if len(times) > 1 and times[-1] - times[-2] != WINDOW_SECONDS:
            raise SlitError(
                f"{path}:{line}: t (s): {cells[0]}, expected {times[-2] + WINDOW_SECONDS:g} "
                f"(windows of {WINDOW_SECONDS:g} s, in order)"
            )
    return np.array(rates), times[0]


def _of_model(path: Path, model: str) -> Rates:
    """One column of a table of rates by model; an empty cell ends a model."""
    known = [name for name in read_header(path) if name != TIME.name]
    if model not in known:
        raise SlitError(f"{path}: model {model}, expected one of {', '.join(known)}")
    rate = Field(model, "requests/s", gaps=True)
    table = read_csv(path, (TIME, rate))
    times, rates = table[TIME.name], table[model]
    steps = np.flatnonzero(np.diff(times) != WINDOW_SECONDS)
    if len(steps):
        expected = (
            f"{times[steps[0]] + WINDOW_SECONDS:g} (windows of {WINDOW_SECONDS:g} s, in order)"
        )
        raise cell_error(path, TIME.name, int(steps[0]) + 1, expected)
    there = np.flatnonzero(~np.isnan(rates))
    if not len(there):
        raise SlitError(f"{path}: {model}: no rates, expected at least one")
    first, last = int(there[0]), int(there[-1]) + 1
    holes = np.flatnonzero(np.isnan(rates[first:last]))
    if len(holes):
        raise cell_error(path, model, first + int(holes[0]), rate.expected)
    return rates[first:last], float(times[first])


def _of_clients(path: Path, model: str) -> Rates:
    """The sum of the clients of a model, of which only windows that are not 0 stand there."""
    fields = (
        Field("model", "model", ColumnKind.TEXT),
        Field("t", "s since the start of the trace"),
        Field("rate", "requests/s"),
    )
    known: set[str] = set()
    bins = Bins(path, WINDOW_SECONDS)
    for batch in stream_csv(path, fields):
        labels = batch["model"].dictionary_encode()
        names = labels.dictionary.to_pylist()
        known.update(names)
        if model not in names:
            continue
        mine = labels.indices.to_numpy() == names.index(model)
        windows = elapsed_bins(batch["t"][mine], WINDOW_SECONDS)
        none = np.zeros(len(windows))
        bins.add(windows, none, none, weights=batch["rate"][mine])
    if model not in known:
        listed = ", ".join(sorted(known)) or "no rows"
        raise SlitError(f"{path}: model {model}, expected one of {listed}")
    return bins.sums[0], bins.first * WINDOW_SECONDS


def read_servegen_lengths(path: Path | str) -> pd.DataFrame:
    """Mean token lengths by model and 6-hour window: columns model, t_s, field, mean_tokens.

    `field` is "input_tokens" or "output_tokens".

    Raises:
        SlitError: a mistake in the file, with line and column.
    """
    path = Path(path)
    model, field = (
        Field("model", "model", ColumnKind.TEXT),
        Field("field", "field", ColumnKind.TEXT),
    )
    table = read_csv(path, (model, TIME, field, Field("mean", "tokens")))
    names = table[field.name].to_pylist()
    for row, text in enumerate(names):
        if text not in ("input_tokens", "output_tokens"):
            raise cell_error(path, field.name, row, "input_tokens or output_tokens")
    return pd.DataFrame(
        {
            "model": table[model.name].to_pylist(),
            "t_s": table[TIME.name],
            "field": names,
            "mean_tokens": table["mean"],
        }
    )


def read_servegen_dataset(path: Path | str) -> pd.DataFrame:
    """Mean token lengths of one client by window: columns t_s, field, mean_tokens.

    Args:
        path: chunk-i-dataset.json: by the begin of a window (s) and field, the text of a table of
            token counts and their shares, "{12: 0.25, 40: 0.75}".

    Raises:
        SlitError: another layout, with the window.
    """
    path = Path(path)
    document = read_document(path)
    rows = []
    for begin, fields in document.items() if isinstance(document, dict) else ():
        for field in ("input_tokens", "output_tokens"):
            text = fields.get(field) if isinstance(fields, dict) else None
            mean = _mean_of(text) if isinstance(text, str) and is_number(begin) else None
            if mean is None:
                raise SlitError(
                    f"{path}: window {begin}: {field}: no distribution, expected shares by tokens"
                )
            if not np.isnan(mean):
                rows.append((float(begin), field, mean))
    if not rows:
        raise SlitError(
            f"{path}: no windows, expected a dataset of ServeGen (chunk-i-dataset.json)"
        )
    return pd.DataFrame(rows, columns=["t_s", "field", "mean_tokens"])


def _mean_of(text: str) -> float | None:
    """The mean of "{12: 0.25, 40: 0.75}"; NaN where it is empty, None where it is none."""
    inside = text.strip().removeprefix("{").removesuffix("}")
    total = shares = 0.0
    for pair in filter(str.strip, inside.split(",")):
        tokens, colon, share = pair.partition(":")
        if not colon or not is_number(tokens) or not is_number(share):
            return None
        total += float(tokens) * float(share)
        shares += float(share)
    if not inside.strip():
        return float("nan")
    mean = total / shares if shares > 0 else -1.0
    return mean if 0 <= mean < BEYOND else None


def _trace(
    rates: Floats,
    offset: float,
    model: str | None,
    lengths: Path | str | None,
    start: pd.Timestamp | str | None,
) -> Trace:
    zero = utc_start(start)
    times = offset + WINDOW_SECONDS * np.arange(len(rates), dtype=np.float64)
    prompt = output = np.full(len(rates), np.nan)
    if lengths is not None:
        if is_json(Path(lengths)):
            frame = read_servegen_dataset(lengths)
        else:
            frame = read_servegen_lengths(lengths)
            frame = frame[frame["model"] == model]
        prompt, output = (
            _means(lengths, frame[frame["field"] == field], times)
            for field in ("input_tokens", "output_tokens")
        )
    requests = rates * WINDOW_SECONDS
    prompt, output = (np.where(rates > 0, tokens, np.nan) for tokens in (prompt, output))
    return Trace(
        start=None if zero is None else later(zero, offset),
        seconds=WINDOW_SECONDS,
        requests=requests,
        prompt_tokens=prompt,
        output_tokens=output,
        offset=offset,
        means=(weighted_mean(prompt, requests), weighted_mean(output, requests)),
    )


def _means(path: Path | str, frame: pd.DataFrame, times: Floats) -> Floats:
    """Mean tokens of the 6-hour window that each time lies in; the nearest where one is missing."""
    if frame.empty:
        known = "a model of the rates file"
        raise SlitError(f"{path}: no lengths of this model, expected {known}")
    frame = frame.sort_values("t_s")
    middles = frame["t_s"].to_numpy() + LENGTH_WINDOW_SECONDS / 2
    after = np.clip(np.searchsorted(middles, times), 1, max(len(middles) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(middles) - 1)
    closer = np.abs(times - middles[before]) <= np.abs(times - middles[after])
    means: Floats = frame["mean_tokens"].to_numpy()[np.where(closer, before, after)]
    return means
