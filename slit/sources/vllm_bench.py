"""Results of `vllm bench serve --save-result --save-detailed`: one JSON document a run.

Lists with an entry a request: start_times (s on a clock of the client), input_lens, output_lens (0
where the request failed); model_id once (vllm/benchmarks/serve.py of github.com/vllm-project/vllm).
Without --save-detailed, and in old versions, there are no times of arrival.
"""

from pathlib import Path
from typing import Any

from slit.data.json_batches import Objects, read_document
from slit.data.request_log import Layout, RequestStream, columns_of
from slit.data.request_times import LogOptions
from slit.errors import SlitError

VLLM = Layout(
    time=("start_times",),
    prompt=("input_lens",),
    output=("output_lens",),
    model=("model_id",),
    unit="s",
)


def open_vllm_bench(path: Path, layout: Layout, options: LogOptions) -> RequestStream:
    """The requests of one run, counted from its first.

    Raises:
        SlitError: no such document, no times of arrival, or lists of different lengths.
    """
    document = read_document(path)
    if not isinstance(document, dict):
        raise SlitError(f"{path}: no object, expected the result of one run of vllm bench serve")
    times = options.columns.get("time", layout.time[0])
    if times not in document:
        raise SlitError(
            f"{path}: no {times}, expected the times of arrival (vllm bench serve --save-result "
            "--save-detailed; versions that do not record them give no trace)"
        )
    columns = columns_of(path, layout, options, list(document))
    fields = columns.fields(gaps=False)
    lists = {name.name: _listed(path, document, name.name, times) for name in fields}
    lists[times] = _from_first(path, times, lists[times])
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    sample = rows[0] if rows else {}
    batches = Objects(path, sample, rows).stream(fields)
    return RequestStream(path, batches, columns, layout, options)


def _listed(path: Path, document: dict[str, Any], name: str, times: str) -> list[Any]:
    """An entry a request; what is stated once holds for all."""
    count = len(document[times]) if isinstance(document[times], list) else 0
    value = document[name]
    if isinstance(value, str):
        return [value] * count
    if not isinstance(value, list) or len(value) != count:
        found = f"{len(value)} entries" if isinstance(value, list) else "no list"
        raise SlitError(f"{path}: {name}: {found}, expected {count} (one a request, as {times})")
    return value


def _from_first(path: Path, name: str, times: list[Any]) -> list[Any]:
    """Seconds since the first request: the clock of the client has no known zero."""
    numbers = [time for time in times if type(time) in (int, float)]
    if len(numbers) < len(times) or not numbers:
        raise SlitError(f"{path}: {name}: no numbers, expected the times of arrival (s)")
    if max(numbers) <= 0:
        raise SlitError(f"{path}: {name}: all 0, expected the times of arrival (s)")
    # Requests that failed before they were sent have a time of 0.
    first = min(number for number in numbers if number > 0)
    return [max(0.0, number - first) for number in numbers]
