"""Time to the first token and what it is worth, where no load matters (model.md section 2).

What load adds is in `slit.kernels.model`. All in s; arrays broadcast.
"""

import numpy as np

from operators.types import Floats


def sigma_at_once(slack: Floats, slo: Floats) -> Floats:
    """The quality factor sigma of a request that waits for nothing; slack: SLO - base."""
    return np.asarray(np.exp(np.minimum(slack, 0.0) / slo))


def sigma_while_loading(slack: Floats, slo: Floats, loading: Floats) -> Floats:
    """Mean sigma of a request that meets a loading node: it waits U(0, loading)."""
    beyond = sigma_at_once(slack, slo)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = slack + slo * -np.expm1(-np.maximum(loading - slack, 0.0) / slo)
        outside = beyond * slo * -np.expm1(-loading / slo)
        mean = np.where(
            slack >= loading, 1.0, np.where(slack >= 0, inside / loading, outside / loading)
        )
    return np.where(loading > 0, mean, beyond)


def late_while_loading(slack: Floats, loading: Floats) -> Floats:
    """Probability that a request that meets a loading node is late."""
    with np.errstate(divide="ignore", invalid="ignore"):
        late = np.clip(1.0 - slack / loading, 0.0, 1.0)
    return np.where(loading > 0, late, (slack < 0).astype(np.float64))


def service_table(base: Floats, slo: Floats, loading: Floats) -> Floats:
    """(J, P, 4): slack, sigma without a wait, and mean sigma and lateness of a request that meets a
    loading node.

    base (J, P): time to the first token without a wait; slo (J,); loading (P,).
    """
    promise = slo[:, None]
    slack = promise - base
    length = np.broadcast_to(loading[None, :], base.shape)
    return np.stack(
        [
            slack,
            sigma_at_once(slack, promise),
            sigma_while_loading(slack, promise, length),
            late_while_loading(slack, length),
        ],
        axis=-1,
    )
