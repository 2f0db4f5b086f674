"""Jobs are addressed by their content."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.code import _stripped, code_digest
from benchmarks.job import Job, budget_label
from benchmarks.store import JobOutcome, Store, SuitePlan, missing
from slit.errors import SlitError

JOB = Job("optimize", "tiny", "c0de", {"a": 1}, {"method": "slit", "budget": {"moves": 5}}, 3)


def test_equal_content_has_one_key() -> None:
    again = Job(
        phase="optimize",
        case="tiny",
        code="c0de",
        case_options={"a": 1},
        options={"budget": {"moves": 5}, "method": "slit"},
        seed=3,
    )
    assert again.key == JOB.key
    assert Job.from_json(JOB.to_json()) == JOB


@pytest.mark.parametrize(
    "other",
    [
        Job("bound", "tiny", "c0de", {"a": 1}, JOB.options, 3),
        Job("optimize", "tiny", "c0de", {"a": 2}, JOB.options, 3),
        Job("optimize", "tiny", "other", {"a": 1}, JOB.options, 3),
        Job("optimize", "tiny", "c0de", {"a": 1}, {"method": "slit"}, 3),
        Job("optimize", "tiny", "c0de", {"a": 1}, JOB.options, 4),
        Job("optimize", "tiny", "c0de", {"a": 1}, JOB.options, 3, needs=("x",)),
    ],
)
def test_other_content_has_another_key(other: Job) -> None:
    assert other.key != JOB.key


def test_labels_are_for_people() -> None:
    assert JOB.label == "tiny a=1, optimize, slit, 5 moves, seed 3"
    assert budget_label({"seconds": 15.0}) == "15 CPU s"
    assert budget_label({"evaluations": 20_000}) == "20,000 evaluations"
    assert budget_label(None) == ""


def test_the_digest_of_the_code_ignores_what_changes_no_result() -> None:
    assert _stripped("def f(x):\n    '''Words.'''\n    return x + 1") == _stripped(
        "def f(x):  # more\n    return (x\n      + 1)"
    )
    assert _stripped("def f(x):\n    return x + 1") != _stripped("def f(x):\n    return x + 2")
    assert len(code_digest()) == 12


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    store = Store(tmp_path)
    outcome = JobOutcome({"volume": 0.1, "curve": [1, 2]}, {"F": np.eye(3)}, {"seconds": 1.5})
    assert missing(store, [JOB, JOB]) == [JOB]
    store.write(JOB, outcome, {"cores": "2"})
    assert missing(store, [JOB]) == []
    found = store.read(JOB.key)
    assert found.job == JOB
    assert (found.outcome.values, found.outcome.timing) == (outcome.values, outcome.timing)
    np.testing.assert_array_equal(found.outcome.arrays["F"], np.eye(3))
    assert found.machine == {"cores": "2"}


@pytest.mark.parametrize("content", ["", "{}", '{"format": 1', '{"job": 3, "arrays": []}'])
def test_a_damaged_result_is_named(tmp_path: Path, content: str) -> None:
    store = Store(tmp_path)
    store.write(JOB, JobOutcome({}), {})
    (tmp_path / "jobs" / f"{JOB.key}.json").write_text(content)
    with pytest.raises(SlitError, match=f"{JOB.key}.json: .*expected the result of a job"):
        store.read(JOB.key)


def test_a_failure_is_kept_until_the_job_is_done(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.fail(JOB, "Traceback\nValueError: no")
    assert store.failures() == [f"{JOB.label}: ValueError: no"]
    assert not store.has(JOB.key)
    store.write(JOB, JobOutcome({}), {})
    assert store.failures() == []


def test_a_plan_comes_back_and_other_folders_are_refused(tmp_path: Path) -> None:
    plan = SuitePlan("smoke", 3, (JOB,), ("a note",))
    Store(tmp_path / "run").write_plan(plan)
    assert Store(tmp_path / "run").read_plan() == plan
    with pytest.raises(SlitError, match="expected a folder that slit benchmark run wrote"):
        Store(tmp_path).read_plan()
    (tmp_path / "run" / "suite.json").write_text(json.dumps([1]))
    with pytest.raises(SlitError, match="expected a folder that slit benchmark run wrote"):
        Store(tmp_path / "run").read_plan()
