"""What the messages of mistakes say."""

import pytest

from slit.errors import did_you_mean


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("carbn", " (did you mean 'carbon'?)"),
        ("WATER", " (did you mean 'water'?)"),
        ("latency", ""),
        ("", ""),
    ],
)
def test_near_names_are_suggested(found: str, said: str) -> None:
    assert did_you_mean(found, ["carbon", "water", "cost"]) == said
