"""A measured run of vLLM: what its folder says, and its arrivals served again by layer times."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Floats, Longs
from slit.errors import SlitError
from slit.files import read_file, read_json
from slit.predictor.catalog import find_architecture
from slit.replay.measured.layer_times import Batch, LayerTimes, Link

QUANTILES = {"mean": None, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
HOLDING = "a measured run of an engine"


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """Times of N requests, s since the first was queued, and their lengths in tokens."""

    queued_s: Floats
    first_token_s: Floats
    last_token_s: Floats
    prompt: Longs
    output: Longs

    def figures(self) -> dict[str, dict[str, float]]:
        """Mean and quantiles of time to first token, time per output token and latency, s."""
        several = self.output > 1
        spread = self.last_token_s - self.first_token_s
        times = {
            "ttft": self.first_token_s - self.queued_s,
            "tpot": spread[several] / (self.output[several] - 1),
            "latency": self.last_token_s - self.queued_s,
        }
        return {
            name: {
                what: float(values.mean() if share is None else np.quantile(values, share))
                for what, share in QUANTILES.items()
            }
            for name, values in times.items()
        }


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredRun:
    """What `read_run` finds in a folder."""

    model: str
    measured: Stamps
    arrival_s: Floats  # when requests come to the engine, s since the first was queued
    ahead: int  # iterations decided before the first of them has ended: 2 if asynchronous, else 1
    engines: int  # that step together (data parallel)
    most_sequences: int  # of each
    token_budget: int  # of an iteration of each
    times: LayerTimes
    link: Link | None  # between them


def read_measured(folder: Path) -> MeasuredRun:
    """A run in the layout of LLMServingSim's examples: `vllm/requests.jsonl`, `vllm/meta.json`,
    `config.json`, `perf/tp*/`.

    Raises:
        SlitError: a file, key or layer that is missing, or a model that is not known.
    """
    meta = read_json(folder / "vllm" / "meta.json", holding=f"settings of {HOLDING}")
    config = read_json(folder / "config.json", holding=f"the links of {HOLDING}")
    try:
        engine = meta["engine_kwargs"]
        model = str(meta["model"])
        parallel = int(engine["tensor_parallel_size"])
        engines = int(engine["data_parallel_size"])
        sequences = int(engine["max_num_seqs"])
        budget = int(engine["max_num_batched_tokens"])
        asynchronous = engine.get("async_scheduling", _default_of(meta.get("vllm_version")))
        link = None
        if engines > 1:
            link = Link(float(config["link_bw"]) * 1e9, float(config["link_latency"]) / 1e9)
    except (KeyError, TypeError, ValueError) as error:
        raise SlitError(f"{folder}: {error}, expected {HOLDING} (meta.json, config.json)") from None
    if parallel != 1:
        raise SlitError(f"{folder}: tensor_parallel_size {parallel}, expected 1")
    times = LayerTimes(folder / "perf" / "tp1", find_architecture(model))
    measured, arrival_s = _stamps(folder / "vllm" / "requests.jsonl")
    return MeasuredRun(
        model=model,
        measured=measured,
        arrival_s=arrival_s,
        ahead=2 if asynchronous else 1,
        engines=engines,
        most_sequences=sequences,
        token_budget=budget,
        times=times,
        link=link,
    )


def _default_of(version: object) -> bool:
    """Whether a version of vLLM schedules asynchronously unless told otherwise: from 0.14 on (its
    release notes, pull request 27614)."""
    found = re.match(r"v?(\d+)\.(\d+)", str(version))
    return found is not None and (int(found[1]), int(found[2])) >= (0, 14)


def _stamps(file: Path) -> tuple[Stamps, Floats]:
    """The stamps, and when requests came to the engine: at `arrival_time`, another clock, plus the
    least time from there to the queue; where nobody noted that, when they were queued."""
    content = read_file(file, holding=f"the requests of {HOLDING} (JSON lines)")
    rows: list[dict[str, Any]] = []
    names = ("queued_ts", "first_token_ts", "last_token_ts", "input_toks", "output_toks")
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            rows.append({name: float(row[name]) for name in names})
            rows[-1]["arrival_time"] = float(row.get("arrival_time", np.nan))
        except (ValueError, KeyError, TypeError) as error:
            raise SlitError(
                f"{file}:{number}: {error}, expected one JSON object a line with {', '.join(names)}"
            ) from None
    if not rows:
        raise SlitError(f"{file}: no request, expected {HOLDING}")
    rows.sort(key=lambda row: row["queued_ts"])
    column = {name: np.array([row[name] for row in rows]) for name in (*names, "arrival_time")}
    start = column["queued_ts"][0]
    arrival_s = column["queued_ts"] - start
    if not np.isnan(column["arrival_time"]).any():
        delay_s = column["queued_ts"] - column["arrival_time"]
        arrival_s = np.maximum.accumulate(column["arrival_time"] + delay_s.min() - start)
    stamps = Stamps(
        queued_s=column["queued_ts"] - start,
        first_token_s=column["first_token_ts"] - start,
        last_token_s=column["last_token_ts"] - start,
        prompt=column["input_toks"].astype(np.int64),
        output=column["output_toks"].astype(np.int64),
    )
    return stamps, arrival_s


def serve_again(run: MeasuredRun) -> Stamps:
    """The arrivals of a run served iteration by iteration, as vLLM's V1 scheduler does it: each
    decoding sequence a token, then prompts, first come, first served, in chunks of what the budget
    leaves, as long as fewer than the most sequences run. Engines that share experts step together;
    a request goes to the one with fewest running and four times waiting ones (vLLM's balance).

    Scheduling is ahead of the GPU (vLLM's asynchronous scheduling, its default): while an iteration
    runs, the next one is already decided. So what comes during an iteration waits for its end and
    for the one after it, and a sequence that ends keeps its place for one more iteration. As in
    the log of the engine, a request is queued when the engine takes it in, between two decisions.

    A step has no closed form here, so that this loop does not skip (`slit.replay.engine` does).
    """
    measured = run.measured
    count = len(measured.queued_s)
    queued, first, last = (np.full(count, np.nan) for _ in range(3))
    engines = [_Engine(run, first, last) for _ in range(run.engines)]
    under_way: list[tuple[float, list[_Work]]] = []
    decided, free, arrived = 0.0, 0.0, 0
    while np.isnan(last).any():
        while arrived < count and run.arrival_s[arrived] <= decided:
            least = min(engines, key=lambda each: 4 * len(each.waiting) + each.running)
            least.waiting.append(arrived)
            queued[arrived] = decided
            arrived += 1
        works = [each.schedule() for each in engines]
        if any(each.batch.prompt or each.batch.decoding for each in works):
            free = max(free, decided)
            free += run.times.seconds([each.batch for each in works], run.link)
            under_way.append((free, works))
            if len(under_way) < run.ahead:
                continue
        elif not under_way:
            decided = float(run.arrival_s[arrived])
            continue
        decided, works = under_way.pop(0)
        for engine, work in zip(engines, works, strict=True):
            engine.finish(work, decided)
    return Stamps(queued, first, last, measured.prompt, measured.output)


@dataclass(frozen=True, slots=True)
class _Work:
    """What one iteration of an engine does, and whose first and last tokens it brings."""

    batch: Batch
    first: list[int]
    last: list[int]


class _Engine:
    """Sequences of one engine: which decode, which one is read, which wait."""

    def __init__(self, run: MeasuredRun, first: Floats, last: Floats) -> None:
        self.prompt, self.output = run.measured.prompt, run.measured.output
        self.most, self.budget = run.most_sequences, run.token_budget
        self.first, self.last = first, last
        self.waiting: list[int] = []
        self.made: dict[int, int] = {}  # tokens decided of sequences whose prompt is
        self.read: dict[int, int] = {}  # tokens read of prompts that are begun

    @property
    def running(self) -> int:
        return len(self.made) + len(self.read)

    def schedule(self) -> _Work:
        """Decide what the next iteration does."""
        decoding = [n for n, made in self.made.items() if made < self.output[n]]
        contexts = [int(self.prompt[n]) + self.made[n] for n in decoding]
        for n in decoding:
            self.made[n] += 1
        left = self.budget - len(contexts)
        done: list[int] = []
        chunks, before = 0, 0.0
        while left > 0:
            if self.read:
                n = next(iter(self.read))
            elif self.waiting and self.running < self.most:
                n = self.waiting.pop(0)
                self.read[n] = 0
            else:
                break
            chunk = min(left, int(self.prompt[n]) - self.read[n])
            before += chunk * self.read[n]
            self.read[n] += chunk
            chunks, left = chunks + chunk, left - chunk
            if self.read[n] == self.prompt[n]:
                done.append(n)
                del self.read[n]
                self.made[n] = 1
        batch = Batch(
            prompt=chunks,
            before=before / chunks if chunks else 0.0,
            decoding=len(contexts),
            context=float(np.mean(contexts)) if contexts else 0.0,
            longest=float(max(contexts, default=0)),
            shortest=float(min(contexts, default=0)),
            finished=len(contexts) + len(done),
        )
        last = [n for n in (*decoding, *done) if self.made[n] >= self.output[n]]
        return _Work(batch, done, last)

    def finish(self, work: _Work, clock: float) -> None:
        """End an iteration: its tokens are there, and sequences that have all of theirs leave."""
        self.first[work.first] = clock
        self.last[work.last] = clock
        for n in work.last:
            del self.made[n]
