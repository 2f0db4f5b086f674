"""Contract suites: what every plug-in of a kind has to do. Subclass one in your own tests."""

from slit.testing.forecasters import ForecasterContract
from slit.testing.objectives import ObjectiveContract
from slit.testing.optimizers import OptimizerContract
from slit.testing.traces import TraceContract

__all__ = ["ForecasterContract", "ObjectiveContract", "OptimizerContract", "TraceContract"]
