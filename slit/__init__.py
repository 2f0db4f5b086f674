"""slit: where, when and with which model variant to serve language model requests.

    import slit

    result = slit.optimize("world-day", evaluations=5000, seed=1)
    result.front.to_frame()

Everything is imported when it is first used: `import slit` itself does no work.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slit.api import (
        accounts,
        bound,
        certify,
        check,
        compile_problem,
        equal_quality,
        evaluate,
        load_scenario,
        optimize,
        recommend,
        replay_plan,
        resume,
        saving,
        show,
        tradeoff,
    )
    from slit.errors import InfeasibleError, SlitError
    from slit.front import Front
    from slit.record import read_run, reevaluate
    from slit.report import write_report
    from slit.report.notebook import brush, draw, plan
    from slit.run import Result

_PLACES = {
    "Front": "slit.front",
    "InfeasibleError": "slit.errors",
    "Result": "slit.run",
    "SlitError": "slit.errors",
    "accounts": "slit.api",
    "bound": "slit.api",
    "brush": "slit.report.notebook",
    "certify": "slit.api",
    "check": "slit.api",
    "compile_problem": "slit.problem",
    "draw": "slit.report.notebook",
    "equal_quality": "slit.api",
    "evaluate": "slit.api",
    "load_scenario": "slit.scenario.load",
    "optimize": "slit.api",
    "plan": "slit.report.notebook",
    "read_run": "slit.record",
    "recommend": "slit.api",
    "reevaluate": "slit.record",
    "replay_plan": "slit.api",
    "resume": "slit.api",
    "saving": "slit.api",
    "show": "slit.api",
    "tradeoff": "slit.api",
    "write_report": "slit.report",
}

__all__ = [
    "Front",
    "InfeasibleError",
    "Result",
    "SlitError",
    "accounts",
    "bound",
    "brush",
    "certify",
    "check",
    "compile_problem",
    "draw",
    "equal_quality",
    "evaluate",
    "load_scenario",
    "optimize",
    "plan",
    "read_run",
    "recommend",
    "reevaluate",
    "replay_plan",
    "resume",
    "saving",
    "show",
    "tradeoff",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("slit-llm")
        except PackageNotFoundError:
            return "unknown (not installed)"
    if name not in _PLACES:
        raise AttributeError(f"module 'slit' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
