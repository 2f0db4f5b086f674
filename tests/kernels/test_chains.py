"""The best chain of epochs against all chains, and what it reroutes against full evaluation."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.crossover import recombine
from slit.evaluator import Evaluator
from slit.kernels.chains import best_chain, measure_seams
from slit.objectives import find
from tests.cases import Case, cases


@given(cases(plans=3), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.01, 1.0, 100.0]))
def test_no_chain_weighs_less(case: Case, seed: int, price: float) -> None:
    rng, problem = np.random.default_rng(seed), case.problem
    count = len(case.plans)
    costs = rng.exponential(size=(problem.epochs, count))
    seams = np.zeros((problem.epochs + 1, count, count))
    known = int(rng.integers(count + 1))  # as where plans join those whose seams are there
    for first, last in ((0, known), (known, count)):
        joined = np.zeros((problem.epochs + 1, last, last))
        joined[:, :first, :first] = seams[:, :first, :first]
        measure_seams(case.plans[:last], first, problem, joined)
        seams[:, :last, :last] = joined
    choice, rerouted = best_chain(seams, costs, price)
    compared = problem.group_requests[problem.compared].sum()
    evaluator = Evaluator(problem, case.scenario, objectives=find(["reroute"]))

    def moved(chains: np.ndarray) -> np.ndarray:
        plans = recombine(case.plans, chains, block_first=problem.epoch_gene)
        return np.asarray(evaluator.evaluate(plans).parts[:, :, 0] * compared)

    np.testing.assert_allclose(moved(choice[None]).sum(), rerouted, rtol=1e-9, atol=1e-9)
    chains = np.array(list(product(range(count), repeat=problem.epochs)))
    counted = slice(1 - bool(case.scenario.today), None)  # not the seam of a cyclic horizon
    rerouting = moved(chains)[:, counted].sum(axis=1)
    epochs = np.arange(problem.epochs)
    weights = costs[epochs, chains].sum(axis=1) + price * rerouting
    reached = costs[epochs, choice].sum() + price * moved(choice[None])[0, counted].sum()
    assert reached <= weights.min() + 1e-9 * (1 + abs(weights.min()))
