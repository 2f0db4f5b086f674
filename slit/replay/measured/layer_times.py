"""Seconds of an iteration from measured times of layers, without anything fitted to a run.

The layout is that of LLMServingSim's profiles: `dense.csv` (layer, tokens, time_us),
`per_sequence.csv` (layer, sequences, time_us), `attention.csv` (prefill_chunk, kv_prefill,
n_decode, kv_decode, time_us), `moe.csv` (tokens, activated_experts, time_us), all of one layer.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import LinearNDInterpolator, RegularGridInterpolator

from operators.types import Bools, Floats
from slit.data.table import Table
from slit.errors import SlitError
from slit.files import read_file
from slit.predictor.architectures import Architecture
from slit.predictor.roofline import touched_experts
from slit.scenario.references import FileLayout
from slit.scenario.table_files import read_table

LAYER = ("qkv_proj", "rotary_emb", "o_proj", "layernorm", "layernorm")
"""Of each layer, beside attention and network; models may lack what comes next."""
LAYER_IF_ANY = ("qk_norm",)
DENSE_NETWORK = ("gate_up_proj", "act_fn", "down_proj")
ONCE = ("embedding", "final_layernorm")
PER_SEQUENCE = ("lm_head", "sampler")


@dataclass(frozen=True, slots=True)
class Link:
    """What joins GPUs that share experts."""

    bytes_per_s: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What one engine does in an iteration."""

    prompt: int  # prompt tokens that are read
    before: float  # tokens read earlier of those prompts, mean by token
    decoding: int  # sequences that decode
    context: float  # their mean KV tokens
    longest: float  # KV tokens of the longest
    shortest: float  # and of the shortest
    finished: int  # sequences whose next token is computed


class LayerTimes:
    """Measured layers of one model on one GPU.

    Raises:
        SlitError: a table or layer that is missing.
    """

    def __init__(self, folder: Path, architecture: Architecture) -> None:
        self.architecture = architecture
        self.layers = architecture.dense_layers + architecture.moe_layers
        dense = _by_layer(folder / "dense.csv", "tokens")
        sequences = _by_layer(folder / "per_sequence.csv", "sequences")
        needed = (*LAYER, *ONCE, *(() if architecture.experts else DENSE_NETWORK))
        for file, held, names in (
            ("dense.csv", dense, needed),
            ("per_sequence.csv", sequences, PER_SEQUENCE),
        ):
            missing = [name for name in dict.fromkeys(names) if name not in held]
            if missing:
                raise SlitError(
                    f"{folder / file}: no {', '.join(missing)}, expected these layers too"
                )
        each = [*LAYER, *(name for name in LAYER_IF_ANY if name in dense)]
        each += [] if architecture.experts else DENSE_NETWORK
        tokens = np.arange(1, int(max(dense[each[0]][0])) + 1, dtype=np.float64)
        self._layer_s = _summed(dense, each, tokens)
        self._once_s = _summed(dense, ONCE, tokens)
        most = np.arange(1, int(max(sequences["lm_head"][0])) + 1, dtype=np.float64)
        self._sequence_s = _summed(sequences, PER_SEQUENCE, most)
        self._attention = _Attention(folder / "attention.csv")
        self._moe = _ExpertTimes(folder / "moe.csv") if architecture.experts else None

    def seconds(self, batches: list[Batch], link: Link | None) -> float:
        """One iteration of engines that step together, each on a GPU: the slowest of them, and the
        experts that they share; an engine without work runs along with one token."""
        tokens = [max(1, each.prompt + each.decoding) for each in batches]
        own = max(self._own(each, count) for each, count in zip(batches, tokens, strict=True))
        return own + self.layers * self._experts_s(tokens, link)

    def _own(self, batch: Batch, tokens: int) -> float:
        n = min(tokens, len(self._layer_s)) - 1
        finished = min(max(batch.finished, 1), len(self._sequence_s)) - 1
        layer = self._layer_s[n] + self._attention.seconds(batch)
        return float(self.layers * layer + self._once_s[n] + self._sequence_s[finished])

    def _experts_s(self, tokens: list[int], link: Link | None) -> float:
        """The network of experts in one layer: each of G engines holds a G-th of the experts, sees
        the tokens of all, and hands sums back (all-gather, reduce-scatter)."""
        if self._moe is None:
            return 0.0
        model, engines, every = self.architecture, len(tokens), float(sum(tokens))
        touched = touched_experts(
            np.array([float(model.experts)]),
            np.array([float(model.experts_per_token)]),
            np.array([every]),
        )[0]
        seconds = self._moe.seconds(every / engines, touched / engines)
        if engines > 1 and link is not None:
            sent = (every - min(tokens)) * model.hidden * 2.0  # bf16
            seconds += 2 * (link.latency_s + sent / link.bytes_per_s)
        return seconds


