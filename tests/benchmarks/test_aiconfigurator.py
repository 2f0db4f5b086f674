"""AIConfigurator beside the methods of slit: what needs no tables of it."""

from dataclasses import replace

import numpy as np

from benchmarks.drivers.aiconfigurator import fitted, token_seconds
from slit.predictor.gpus import find_gpu
from tests.predictor.made import made_configs


def test_coefficients_that_made_the_times_are_found() -> None:
    terms = np.random.default_rng(3).uniform(1.0, 2.0, (20, 3))
    np.testing.assert_allclose(fitted(terms, terms @ [1.5, 0.0, 0.25]), [1.5, 0.0, 0.25], atol=1e-9)


def test_what_is_not_covered_has_no_time() -> None:
    """It holds nothing of a V100."""
    config = replace(made_configs()[0], gpu=find_gpu("V100"))
    assert np.isnan(token_seconds([config])).all()
