"""A name that nobody knows: the message ends with the nearest one."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.errors import SlitError
from slit.front import Front
from slit.optimizers.registry import default_settings


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("optimize tiny --objectives carbn,cost", "carbon"),
        ("optimize tiny --optimizer nsga", "nsga2"),
        ("optimize tiny --optimizer lexicographic --order Cost", "cost"),
        ("objectives new mine --kind liner", "linear"),
        ("optimise tiny", "optimize"),
        ("optimize tiny --evaluation 3", "--evaluations"),
    ],
)
def test_of_objectives_optimizers_commands_and_options(words: str, near: str) -> None:
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 2
    proposed = re.split("id you mean|Possible options", done.stderr)[1:]
    assert near in "".join(proposed), done.stderr


def test_of_settings() -> None:
    with pytest.raises(SlitError, match=r"\(did you mean 'population'\?\)$"):
        default_settings("nsga2", populaton=20)


def test_of_picks() -> None:
    front = Front(
        X=np.zeros((2, 1), np.int16),
        F=np.array([[1.0], [2.0]]),
        G=np.zeros(2),
        names=("carbon",),
        units=("kg",),
        methods=("slit", "nearest"),
    )
    with pytest.raises(SlitError, match=r"\(did you mean 'slit-carbon'\?\)$"):
        front.row_of("slit-carbn", prefix="slit")