class _Attention:
    """Attention of a mixed batch, linear between measured points."""

    def __init__(self, file: Path) -> None:
        self._skew = _Skew(file.with_name("skew_fit.csv.gz"))
        table = _open(file, ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us"))
        chunk, before, decoding, context, time = (
            table.numbers(name)
            for name in ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us")
        )
        self._decode = _grid(chunk == 0, (decoding, context), time, file)
        self._prompt = _grid(decoding == 0, (chunk, before), time, file)
        self._mixed = _grid(
            (chunk > 0) & (decoding > 0), (chunk, before, decoding, context), time, file
        )

    def seconds(self, batch: Batch) -> float:
        context = batch.context
        if batch.decoding:
            context += self._skew.part(batch) * (batch.longest - batch.context)
        decoding = (float(batch.decoding), context)
        prompt = (float(batch.prompt), batch.before)
        if not batch.prompt and not batch.decoding:
            return 0.0
        if not batch.prompt:
            return self._decode(decoding)
        if not batch.decoding:
            return self._prompt(prompt)
        return self._mixed((*prompt, *decoding))


class _Skew:
    """How far a batch of unequal lengths lies between one of its mean and one of its longest.

    As the profile has fitted it to batches of two lengths (`skew_fit.csv.gz`): by prompt tokens,
    size of the batch, where the mean lies between the shortest and the longest, the longest, and
    what was read before; where no such batch was fitted, the profile's own default. 0 where there
    is no such table.
    """

    SIZES = (2, 4, 8, 16, 32, 64, 128, 256), "n<={:.0f}", "n>256"
    RATES = (0.05, 0.15, 0.4, 0.7), "sr<={:.0%}", "sr>70%"
    LONGEST = (1024, 4096, 16384), "kvB<={:.0f}k", "kvB>16k"
    BEFORE = (0, 512, 1024, 2048, 4096, 8192)

    def __init__(self, file: Path) -> None:
        self._parts: dict[tuple[str, ...], float] = {}
        self._chunks = np.zeros(1)
        self._else = 0.0
        if not file.exists():
            return
        columns = ("pc", "n_label", "skew_rate_label", "kv_big_label", "kp_label", "alpha")
        table = _open(file, columns)
        texts = [table.texts(name) for name in columns[:-1]]
        alpha = table.numbers("alpha")
        self._parts = dict(zip(zip(*texts, strict=True), alpha.tolist(), strict=True))
        self._chunks = np.unique(table.numbers("pc"))
        self._else = _stated(file.parents[1] / "meta.yaml", "alpha_default")

    def part(self, batch: Batch) -> float:
        """0: as the mean, 1: as the longest."""
        range_ = batch.longest - batch.shortest
        rate = (batch.context - batch.shortest) / range_ if range_ > 0 else 0.0
        chunk = self._chunks[np.argmin(np.abs(self._chunks - batch.prompt))]
        key = (
            f"{chunk:.0f}",
            _label(batch.decoding, *self.SIZES),
            _label(rate, *self.RATES),
            _label(batch.longest, *self.LONGEST, scale=1 / 1024),
            self._before(batch.before if batch.prompt else 0.0),
        )
        return self._parts.get(key, self._else)

    def _before(self, tokens: float) -> str:
        if tokens <= 0:
            return "kp=0"
        for bound in self.BEFORE[1:]:
            if tokens <= bound:
                return f"kp<={bound}" if bound < 1024 else f"kp<={bound // 1024}k"
        return "kp>8k"


def _stated(file: Path, key: str) -> float:
    """The first number that a YAML file states under a key: that of one GPU a replica."""
    text = read_file(file, holding="settings of a profile").decode(errors="replace")
    found = re.search(rf"^\s*{key}:\s*(-?[\d.]+)\s*$", text, re.MULTILINE)
    if found is None:
        raise SlitError(f"{file}: no {key}, expected that of the profile's skew_fit")
    return float(found[1])


def _label(
    value: float, bounds: tuple[float, ...], within: str, beyond: str, *, scale: float = 1.0
) -> str:
    for bound in bounds:
        if value <= bound:
            return within.format(bound * scale)
    return beyond


class _Grid:
    """Multilinear, at the edges as at the nearest measured point."""

    def __init__(self, points: list[Floats], values: Floats) -> None:
        self._axes = points
        self._values = RegularGridInterpolator(self._axes, values)

    def __call__(self, at: tuple[float, ...]) -> float:
        where = [
            min(max(x, float(axis[0])), float(axis[-1]))
            for x, axis in zip(at, self._axes, strict=True)
        ]
        return float(self._values(where)[0])


def _grid(rows: Bools, axes: tuple[Floats, ...], time: Floats, file: Path) -> _Grid:
    """The rows whose coordinates make a full grid: powers of two, and zero."""
    used = rows
    for axis in axes:
        whole = axis == np.exp2(np.rint(np.log2(np.maximum(axis, 1.0))))
        used = used & (whole | (axis == 0))
    points = [np.unique(axis[used]) for axis in axes]
    values = np.full([len(each) for each in points], np.nan)
    values[tuple(np.searchsorted(p, axis[used]) for p, axis in zip(points, axes, strict=True))] = (
        time[used] / 1e6
    )
    if values.size == 0:
        raise SlitError(f"{file}: too few rows, expected a grid of powers of two")
    if np.isnan(values).any():
        values = _filled(values)
    return _Grid(points, values)


def _filled(values: Floats) -> Floats:
    """What was not measured (long contexts of many sequences do not fit) as at the last one that
    was, along the last axis."""
    filled = values.copy()
    flat = filled.reshape(-1, filled.shape[-1])
    for row in flat:
        known = np.flatnonzero(~np.isnan(row))
        if len(known):
            row[:] = np.interp(np.arange(len(row)), known, row[known])
    left = np.isnan(filled)
    filled[left] = np.nanmax(filled)
    return filled


class _ExpertTimes:
    """The network of experts of one layer, linear between measured points; as many experts as its
    tokens can touch at most, and at least those of one token."""

    def __init__(self, file: Path) -> None:
        table = _open(file, ("tokens", "activated_experts", "time_us"))
        self._tokens, self._touched = table.numbers("tokens"), table.numbers("activated_experts")
        self._each = float((self._touched / self._tokens).max())  # experts of one token
        points = np.stack([self._tokens, self._touched], axis=1)
        self._values = LinearNDInterpolator(points, table.numbers("time_us") / 1e6, rescale=True)

    def seconds(self, tokens: float, touched: float) -> float:
        count = min(max(tokens, float(self._tokens.min())), float(self._tokens.max()))
        most = min(self._each * count, float(self._touched.max()))
        experts = min(max(touched, float(self._touched.min())), most)
        return float(self._values(np.array([[count, experts]]))[0])


def _open(file: Path, columns: tuple[str, ...]) -> Table:
    table = read_table(file, FileLayout())
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise SlitError(f"{file}: no column {', '.join(missing)}, expected {', '.join(columns)}")
    if not len(table):
        raise SlitError(f"{file}: no rows, expected measured times of layers")
    return table


def _by_layer(file: Path, column: str) -> dict[str, tuple[Floats, Floats]]:
    """(counts, seconds) by layer, rising."""
    table = _open(file, ("layer", column, "time_us"))
    names, counts = np.array(table.texts("layer")), table.numbers(column)
    seconds = table.numbers("time_us") / 1e6
    found = {}
    for name in dict.fromkeys(names.tolist()):
        own = names == name
        order = np.argsort(counts[own])
        found[name] = (counts[own][order], seconds[own][order])
    return found


def _summed(
    tables: dict[str, tuple[Floats, Floats]], names: tuple[str, ...] | list[str], at: Floats
) -> Floats:
    return np.asarray(sum(np.interp(at, *tables[name]) for name in names))
