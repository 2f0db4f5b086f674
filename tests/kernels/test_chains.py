"""The best chain of epochs against all chains, and what it reroutes against full evaluation."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.crossover import recombine
from slit.evaluator import Evaluator
from slit.kernels.chains import best_chain
from slit.objectives import find
from tests.cases import Case, cases


@given(cases(plans=4), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.01, 1.0, 100.0]))
def test_no_chain_weighs_less(case: Case, seed: int, price: float) -> None:
    rng, problem = np.random.default_rng(seed), case.problem
    candidates = rng.integers(len(case.plans), size=(problem.epochs, 3))
    costs = rng.exponential(size=candidates.shape)
    choice = np.empty(problem.epochs, np.int64)
    rerouted = best_chain(case.plans, candidates, costs, price, problem, choice)
    compared = problem.group_requests[problem.compared].sum()
    evaluator = Evaluator(problem, case.scenario, objectives=find(["reroute"]))

    def moved(chains: np.ndarray) -> np.ndarray:
        plans = recombine(case.plans, chains, block_first=problem.epoch_gene)
        return np.asarray(evaluator.evaluate(plans).parts[:, :, 0] * compared)

    np.testing.assert_allclose(moved(choice[None]).sum(), rerouted, rtol=1e-9, atol=1e-9)
    columns = np.array(list(product(range(3), repeat=problem.epochs)))
    chains = candidates[np.arange(problem.epochs), columns]
    counted = slice(1 - bool(case.scenario.today), None)  # not the seam of a cyclic horizon
    seams = moved(chains)[:, counted].sum(axis=1)
    weights = costs[np.arange(problem.epochs), columns].sum(axis=1) + price * seams
    own = [float(costs[t][candidates[t] == choice[t]].min()) for t in range(problem.epochs)]
    reached = sum(own) + price * moved(choice[None])[0, counted].sum()
    assert reached <= weights.min() + 1e-9 * (1 + abs(weights.min()))
