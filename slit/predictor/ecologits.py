"""The formula of EcoLogits: J and s per output token from active weights and batch alone.

Source: EcoLogits, "LLM inference" methodology, and its `ecologits/impacts/llm.py`
(github.com/mlco2/ecologits, commit 242523de; fitted by its authors to ML.ENERGY's leaderboard).
"""

from collections.abc import Sequence

import numpy as np

from slit.predictor.calibration import Estimate
from slit.predictor.configs import InferenceConfig

WH_PER_TOKEN = (1.1665273170451914e-06, -0.011205921025579175, 4.052928146734005e-05)
"""Of one GPU: alpha exp(beta batch) (10^9 active weights) + gamma, Wh."""
SECONDS_PER_TOKEN = (0.0006785088094353663, 0.0003119310311688259, 0.019473717579473387)
"""alpha (10^9 active weights) + beta batch + gamma, s."""
JOULES_PER_WH = 3600.0


def formula_estimate(configs: Sequence[InferenceConfig]) -> Estimate:
    """Times and watts of N inferences; it knows neither the GPU nor the prompt."""
    active = np.array([config.architecture.active_parameters for config in configs]) / 1e9
    batch = np.array([config.batch for config in configs])
    alpha, beta, gamma = WH_PER_TOKEN
    joules = (alpha * np.exp(beta * batch) * active + gamma) * JOULES_PER_WH
    slope, per_request, fixed = SECONDS_PER_TOKEN
    seconds = slope * active + per_request * batch + fixed
    return Estimate(seconds, seconds, joules * batch / seconds)
