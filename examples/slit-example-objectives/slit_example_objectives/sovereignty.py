"""Sovereignty: the share of tokens that are served under another law than that of their origin."""

import numpy as np

from slit.errors import SlitError
from slit.objectives import Coefficients, linear_objective
from slit.problem import Problem
from slit.scenario.scenario import Scenario


@linear_objective(
    name="sovereignty", unit="share", title="Tokens served outside their jurisdiction"
)
def sovereignty(problem: Problem, scenario: Scenario) -> Coefficients:
    """Prompt and output tokens served abroad over all tokens: linear in the requests.

    Raises SlitError where the scenario does not say under which jurisdiction a place is.
    """
    for kind, places in (("origin", scenario.origins), ("datacenter", scenario.datacenters)):
        for place in places:
            if not place.jurisdiction:
                raise SlitError(
                    f"sovereignty: {kind} {place.name} has no jurisdiction, expected one in the "
                    "scenario (country or union whose law applies)"
                )
    home = np.array([origin.jurisdiction for origin in scenario.origins])
    law = np.array([center.jurisdiction for center in scenario.datacenters])
    at = law[problem.placement_datacenter]  # (P,)
    abroad = home[problem.group_origin][:, None] != at[None, :]  # (J, P)
    tokens = problem.group_prompt + problem.group_output  # (J,) of one request
    total = float((problem.group_requests * tokens).sum())
    return Coefficients(requests=abroad * tokens[:, None] / total)
