"""The engine of a placement once more, iteration by iteration, in plain Python.

It shares no code with `slit.replay.engine` and skips nothing: every sequence keeps its own counts,
every iteration adds its own time, blocks are counted anew each time.
"""

import math
from collections.abc import Sequence as Row
from dataclasses import dataclass, field

from slit.replay.arrays import Dispatch, Engine, Requests

MASK = 2**64 - 1


@dataclass(eq=False)
class Sequence:
    """A request, what of it is cached, and when its tokens came."""

    arrival: float
    prompt: int
    output: int
    hit: int = 0  # tokens of the prompt in a prefix cache
    cached: int = 0
    goal: int = 0  # tokens to be read before it decodes
    reads: bool = False
    alone: bool = False
    tokens: list[float] = field(default_factory=list)
    node: int = -1
    preemptions: int = 0
    entered: float = 0.0  # the queue


@dataclass(eq=False)
class Iteration:
    """What a replica does between two boundaries."""

    start: float
    end: float
    prefill: float
    decoders: list[Sequence]
    readers: list[tuple[Sequence, int]]

    def running(self) -> int:
        return len(self.decoders) + len(self.readers)


@dataclass(eq=False)
class Replica:
    """Running in order of admission, waiting, the iteration under way; iterations before."""

    running: list[Sequence] = field(default_factory=list)
    waiting: list[Sequence] = field(default_factory=list)
    now: Iteration | None = None
    begins: float = math.inf
    was_idle: bool = True
    log: list[Iteration] = field(default_factory=list)
    queued: list[tuple[float, float]] = field(default_factory=list)

    def boundary(self) -> float:
        return self.now.end if self.now else self.begins


def blocks(tokens: int, size: int) -> int:
    return math.ceil(tokens / size)


def used(replica: Replica, size: int) -> int:
    """Blocks taken; those of a prompt are set aside when it is begun."""
    return sum(blocks(s.goal if s.reads else s.cached, size) for s in replica.running)


def end_iteration(replica: Replica) -> None:
    now = replica.now
    if now is None:
        return
    for sequence in now.decoders:
        sequence.cached += 1
        sequence.tokens.append(now.end)
    for sequence, count in now.readers:
        sequence.cached += count
        if sequence.cached == sequence.goal:
            sequence.reads = False
            sequence.tokens.append(now.end)
    replica.running = [s for s in replica.running if len(s.tokens) < s.output]
    replica.log.append(now)
    replica.now = None


def make_room(engine: Engine, replica: Replica, time: float) -> bool:
    """Preempt until all that decode can go on; whether anyone was."""
    preempted = False
    while True:
        wanted = sum(not s.reads and s.cached % engine.block_tokens == 0 for s in replica.running)
        if used(replica, engine.block_tokens) + wanted <= engine.blocks:
            return preempted
        victim = replica.running.pop()
        victim.preemptions += 1
        victim.entered = time
        replica.waiting.insert(0, victim)
        preempted = True


def begin_iteration(engine: Engine, replica: Replica, time: float) -> None:
    step, size = engine.step, engine.block_tokens
    preempted = make_room(engine, replica, time)
    decoders = [s for s in replica.running if not s.reads]
    budget = engine.token_budget - len(decoders)
    decode = 0.0
    if decoders:
        context = sum(s.cached + 1 for s in decoders)
        decode = step.fixed_s + step.sequence_s * len(decoders) + step.context_s * context
    readers: list[tuple[Sequence, int]] = []
    prefill = 0.0
    for sequence in replica.running:
        if sequence.reads:
            readers.append((sequence, min(budget, sequence.goal - sequence.cached)))
            budget -= readers[-1][1]
    while replica.waiting and budget > 0 and not preempted:
        first = replica.waiting[0]
        goal = first.prompt + len(first.tokens)
        growth = sum(s.cached % size == 0 for s in decoders)
        free = engine.blocks - used(replica, size) - growth
        if len(replica.running) == engine.most_sequences or blocks(goal, size) > free:
            break
        replica.waiting.pop(0)
        replica.queued.append((first.entered, time))
        first.cached, first.goal, first.reads = first.hit, goal, True
        first.alone = replica.was_idle and not readers
        prefill += step.prompt_fixed_s + (step.idle_prompt_fixed_s if first.alone else 0.0)
        replica.running.append(first)
        readers.append((first, min(budget, goal - first.hit)))
        budget -= readers[-1][1]
    for sequence, count in readers:
        prefill += count * (step.prompt_s + (step.idle_prompt_s if sequence.alone else 0.0))
    replica.was_idle = not replica.running
    replica.begins = math.inf
    if replica.running:
        replica.now = Iteration(time, time + decode + prefill, prefill, decoders, readers)


