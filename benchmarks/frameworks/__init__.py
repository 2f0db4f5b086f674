"""NSGA-II of other frameworks on choice problems: one file each, with `evolve`.

`evolve(problem, population=, generations=, rng=)` returns the objectives (N, M) and violation (N,)
of the last population. It evaluates through `problem.evaluate` alone, which may end it by an
exception when the budget is used up.
"""
