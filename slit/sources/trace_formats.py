"""The formats of traces: for each its reader, and which fields of a stream it applies.

What a format does not take is refused where it is stated: no field is ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from slit.data.request_log import Layout, read_requests
from slit.data.request_times import Reading
from slit.data.trace import Trace
from slit.sources.azure_llm import AZURE
from slit.sources.burstgpt import BURSTGPT
from slit.sources.gateways import LITELLM, LOG
from slit.sources.mooncake import BAILIAN, MOONCAKE, read_mooncake_or_bailian
from slit.sources.servegen import read_servegen
from slit.sources.vllm_bench import VLLM, read_vllm_bench

WINDOW = frozenset({"recorded_from", "recorded_to"})
ROWS = frozenset({"columns", "where", "model", "without_output", "bin_seconds", "time_unit"})
NUMBERS = ROWS | WINDOW | {"start"}
STAMPS = NUMBERS | {"zone"}


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """One format: its reader (path, what is stated, file of lengths), what it takes of a stream."""

    read: Callable[[Path, Reading, Path | None], Trace]
    takes: frozenset[str]


def _log(
    layout: Layout,
    takes: frozenset[str],
    read: Callable[[Path, Layout, Reading], Trace] = read_requests,
) -> TraceFormat:
    return TraceFormat(lambda path, reading, _lengths: read(path, layout, reading), takes)


def _servegen(path: Path, reading: Reading, lengths: Path | None) -> Trace:
    return read_servegen(path, model=reading.model, lengths=lengths, start=reading.start)


FORMATS: Mapping[str, TraceFormat] = MappingProxyType(
    {
        "servegen": TraceFormat(_servegen, frozenset({"model", "start"})),
        "azure": _log(AZURE, STAMPS),
        "mooncake": _log(MOONCAKE, NUMBERS, read_mooncake_or_bailian),
        "bailian": _log(BAILIAN, NUMBERS),
        "burstgpt": _log(BURSTGPT, NUMBERS),
        "vllm": _log(VLLM, NUMBERS, read_vllm_bench),
        "litellm": _log(LITELLM, STAMPS),
        "log": _log(LOG, STAMPS),
    }
)