def random_bits(seed: int, number: int) -> int:
    """SplitMix64."""
    bits = (seed + (number + 1) * 0x9E3779B97F4A7C15) & MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
    return bits ^ (bits >> 31)


@dataclass(eq=False)
class Twin:
    """A placement in windows of (until_s, ready_s): nodes take requests from `ready_s` on."""

    engine: Engine
    windows: Row[tuple[float, Row[float]]]
    dispatch: Dispatch
    seed: int

    def run(self, requests: Requests) -> list[Sequence]:
        """All requests, served or not."""
        read = (requests.arrival_s, requests.prompt, requests.output, requests.cached)
        columns = zip(*(column.tolist() for column in read), strict=True)
        sequences = [Sequence(*row) for row in columns]
        nodes = len(self.windows[0][1])
        self.replicas = [Replica() for _ in range(nodes * self.engine.replicas)]
        self.sent = 0
        to_come, self.held = list(sequences), list[Sequence]()
        start = 0.0
        for until_s, ready_s in self.windows:
            self.until_s, self.ready_s = until_s, ready_s
            again, self.held = self.held, []
            for sequence in again:
                self.send(sequence, start)
            while to_come and to_come[0].arrival < self.until_s:
                sequence = to_come.pop(0)
                sequence.entered = sequence.arrival
                self.go_on(sequence.arrival)
                self.send(sequence, sequence.arrival)
            self.go_on(self.until_s)
            start = self.until_s
        return sequences

    def go_on(self, time: float) -> None:
        """Everything before a time, in its order."""
        while (replica := min(self.replicas, key=Replica.boundary)).boundary() < time:
            now = replica.boundary()
            end_iteration(replica)
            begin_iteration(self.engine, replica, now)

    def send(self, sequence: Sequence, time: float) -> None:
        """To a replica, or to those that are held until a node takes any."""
        count, first = self.engine.replicas, min(self.ready_s)
        if first == math.inf:
            self.held.append(sequence)
            return
        nodes = [n for n, ready in enumerate(self.ready_s) if ready <= max(time, first)]
        places = [n * count + i for i in range(count) for n in nodes]
        if self.dispatch == Dispatch.ROUND_ROBIN:
            chosen = places[self.sent % len(places)]
        elif self.dispatch == Dispatch.RANDOM:
            fraction = (random_bits(self.seed, self.sent) >> 11) / 2**53
            chosen = places[int(fraction * len(places))]
        else:
            chosen = min(places, key=lambda r: (self.unfinished(self.replicas[r]), r))
        self.sent += 1
        replica = self.replicas[chosen]
        sequence.node = chosen // count
        replica.waiting.append(sequence)
        if replica.now is None and replica.begins == math.inf:
            replica.begins = max(time, self.ready_s[sequence.node])

    @staticmethod
    def unfinished(replica: Replica) -> int:
        return len(replica.running) + len(replica.waiting)

    def iterations(self) -> list[tuple[Iteration, float]]:
        """Those begun, with the seconds of each before `until_s`."""
        begun = [i for r in self.replicas for i in (*r.log, *([r.now] if r.now else ()))]
        return [(i, min(i.end, self.until_s) - i.start) for i in begun if i.start < self.until_s]

    def prefill_s(self) -> float:
        return sum(s * i.prefill / (i.end - i.start) for i, s in self.iterations() if s > 0)

    def busy_s(self) -> float:
        return sum(s for _, s in self.iterations())

    def batch_s(self) -> list[float]:
        found = [0.0] * (self.engine.most_sequences + 1)
        for iteration, seconds in self.iterations():
            found[iteration.running()] += seconds
        return found

    def draining_s(self) -> list[float]:
        """Of each replica, in windows in which its node takes no requests."""
        found, start = [0.0] * len(self.replicas), 0.0
        for until_s, ready_s in self.windows:
            for r, replica in enumerate(self.replicas):
                if ready_s[r // self.engine.replicas] == math.inf:
                    begun = [*replica.log, *([replica.now] if replica.now else ())]
                    inside = (min(i.end, until_s) - max(i.start, start) for i in begun)
                    found[r] += sum(max(seconds, 0.0) for seconds in inside)
            start = until_s
        return found

    def queue_s(self) -> float:
        waits = sum(left - entered for r in self.replicas for entered, left in r.queued)
        left = [s for r in self.replicas for s in r.waiting] + self.held
        return waits + sum(self.until_s - s.entered for s in left)
