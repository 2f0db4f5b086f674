"""How far `slit predict` is from measured times of prompts and tokens, and its coefficients again.

Usage: python -m benchmarks.drivers.prompt_times

Needs the shared data. Splitwise: what the roofline's form can do where a table has the pair (leave
one configuration out), the coefficients of prompts fitted to it, and their errors on groups (model,
GPU, number of GPUs) that were left out; Argonne and SageServe: errors of the same coefficients.
"""

import numpy as np

from benchmarks.measuring.prompt_times import (
    PromptTimes,
    read_argonne,
    read_sageserve,
    read_splitwise,
)
from operators.types import Bools, Floats
from slit.predictor.calibration import least_relative, prompt_terms
from slit.predictor.columns import Columns, as_columns
from slit.predictor.models import Method, shipped_model
from slit.predictor.prediction import predict
from slit.predictor.roofline import Work, decode_kernels, kernels

ONCE = 128
"""Tokens written where each prompt of Splitwise counts once; other rows repeat prompts."""


def batch_work(columns: Columns) -> Work:
    """A whole batch of prompts read at once."""
    return Work(
        tokens=columns.prompt * columns.batch,
        sequences=columns.batch,
        context=columns.prompt / 2,
        cached=columns.prompt,
        written=columns.batch,
    )


def terms_of(times: PromptTimes) -> tuple[Floats, Floats]:
    """(N, 4) each: what times of prompts and of tokens are made of."""
    columns = as_columns(times.configs)
    reading = prompt_terms(columns, kernels(columns, batch_work(columns)))
    return reading, prompt_terms(columns, decode_kernels(columns))


def left_out(terms: Floats, truth: Floats, groups: Bools, fold: Bools) -> Floats:
    """(N,) predictions, each by coefficients fitted to the rows of `groups[n]` out of `fold[n]`.

    groups, fold: (N, N) rows that go with row n.
    """
    found = np.full(len(truth), np.nan)
    for n in range(len(truth)):
        known = groups[n] & ~fold[n]
        found[n] = terms[n] @ least_relative(terms[known], truth[known])
    return found


def main() -> None:
    """Print errors (per cent) and coefficients."""
    every = read_splitwise()
    reading, writing = terms_of(every)
    # Two rows of a batch of 64 are faster than their least time: the batch did not fit at once.
    whole = every.prompt_s >= reading[:, :3].sum(axis=1)
    once = np.array([config.output == ONCE for config in every.configs]) & whole
    print(
        f"Splitwise: {whole.sum()} configurations, {(~whole).sum()} below the least time left out"
    )
    batch = np.array([config.batch for config in every.configs])[:, None]
    single = np.concatenate([reading[:, :3], np.ones_like(batch), batch], axis=1)
    least = writing[:, :3].sum(axis=1, keepdims=True)
    token = np.concatenate([least, np.ones_like(batch), batch, batch**2], axis=1)
    _one_left_out("prompt", every, single, every.prompt_s, whole)
    _one_left_out("prompt, each once", every, single, every.prompt_s, once)
    _one_left_out("token", every, token, every.token_s, whole)
    coefficients = least_relative(reading[once], every.prompt_s[once])
    print(f"  coefficients of prompts: {', '.join(f'{value:.4g}' for value in coefficients)}")
    same = np.array(every.groups)[once][:, None] == np.array(every.groups)[once]
    found = left_out(reading[once], every.prompt_s[once], np.ones_like(same), same)
    print(f"  a group left out, prompt: MAPE {_shown(found, every.prompt_s[once])}")
    for name, times in (("Argonne", read_argonne()), ("SageServe", read_sageserve())):
        found = terms_of(times)[0] @ coefficients
        ratio = np.median(found / times.prompt_s)
        print(f"{name}: {len(times)} prompts, MAPE {_shown(found, times.prompt_s)}, predicted over "
              f"measured {ratio:.2f}")  # fmt: skip
    tokens = predict(shipped_model(Method.ROOFLINE), every.configs).decode_s_per_token.value[whole]
    truth = every.token_s[whole]
    print(f"Splitwise, shipped roofline, token: MAPE {_shown(tokens, truth)}, predicted over "
          f"measured {np.median(tokens / truth):.2f}")  # fmt: skip


def _one_left_out(what: str, times: PromptTimes, terms: Floats, truth: Floats, kept: Bools) -> None:
    """Errors where each configuration is predicted from the others of its group."""
    names = np.array(times.groups)[kept]
    found = left_out(
        terms[kept], truth[kept], names[:, None] == names, np.eye(len(names), dtype=np.bool_)
    )
    by_group = ", ".join(
        _shown(found[names == name], truth[kept][names == name]) for name in np.unique(names)
    )
    median = 100 * np.median(np.abs(found / truth[kept] - 1.0))
    whole = _shown(found, truth[kept])
    print(f"  a configuration left out, {what}: MAPE {whole}, median {median:.1f}; {by_group}")


def _shown(found: Floats, truth: Floats) -> str:
    return f"{100 * np.abs(found / truth - 1.0).mean():.1f}"


if __name__ == "__main__":
    main()
