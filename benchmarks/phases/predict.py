"""`predict`: errors of a method of `slit predict` on rows that it was not trained with.

Options: method, split, without (a part of the method that is left out).
"""

import math
import time
from dataclasses import asdict

from benchmarks.job import Job
from benchmarks.measuring.predictors import forecast_without
from benchmarks.registry import BenchmarkPhase, find_case
from benchmarks.store import JobOutcome, Store
from slit.predictor.evaluation import NAMES, Split, evaluate, forecast_by
from slit.predictor.models import Method


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Leave out each fold in turn."""
    measurements = find_case(job.case).build(**job.case_options)
    method, seed = Method(job.options["method"]), job.seed or 0
    if part := job.options.get("without"):
        forecast = forecast_without(part, measurements, method=method, seed=seed)
    else:
        forecast = forecast_by(measurements, method=method, seed=seed)
    began = time.process_time()
    found = evaluate(measurements, forecast, split=Split(job.options["split"]), seed=seed)
    spent = time.process_time() - began
    values = {
        NAMES[target]: {
            name: None if math.isnan(value) else value for name, value in asdict(errors).items()
        }
        for target, errors in found.items()
    }
    return JobOutcome(values, {}, {"seconds": spent})


PREDICT = BenchmarkPhase("predict", perform)
