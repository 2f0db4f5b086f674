"""Scenario -> Problem: the read-only arrays that all numeric code reads."""

from slit.problem.arrays import MICROTICKS, Loading, Problem, Start
from slit.problem.compile import compile_problem

__all__ = ["MICROTICKS", "Loading", "Problem", "Start", "compile_problem"]
