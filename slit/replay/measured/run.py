"""A measured run of vLLM: what its folder says, and its arrivals served again by layer times."""

import json
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
        link = None
        if engines > 1:
            link = Link(float(config["link_bw"]) * 1e9, float(config["link_latency"]) / 1e9)
    except (KeyError, TypeError, ValueError) as error:
        raise SlitError(f"{folder}: {error}, expected {HOLDING} (meta.json, config.json)") from None
    if parallel != 1:
        raise SlitError(f"{folder}: tensor_parallel_size {parallel}, expected 1")
    times = LayerTimes(folder / "perf" / "tp1", find_architecture(model))
    return MeasuredRun(
        model=model,
        measured=_stamps(folder / "vllm" / "requests.jsonl"),
        engines=engines,
        most_sequences=sequences,
        token_budget=budget,
        times=times,
        link=link,
    )


def _stamps(file: Path) -> Stamps:
    content = read_file(file, holding=f"the requests of {HOLDING} (JSON lines)")
    rows: list[dict[str, Any]] = []
    names = ("queued_ts", "first_token_ts", "last_token_ts", "input_toks", "output_toks")
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            rows.append({name: float(row[name]) for name in names})
        except (ValueError, KeyError, TypeError) as error:
            raise SlitError(
                f"{file}:{number}: {error}, expected one JSON object a line with {', '.join(names)}"
            ) from None
    if not rows:
        raise SlitError(f"{file}: no request, expected {HOLDING}")
    rows.sort(key=lambda row: row["queued_ts"])
    column = {name: np.array([row[name] for row in rows]) for name in names}
    start = column["queued_ts"][0]
    return Stamps(
        queued_s=column["queued_ts"] - start,
        first_token_s=column["first_token_ts"] - start,
        last_token_s=column["last_token_ts"] - start,
        prompt=column["input_toks"].astype(np.int64),
        output=column["output_toks"].astype(np.int64),
    )


def serve_again(run: MeasuredRun) -> Stamps:
    """The arrivals of a run served iteration by iteration, as vLLM's V1 scheduler does it: each
    decoding sequence a token, then prompts, first come, first served, in chunks of what the budget
    leaves, as long as fewer than the most sequences run. Engines that share experts step together;
    a request goes to the one with fewest running and four times waiting ones (vLLM's balance).

    A step has no closed form here, so that this loop does not skip (`slit.replay.engine` does).
    """
    measured = run.measured
    count = len(measured.queued_s)
    first, last = np.full(count, np.nan), np.full(count, np.nan)
    engines = [_Engine(run, first, last) for _ in range(run.engines)]
    clock, arrived = 0.0, 0
    while np.isnan(last).any():
        while arrived < count and measured.queued_s[arrived] <= clock:
            least = min(engines, key=lambda each: 4 * len(each.waiting) + each.running)
            least.waiting.append(arrived)
            arrived += 1
        batches = [each.schedule() for each in engines]
        if not any(each.prompt or each.decoding for each in batches):
            clock = float(measured.queued_s[arrived])
            continue
        clock += run.times.seconds(batches, run.link)
        for each in engines:
            each.finish(clock)
    return Stamps(measured.queued_s, first, last, measured.prompt, measured.output)


class _Engine:
    """Sequences of one engine: which decode, which one is read, which wait."""

    def __init__(self, run: MeasuredRun, first: Floats, last: Floats) -> None:
        self.prompt, self.output = run.measured.prompt, run.measured.output
        self.most, self.budget = run.most_sequences, run.token_budget
        self.first, self.last = first, last
        self.waiting: list[int] = []
        self.made: dict[int, int] = {}  # tokens written by sequences that decode
        self.read: dict[int, int] = {}  # tokens read of prompts that are begun
        self._done: list[int] = []  # prompts whose last token is read in this iteration

    @property
    def running(self) -> int:
        return len(self.made) + len(self.read)

    def schedule(self) -> Batch:
        """What the next iteration does."""
        contexts = [int(self.prompt[n]) + tokens for n, tokens in self.made.items()]
        left = self.budget - len(contexts)
        self._done, chunks, before = [], 0, 0.0
        while left > 0:
            begun = [n for n in self.read if n not in self._done]
            if begun:
                n = begun[0]
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
                self._done.append(n)
        return Batch(
            prompt=chunks,
            before=before / chunks if chunks else 0.0,
            decoding=len(contexts),
            context=float(np.mean(contexts)) if contexts else 0.0,
            longest=float(max(contexts, default=0)),
            shortest=float(min(contexts, default=0)),
            finished=len(contexts) + len(self._done),
        )

    def finish(self, clock: float) -> None:
        """End the iteration: a token for each that decodes, the first of prompts that are read."""
        for n in list(self.made):
            self.made[n] += 1
            if self.made[n] >= self.output[n]:
                self.last[n] = clock
                del self.made[n]
        for n in self._done:
            del self.read[n]
            self.first[n] = clock
            if self.output[n] <= 1:
                self.last[n] = clock
            else:
                self.made[n] = 1
