"""Results in a folder: one file a job, complete or absent, whenever a process dies."""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.job import Job
from slit.errors import SlitError
from slit.files import write_file

PLAN = "suite.json"
FORMAT = 1

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class JobOutcome:
    """What a phase found. `values` and `arrays` follow from the job alone (unless its budget is
    time); `timing` and what is in it depend on the machine and the moment."""

    values: dict[str, Any]
    arrays: Arrays = field(default_factory=dict)
    timing: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class JobResult:
    """A job that is done: its outcome and the machine."""

    job: Job
    outcome: JobOutcome
    machine: dict[str, str]


@dataclass(frozen=True, slots=True)
class SuitePlan:
    """What a suite is made of in this place: its jobs, and what was left out and why."""

    suite: str
    seeds: int
    jobs: tuple[Job, ...]
    notes: tuple[str, ...] = ()


class Store:
    """The folder of a suite: `suite.json` and `jobs/KEY.json` with `jobs/KEY.npz`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._jobs = folder / "jobs"

    def has(self, key: str) -> bool:
        """Whether the job of this key is done."""
        return self._file(key).is_file()

    def write(self, job: Job, outcome: JobOutcome, machine: dict[str, str]) -> None:
        """Keep a result; the arrays come first, so that a result that is there is whole."""
        self._jobs.mkdir(parents=True, exist_ok=True)
        if outcome.arrays:
            packed = io.BytesIO()
            np.savez_compressed(packed, allow_pickle=False, **outcome.arrays)
            write_file(self._file(job.key).with_suffix(".npz"), packed.getvalue())
        content = {
            "format": FORMAT,
            "job": json.loads(job.to_json()),
            "values": outcome.values,
            "timing": outcome.timing,
            "arrays": sorted(outcome.arrays),
            "machine": machine,
        }
        write_file(self._file(job.key), f"{json.dumps(content, indent=1)}\n".encode())
        self._failure(job.key).unlink(missing_ok=True)

    def read(self, key: str) -> JobResult:
        """The result of a job. Raises SlitError if it is missing or damaged."""
        file = self._file(key)
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            arrays: Arrays = {}
            if content["arrays"]:
                with np.load(file.with_suffix(".npz"), allow_pickle=False) as packed:
                    arrays = {name: packed[name] for name in content["arrays"]}
            job = Job.from_json(json.dumps(content["job"]))
            outcome = JobOutcome(content["values"], arrays, content["timing"])
            return JobResult(job, outcome, content["machine"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SlitError(f"{file}: {error}, expected the result of a job") from error

    def fail(self, job: Job, trace: str) -> None:
        """Keep why a job failed; it is tried again the next time."""
        self._jobs.mkdir(parents=True, exist_ok=True)
        write_file(self._failure(job.key), f"{job.label}\n{trace}".encode())

    def failures(self) -> list[str]:
        """The label and last line of each job that failed."""
        texts = [file.read_text(encoding="utf-8") for file in sorted(self._jobs.glob("*.failed"))]
        return [f"{(lines := text.strip().splitlines())[0]}: {lines[-1]}" for text in texts]

    def results(self, jobs: Iterable[Job]) -> Iterator[JobResult]:
        """Those of the jobs that are done, in their order."""
        return (self.read(job.key) for job in jobs if self.has(job.key))

    def write_plan(self, plan: SuitePlan) -> None:
        """Keep what a suite is made of."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {
            "format": FORMAT,
            "suite": plan.suite,
            "seeds": plan.seeds,
            "notes": plan.notes,
            "jobs": [json.loads(job.to_json()) for job in plan.jobs],
        }
        write_file(self.folder / PLAN, f"{json.dumps(content, indent=1)}\n".encode())

    def read_plan(self) -> SuitePlan:
        """The plan kept here. Raises SlitError if this is no folder of a suite."""
        file = self.folder / PLAN
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            jobs = tuple(Job.from_json(json.dumps(job)) for job in content["jobs"])
            return SuitePlan(content["suite"], content["seeds"], jobs, tuple(content["notes"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise SlitError(
                f"{file}: {reason}, expected a folder that slit benchmark run wrote"
            ) from error

    def _file(self, key: str) -> Path:
        return self._jobs / f"{key}.json"

    def _failure(self, key: str) -> Path:
        return self._jobs / f"{key}.failed"


def missing(store: Store, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that are not done, each once."""
    return list({job.key: job for job in jobs if not store.has(job.key)}.values())
