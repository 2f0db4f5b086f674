"""Policies as text."""

import pytest

from slit.errors import SlitError
from slit.operate.policy import Ordered, Picked, Policy, Weighted, read_policy

NAMES = ("carbon", "water", "cost", "quality")


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("balance", Weighted(dict.fromkeys(NAMES, 1.0))),
        (
            "balance:carbon=2, cost=0",
            Weighted({"carbon": 2.0, "water": 1.0, "cost": 0.0, "quality": 1.0}),
        ),
        (
            "prices:carbon=0.2,cost=1",
            Weighted({"carbon": 0.2, "water": 0.0, "cost": 1.0, "quality": 0.0}, priced=True),
        ),
        ("pick:knee", Picked("knee")),
        ("pick:water", Picked("water")),
        ("order:quality,carbon", Ordered(("quality", "carbon"))),
        ("order:quality,carbon@2.5%", Ordered(("quality", "carbon"), 0.025)),
    ],
)
def test_what_can_be_stated(text: str, policy: Policy) -> None:
    assert read_policy(text, NAMES) == policy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("balanced", "did you mean 'balance'?"),
        ("balance:carbn=2", "did you mean 'carbon'?"),
        ("balance:carbon=-1", "'carbon=-1', expected OBJECTIVE=NUMBER (0 or more)"),
        ("balance:carbon", "'carbon', expected OBJECTIVE=NUMBER"),
        ("prices:carbon=inf", "'carbon=inf', expected OBJECTIVE=NUMBER"),
        ("prices:carbon=0", "all 0, expected a weight that is not"),
        ("prices", "expected one of"),
        ("pick:best", "'best', expected one of balance, knee, carbon, water, cost, quality"),
        ("order:quality@1", "tolerance '1', expected a percentage such as 1%"),
        ("order:", "'', expected one of carbon"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(SlitError) as caught:
        read_policy(text, NAMES)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
