"""What a notebook calls: load a scenario, optimize it, evaluate plans."""

from slit.api.accounting import accounts
from slit.api.bounds import bound, certify
from slit.api.calls import evaluate, optimize
from slit.api.checks import check
from slit.api.plans import equal_quality, recommend, saving, show
from slit.api.replaying import replay_plan
from slit.api.resuming import resume
from slit.api.tradeoffs import tradeoff
from slit.problem import compile_problem
from slit.scenario.load import load_scenario

__all__ = [
    "accounts",
    "bound",
    "certify",
    "check",
    "compile_problem",
    "equal_quality",
    "evaluate",
    "load_scenario",
    "optimize",
    "recommend",
    "replay_plan",
    "resume",
    "saving",
    "show",
    "tradeoff",
]
