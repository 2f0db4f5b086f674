"""Sobol's sequence against scipy's."""

import numpy as np
import pytest
from scipy.stats.qmc import Sobol

from operators.sobol import sobol


@pytest.mark.parametrize("dimensions", range(1, 8))
@pytest.mark.parametrize("power", [0, 1, 5, 13])
def test_points_are_those_of_scipy_to_the_bit(dimensions: int, power: int) -> None:
    expected = Sobol(dimensions, scramble=False).random_base2(power)
    np.testing.assert_array_equal(sobol(dimensions, power), expected)
