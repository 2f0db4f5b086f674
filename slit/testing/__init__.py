"""Contract suites: what every plug-in of a kind has to do. Subclass one in your own tests."""

from slit.testing.objectives import ObjectiveContract
from slit.testing.optimizers import OptimizerContract

__all__ = ["ObjectiveContract", "OptimizerContract"]
