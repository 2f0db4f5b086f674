import numpy as np
import pytest

from operators.allowed import allowed_table, check_allowed, is_allowed, read_allowed

OPTIONS = [[2, 0, -1], [1, -1, -1], [0, 1, 2]]
COUNT = [2, 1, 3]


def test_the_table_by_hand() -> None:
    table = allowed_table(OPTIONS, COUNT, values=4)
    assert table.tolist() == [
        [True, False, True, False],
        [False, True, False, False],
        [True, True, True, False],
    ]


def test_genes_are_looked_up_by_their_row() -> None:
    population = [[0, 1, 2], [1, 1, 7]]
    found = is_allowed(population, gene_row=[0, 1, 2], options=OPTIONS, option_count=COUNT)
    assert found.tolist() == [[True, True, True], [False, True, False]]
    with pytest.raises(ValueError, match="plans: value 1 at row 1, gene 0, expected one of"):
        check_allowed(
            population, gene_row=[0, 1, 2], options=OPTIONS, option_count=COUNT, name="plans"
        )


def test_what_is_checked_cannot_be_written() -> None:
    gene_row = np.array([0, 1], np.int32)
    allowed = read_allowed(gene_row, OPTIONS, COUNT, genes=2)
    assert np.shares_memory(allowed.gene_row, gene_row)
    assert gene_row.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        allowed.gene_row[0] = 1


@pytest.mark.parametrize(
    ("gene_row", "options", "count", "message"),
    [
        ([0], OPTIONS, [2, 0, 3], "options: row 1, expected one value or more"),
        ([0], OPTIONS, [2, 2, 3], "options: row 1, expected one value or more"),
        ([0], OPTIONS, [2, 1, 4], "option_count: 1 to 4, expected 0 to 3"),
        ([0], OPTIONS, [2, 1], "option_count: 2, expected 3 .one a row of options."),
        ([3], OPTIONS, COUNT, "gene_row: 3 to 3, expected 0 to 2"),
        ([0, 0], OPTIONS, COUNT, "gene_row: 2, expected 1 .one a gene."),
        ([0.5], OPTIONS, COUNT, "gene_row: float64, expected integers"),
        ([0], [[40000]], [1], "options: 40000 to 40000, expected -1 to 32767"),
    ],
)
def test_what_is_wrong_is_said(
    gene_row: list[int], options: list[list[int]], count: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_allowed(gene_row, options, count, genes=1)


def test_an_option_beyond_the_values_is_refused() -> None:
    with pytest.raises(ValueError, match="options: 2, expected below 2"):
        allowed_table(OPTIONS, COUNT, values=2)
