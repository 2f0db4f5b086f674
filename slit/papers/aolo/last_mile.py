"""A cell as the last mile of a scenario: what the air adds to a first token, hour by hour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from operators.types import Floats
from slit.errors import SlitError, did_you_mean
from slit.papers.aolo import kernels
from slit.papers.aolo.chain import JOULES_PER_KWH, coefficients
from slit.papers.aolo.requests import CellDay, Requests


@dataclass(frozen=True, slots=True, eq=False)
class LastMile:
    """Means over the requests of each of T epochs; those of the whole day where there is none."""

    seconds: Floats  # (T,) to send a prompt and to receive the first token
    joules: Floats  # (T,) of the link for a whole request, at full power
    requests: Floats  # (T,)


def last_mile(day: CellDay, requests: Requests, *, users: Sequence[str] = ()) -> LastMile:
    """What the air takes of the requests of some users, all where none are named.

    The prompt goes up with the device's power, the first token comes down with the cell's. Energy
    is that of the station while it is on air for the wanted answer: the same wherever the request
    is served, so that no plan changes it.

    Raises:
        SlitError: unknown users; users without a request.
    """
    names = [user.name for user in day.file.users]
    for name in users:
        if name not in names:
            raise SlitError(
                f"users: {name!r}, expected some of {', '.join(names)}{did_you_mean(name, names)}"
            )
    chosen = np.isin(requests.group, [names.index(name) for name in users or names])
    if not chosen.any():
        raise SlitError(f"users: no request of {', '.join(users or names)}, expected some")
    own = Requests(*(getattr(requests, name)[chosen] for name in Requests.__slots__))
    # Where a kWh emits so much, kg CO2e are J.
    chain = day.file.chain.model_copy(update={"embodied": False})
    plain = replace(
        day,
        file=day.file.model_copy(update={"chain": chain}),
        carbon=np.full(len(day.carbon), JOULES_PER_KWH),
    )
    C = coefficients(plain, own)
    uplink = C[:, kernels.FIXED_S] - day.service.prefill_seconds(own.prompt)
    power = C[:, kernels.HIGH_W]
    token_s = C[:, kernels.BITS] / (C[:, kernels.HERTZ] * np.log2(1 + C[:, kernels.SNR] * power))
    watts = C[:, kernels.STATIC_KG] + C[:, kernels.SLOPE_KG] * power
    joules = C[:, kernels.UPLINK_KG] + own.wanted * token_s * watts
    epochs = len(day.carbon)
    count = np.bincount(own.epoch, minlength=epochs).astype(np.float64)

    def mean(values: Floats) -> Floats:
        total = np.bincount(own.epoch, values, minlength=epochs)
        whole = np.full(epochs, values.mean())
        np.divide(total, count, out=whole, where=count > 0)
        return whole

    return LastMile(mean(uplink + token_s), mean(joules), count)
