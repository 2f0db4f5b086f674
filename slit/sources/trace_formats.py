"""The formats of traces: for each its reader, and which fields of a stream it applies.

What a format does not take is refused where it is stated: no field is ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from slit.data.request_log import Layout, RequestStream, open_requests
from slit.data.request_times import LogOptions
from slit.data.trace import Trace
from slit.sources.azure_llm import AZURE
from slit.sources.burstgpt import BURSTGPT
from slit.sources.gateways import LITELLM, LOG
from slit.sources.mooncake import BAILIAN, MOONCAKE, open_mooncake
from slit.sources.servegen import read_servegen
from slit.sources.vidur import VIDUR
from slit.sources.vllm_bench import VLLM, open_vllm_bench

WINDOW = frozenset({"recorded_from", "recorded_to"})
ROWS = frozenset({"columns", "where", "model", "without_output", "bin_seconds", "time_unit"})
NUMBERS = ROWS | WINDOW | {"start"}
STAMPS = NUMBERS | {"zone"}


Open = Callable[[Path, LogOptions], RequestStream]


@dataclass(frozen=True, slots=True)
class TraceFormat:
    """One format of traces.

    Attributes:
        takes: fields of a stream that it applies.
        read: the trace in bins, of a path, what is stated, and a file of lengths.
        requests: its single requests; None where it has only rates.
    """

    takes: frozenset[str]
    read: Callable[[Path, LogOptions, Path | None], Trace]
    requests: Open | None = None


def _log(
    layout: Layout,
    takes: frozenset[str],
    opened: Callable[[Path, Layout, LogOptions], RequestStream] = open_requests,
) -> TraceFormat:
    def requests(path: Path, options: LogOptions) -> RequestStream:
        return opened(path, layout, options)

    return TraceFormat(takes, lambda path, options, _: requests(path, options).trace(), requests)


def _servegen(path: Path, options: LogOptions, lengths: Path | None) -> Trace:
    return read_servegen(path, model=options.model, lengths=lengths, start=options.start)


FORMATS: Mapping[str, TraceFormat] = MappingProxyType(
    {
        "servegen": TraceFormat(frozenset({"model", "start"}), _servegen),
        "azure": _log(AZURE, STAMPS),
        "mooncake": _log(MOONCAKE, NUMBERS, open_mooncake),
        "bailian": _log(BAILIAN, NUMBERS),
        "burstgpt": _log(BURSTGPT, NUMBERS),
        "vidur": _log(VIDUR, NUMBERS),
        "vllm": _log(VLLM, NUMBERS, open_vllm_bench),
        "litellm": _log(LITELLM, STAMPS),
        "log": _log(LOG, STAMPS),
    }
)
