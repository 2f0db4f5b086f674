"""What hypothesis draws: objectives with many ties, chromosomes with their allowed values."""

import zlib
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from operators.types import Floats, Genes, Ints

SEEDS = st.integers(0, 2**32 - 1)


class Case(NamedTuple):
    """A population and what its genes may be."""

    population: Genes
    gene_row: Ints
    options: Genes
    option_count: Ints

    @property
    def allowed(self) -> dict[str, Any]:
        """The three arrays by their names."""
        return {
            "gene_row": self.gene_row,
            "options": self.options,
            "option_count": self.option_count,
        }

    def is_allowed(self, population: Genes) -> bool:
        """Whether every gene of another population has one of its options."""
        sets = [
            set(row[:count].tolist())
            for row, count in zip(self.options, self.option_count, strict=True)
        ]
        return all(
            value in sets[row]
            for chromosome in population.tolist()
            for value, row in zip(chromosome, self.gene_row, strict=True)
        )


def tables(rows: int, values: int, rng: np.random.Generator) -> tuple[Genes, Ints]:
    """Random options (rows, A), one value or more a row, and their count."""
    lists = [
        rng.choice(values, size=int(rng.integers(1, values + 1)), replace=False)
        for _ in range(rows)
    ]
    options = np.full((rows, max(map(len, lists))), -1, np.int16)
    for row, entries in enumerate(lists):
        options[row, : len(entries)] = entries
    return options, np.array([len(entries) for entries in lists], np.int32)


def random_case(
    rng: np.random.Generator, *, size: int, genes: int, rows: int = 3, values: int = 6
) -> Case:
    """A random population (size, genes) of allowed values."""
    options, count = tables(rows, values, rng)
    gene_row = rng.integers(0, rows, genes).astype(np.int32)
    column = (rng.random((size, genes)) * count[gene_row]).astype(np.int64)
    return Case(options[gene_row, column], gene_row, options, count)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Populations of 1 to 6 chromosomes of 1 to 70 genes."""
    return random_case(
        np.random.default_rng(draw(SEEDS)),
        size=draw(st.integers(1, 6)),
        genes=draw(st.integers(1, 70)),
        rows=draw(st.integers(1, 4)),
        values=draw(st.integers(1, 8)),
    )


@st.composite
def points(draw: st.DrawFn, *, smallest: int = 1, largest: int = 40, objectives: int = 6) -> Floats:
    """Objectives (N, M): small integers, so that many are equal, or any finite numbers."""
    shape = (draw(st.integers(smallest, largest)), draw(st.integers(1, objectives)))
    few = st.integers(0, 4).map(float)
    any_number = st.floats(-1e9, 1e9, allow_nan=False)
    values: Floats = draw(
        arrays(np.float64, shape, elements=draw(st.sampled_from([few, any_number])))
    )
    return values


def offsets(genes: int, rng: np.random.Generator) -> Ints:
    """Offsets of contiguous blocks over so many genes; blocks may be empty."""
    inner = np.sort(rng.integers(0, genes + 1, int(rng.integers(0, 6))))
    return np.concatenate([[0], inner, [genes]]).astype(np.int32)


def checksum(*results: np.ndarray[Any, Any]) -> int:
    """A number that differs if a bit of the arrays does."""
    total = 0
    for array in results:
        total = zlib.crc32(np.ascontiguousarray(array).tobytes(), total)
    return total
