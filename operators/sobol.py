"""Evenly spread points of the unit cube: Sobol's sequence, always the same.

scipy has it too, but loading scipy.stats takes longer than most certificates: up to five dimensions
(those of an exact volume) the points are made here, the same to the bit, beyond them there.
"""

from typing import NamedTuple

import numpy as np

from operators.types import Floats


class _Axis(NamedTuple):
    """The primitive polynomial of a dimension, without its outer coefficients, and the first
    direction numbers."""

    degree: int
    polynomial: int
    numbers: tuple[int, ...]


# Dimensions two to five (Joe and Kuo 2008); the first has no polynomial.
AXES = (_Axis(1, 0, (1,)), _Axis(2, 1, (1, 3)), _Axis(3, 1, (1, 3, 1)), _Axis(3, 2, (1, 1, 1)))


def sobol(dimensions: int, power: int) -> Floats:
    """The first 2**power points (2**power, dimensions), in [0, 1)."""
    if dimensions > len(AXES) + 1:
        from scipy.stats.qmc import Sobol

        return np.asarray(Sobol(dimensions, scramble=False).random_base2(power))
    columns = [[1] * power, *(_direction_numbers(axis, power) for axis in AXES[: dimensions - 1])]
    index = np.arange(1 << power)
    gray = index ^ (index >> 1)
    points = np.zeros((1 << power, dimensions), dtype=np.int64)
    for bit in range(power):
        directions = np.array([numbers[bit] for numbers in columns]) << (power - 1 - bit)
        points ^= (gray >> bit & 1)[:, None] * directions
    return points / float(1 << power)


def _direction_numbers(axis: _Axis, count: int) -> list[int]:
    """As many direction numbers of a dimension, by the recurrence of its polynomial."""
    numbers = list(axis.numbers[:count])
    for k in range(len(numbers), count):
        value = numbers[k - axis.degree] ^ (numbers[k - axis.degree] << axis.degree)
        for step in range(1, axis.degree):
            if axis.polynomial >> (axis.degree - 1 - step) & 1:
                value ^= numbers[k - step] << step
        numbers.append(value)
    return numbers
