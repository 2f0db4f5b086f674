"""The contract suite on every optimizer of the registry."""

from dataclasses import replace

import numpy as np
import pytest

from slit.optimizers.protocol import Optimizer, Setup
from slit.optimizers.registry import available, default_settings, make_optimizer
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.testing import OptimizerContract
from tests.builders import random_scenario

NAMES = [entry.name for entry in available() if entry.name != "exact"]  # for small scenarios


@pytest.mark.parametrize("name", NAMES, scope="class")
class TestEveryOptimizer(OptimizerContract):
    @pytest.fixture(autouse=True)
    def _named(self, name: str) -> None:
        self.name = name

    def make(self, setup: Setup) -> Optimizer:
        settings = default_settings(self.name)
        if hasattr(settings, "population"):
            settings = replace(settings, population=20)
        return make_optimizer(self.name, setup.task, rng=setup.rng, settings=settings)

    def scenarios(self) -> list[Scenario]:
        roomy = random_scenario(
            np.random.default_rng(8), genes=40, spare_nodes=12, nodes_per_group=3.0
        )
        return [load_scenario("tiny"), roomy]
