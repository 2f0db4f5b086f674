"""Runs the jobs of a plan that are not done, in this process or in several."""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.job import Job
from benchmarks.machine import machine
from benchmarks.registry import find_phase
from benchmarks.store import Store, SuitePlan, missing
from slit.errors import SlitError

Tell = Callable[[str], None]

_warmed: set[tuple[str, ...]] = set()


@dataclass(frozen=True, slots=True)
class Tally:
    """How a run went."""

    jobs: int
    before: int  # done before it began
    done: int
    failed: int
    seconds: float


def execute(plan: SuitePlan, store: Store, *, workers: int, tell: Tell, only: str = "") -> Tally:
    """Do what is missing, jobs that others need first; a job that fails does not stop the others.

    `only`: just the jobs whose label holds this text, and what they need. Results do not depend on
    the number of workers, except for times and searches under a budget of time. SlitError if
    there is no such job.
    """
    began = time.perf_counter()
    wanted = _wanted(plan.jobs, only)
    store.write_plan(plan)
    left = missing(store, wanted)
    before = len(wanted) - len(left)
    if before:
        tell(f"{before} of {len(wanted)} jobs are done already")
    done = failed = 0
    with ExitStack() as stack:
        runner = _Runner(stack, workers)
        for wave in _waves(left, store):
            for job, error in runner.run(wave, store):
                done, failed = done + (not error), failed + bool(error)
                spent = time.perf_counter() - began
                rest = spent / (done + failed) * (len(left) - done - failed)
                outcome = f"FAILED: {error}" if error else "done"
                tell(
                    f"[{before + done + failed}/{len(wanted)}, {_time(rest)} left] "
                    f"{job.label}: {outcome}"
                )
    failed = len(left) - done  # jobs whose needs failed among them
    return Tally(len(wanted), before, done, failed, time.perf_counter() - began)


def perform(folder: str, content: str) -> str:
    """Do one job and keep its result. Returns the last line of what went wrong, or nothing."""
    from threadpoolctl import threadpool_limits

    job, store = Job.from_json(content), Store(Path(folder))
    try:
        with threadpool_limits(limits=1):
            _warm(job)
            outcome = find_phase(job.phase).perform(job, store)
        store.write(job, outcome, machine())
    except Exception:  # noqa: BLE001 - kept beside the results; the suite goes on
        trace = traceback.format_exc()
        store.fail(job, trace)
        return trace.strip().splitlines()[-1]
    return ""


class _Runner:
    """One process or several; phases that measure memory get a new process for each job."""

    def __init__(self, stack: ExitStack, workers: int) -> None:
        self._stack, self._workers = stack, workers
        self._pools: dict[bool, Executor] = {}

    def run(self, jobs: Sequence[Job], store: Store) -> Iterator[tuple[Job, str]]:
        """Do the jobs; each with what went wrong, as they end."""
        futures: dict[Future[str], Job] = {}
        if self._workers > 1:
            for job in _kinds(jobs):  # numba's cache is written by one process (house rule)
                _warm(job)
        for job in jobs:
            alone = find_phase(job.phase).alone
            if self._workers == 1 and not alone:
                yield job, perform(str(store.folder), job.to_json())
                continue
            pool = self._pool(alone)
            futures[pool.submit(perform, str(store.folder), job.to_json())] = job
        for future in as_completed(futures):
            try:
                error = future.result()
            except BrokenProcessPool:
                error = "a worker died (out of memory?), or its neighbor did"
                self._pools.clear()  # the same command tries again
            yield futures[future], error

    def _pool(self, alone: bool) -> Executor:
        if alone not in self._pools:
            pool = ProcessPoolExecutor(
                self._workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_follow,
                initargs=(os.getpid(),),
                max_tasks_per_child=1 if alone else None,
            )
            self._stack.callback(pool.shutdown, wait=True, cancel_futures=True)
            self._pools[alone] = pool
        return self._pools[alone]


def _follow(parent: int) -> None:
    """End this worker at Ctrl-C, and when the process that started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _kinds(jobs: Iterable[Job]) -> list[Job]:
    """One job of each kind that is warmed up on its own."""
    return list({_kind(job): job for job in jobs}.values())


def _kind(job: Job) -> tuple[str, ...]:
    return job.phase, str(job.options.get("method")), str(job.options.get("objectives"))


def _warm(job: Job) -> None:
    """Compile and import what a job needs, once a process: no measurement holds it."""
    warm = find_phase(job.phase).warm
    if warm is not None and _kind(job) not in _warmed:
        warm(job)
        _warmed.add(_kind(job))


def _waves(jobs: Sequence[Job], store: Store) -> Iterator[list[Job]]:
    """The jobs in an order in which what they need is done before them."""
    left = list(jobs)
    while left:
        ready = [job for job in left if all(store.has(key) for key in job.needs)]
        if not ready:
            return
        yield ready
        keys = {job.key for job in ready}
        left = [job for job in left if job.key not in keys]


def _wanted(jobs: Sequence[Job], only: str) -> list[Job]:
    chosen = [job for job in jobs if only in job.label]
    if jobs and not chosen:
        raise SlitError(f"--only: {only!r}, expected part of a job's name, like {jobs[0].label!r}")
    needed = {key for job in chosen for key in job.needs}
    keys = {job.key for job in chosen} | needed
    return [job for job in jobs if job.key in keys]


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
