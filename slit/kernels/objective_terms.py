"""What the kernels weigh: the coefficients of all objectives side by side."""

from typing import NamedTuple

from operators.types import Bools, Floats, Ints, Longs


class ObjectiveTerms(NamedTuple):
    """Coefficients of M objectives on what a plan uses; read-only arrays.

    An objective is constant + sum over datacenter-hours of site @ (IT, facility, grid kWh)
    + sum over placement-hours of nodes * active nodes + sum over chunks of requests
    + service @ (summed waits in s, late requests, requests of full quality) + the same by groups
    for some objectives + what changes from epoch to epoch (reroute, starts, switches, ramp).
    Where `largest` is set, the datacenter-hours are summed per datacenter and the largest counts.
    """

    site: Floats  # (T, D, 3, M)
    nodes: Floats  # (T, P, M); (0, 0, M) if no objective has any
    requests: Longs  # (L, J, P) of one chunk, fixed point
    request_unit: Floats  # (L,) what one unit of the integer sum is worth
    request_objective: Ints  # (L,) the objective each belongs to
    service: Floats  # (3, M)
    group_service: Floats  # (R, J, 4) the same for each group, and seconds from which it is late
    group_objective: Ints  # (R,) the objective each belongs to
    reroute: Floats  # (M,) per request that is served elsewhere than in the epoch before
    starts: Floats  # (P, M) per node that starts; (0, M) if no objective has any
    switches: Floats  # (M,) per placement turned on or off
    on_demand: Floats  # (Q, M) per active node beyond the committed ones and epoch; (0, M) if none
    ramp: Floats  # (M,) per share of the group of which most is served elsewhere than before
    constant: Floats  # (M,)
    largest: Bools  # (M,)
