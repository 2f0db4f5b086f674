"""Short stretches of random scenarios: epochs of six hours, so that days are cheap."""

import numpy as np

from slit.operate.due import Settings
from slit.operate.history import Stretch
from slit.operate.panel import panel_of
from slit.operate.policy import read_policy
from tests.builders import random_scenario

NAMES = ("carbon", "water", "cost", "quality")
DAY = 4
"""Epochs of a day."""


def stretch(seed: int, *, days: int = 2, history: int = 9, **more: object) -> Stretch:
    """So many days after a history of days."""
    epochs = (history + days) * DAY
    plain = {"negative_prices": False, "empty_groups": False}
    scenario = random_scenario(
        np.random.default_rng(seed),
        epochs=epochs,
        epoch_seconds=86_400.0 / DAY,
        genes=epochs * 12,
        **(plain | more),  # type: ignore[arg-type]
    )
    return Stretch(scenario, panel_of(scenario), history * DAY, epochs, 12)


def settings(policy: str = "balance", **more: object) -> Settings:
    """Of a horizon of a day."""
    given = {"horizon": DAY, "genes": 12} | more
    return Settings(read_policy(policy, NAMES), NAMES, **given)  # type: ignore[arg-type]
