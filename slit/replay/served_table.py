"""A Parquet table with a row a request, written while placements are served."""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.errors import SlitError
from slit.problem.placements import Placement
from slit.replay.arrays import Requests, Served, State
from slit.replay.tally import Scales
from slit.scenario.scenario import Scenario

OUTCOMES = "served", "refused", "unserved"
"""Refused: longer than the KV cache of a replica. Unserved: unfinished at the end of the drain."""


class ServedTable:
    """Rows of each placement in a file of its own, which `join` puts one behind the other: the same
    table for any number of threads.

    Columns: arrival_s since the start of the horizon, class, origin, datacenter, placement, node
    (of the placement; where thinned one of those that run), prompt and output (tokens),
    ttft_s, end_to_end_s (both with the network), late, preemptions, outcome, stands_for (requests,
    1 unless thinned). What is not known of a request that was not served is empty.
    """

    def __init__(
        self, path: Path, scenario: Scenario, placements: Sequence[Placement], folder: Path
    ) -> None:
        """Raises SlitError where `path` has no folder, before hours are spent."""
        self.path, self.scenario, self.placements = path, scenario, placements
        self.folder = folder
        if path.is_dir() or not path.parent.is_dir():
            found = "a folder" if path.is_dir() else f"no folder {path.parent}"
            raise SlitError(f"{path}: {found}, expected a file to write")

    def of_placement(self, p: int, scales: Scales, *, replicas: int) -> "PlacementTable":
        """The rows of one placement, whose nodes have so many replicas."""
        return PlacementTable(self, p, scales, replicas)

    def file(self, p: int) -> Path:
        """Where they are kept until `join`."""
        return self.folder / f"{p}.parquet"

    def join(self) -> None:
        """Write the table to `path`. Raises SlitError if that cannot be done."""
        from pyarrow import parquet

        target = Path(os.path.realpath(self.path))
        beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}.new")
        try:
            with parquet.ParquetWriter(beside, _schema()) as writer:
                for p in range(len(self.placements)):
                    if self.file(p).exists():
                        with parquet.ParquetFile(self.file(p)) as part:
                            for n in range(part.num_row_groups):
                                writer.write_table(part.read_row_group(n))
            beside.replace(target)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            reason = error.strerror or str(error)
            raise SlitError(f"{self.path}: {reason}, expected a file to write") from None


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Requests of one outcome, (N,) each; seconds are NaN where nothing is known."""

    arrival_s: Floats
    prompt: Longs
    output: Longs
    group: Longs
    node: Longs  # as the engine counts: replicas
    first_s: Floats
    last_s: Floats
    preemptions: Longs


class PlacementTable:
    """The rows of one placement; a context that closes its file."""

    def __init__(self, table: ServedTable, p: int, scales: Scales, replicas: int) -> None:
        self.table, self.p, self.scales, self.replicas = table, p, scales, replicas
        self.writer: Any = None

    def __enter__(self) -> "PlacementTable":
        return self

    def __exit__(self, *_: object) -> None:
        if self.writer is not None:
            self.writer.close()

    def served(self, served: Served) -> None:
        """Requests that were finished."""
        rows = _Rows(
            served.arrival_s, served.prompt, served.output, served.group, served.node,
            served.first_token_s, served.last_token_s, served.preemptions,
        )  # fmt: skip
        self._write(rows, "served")

    def refused(self, requests: Requests, which: Bools) -> None:
        """Those of the requests (N,) that no replica can hold."""
        arrival, prompt, output, group, _ = requests
        none = np.zeros(int(which.sum()), np.int64)
        unknown = np.full(len(none), np.nan)
        rows = _Rows(
            arrival[which], prompt[which], output[which], group[which],
            none - 1, unknown, unknown, none,
        )  # fmt: skip
        self._write(rows, "refused")

    def unserved(self, state: State) -> None:
        """Requests that are in a state at the end."""
        left = state.sequences
        first = np.where(np.isfinite(left["first_s"]), left["first_s"], np.nan)
        rows = _Rows(
            left["arrival_s"], left["prompt"], left["output"], left["group"],
            np.full(len(left), -1), first, np.full(len(left), np.nan), left["preemptions"],
        )  # fmt: skip
        self._write(rows, "unserved")

    def _write(self, rows: _Rows, outcome: str) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if not len(rows.arrival_s):
            return
        scenario, scales = self.table.scenario, self.scales
        placement = self.table.placements[self.p]
        origin, kind = np.divmod(rows.group, len(scenario.classes))
        epoch = np.minimum(rows.arrival_s / scales.epoch_s, len(scales.weight) - 1)
        network = scales.network_s[epoch.astype(np.int64), origin] - rows.arrival_s
        ttft = rows.first_s + network
        count = len(origin)
        columns = {
            "arrival_s": pa.array(rows.arrival_s),
            "class": _texts([each.name for each in scenario.classes], kind),
            "origin": _texts([each.name for each in scenario.origins], origin),
            "datacenter": _text(scenario.datacenters[placement.datacenter].name, count),
            "placement": _text(placement.name, count),
            "node": pa.array(rows.node // self.replicas, mask=rows.node < 0),
            "prompt": pa.array(rows.prompt),
            "output": pa.array(rows.output),
            "ttft_s": pa.array(ttft, mask=np.isnan(ttft)),
            "end_to_end_s": pa.array(rows.last_s + network, mask=np.isnan(rows.last_s)),
            "late": pa.array(~(ttft <= scales.slo_s[kind])),
            "preemptions": pa.array(rows.preemptions),
            "outcome": _text(outcome, count),
            "stands_for": pa.array(scales.weight[epoch.astype(np.int64)]),
        }
        if self.writer is None:
            self.writer = parquet.ParquetWriter(self.table.file(self.p), _schema())
        self.writer.write_table(pa.table(columns, schema=_schema()))


def _text(name: str, count: int) -> Any:
    return _texts([name], np.zeros(count, np.int64))


def _texts(names: list[str], index: Longs) -> Any:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), names)


def _schema() -> Any:
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    kinds = {
        "arrival_s": pa.float64(), "class": text, "origin": text, "datacenter": text,
        "placement": text, "node": pa.int64(), "prompt": pa.int64(), "output": pa.int64(),
        "ttft_s": pa.float64(), "end_to_end_s": pa.float64(), "late": pa.bool_(),
        "preemptions": pa.int64(), "outcome": text, "stands_for": pa.float64(),
    }  # fmt: skip
    return pa.schema(list(kinds.items()))
