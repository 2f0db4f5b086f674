"""How requests get to a replica."""

from enum import StrEnum


class Routing(StrEnum):
    """How requests of a group get to a placement of its plan, and there to a replica."""

    RANDOM = "random"
    """To a placement by the plan's shares, to any replica, whatever the others did."""
    WRR = "wrr"
    """In turn, as evenly interleaved as the shares allow (smooth weighted round robin)."""
    JSQ = "jsq"
    """To a placement as RANDOM, there to the replica with fewest requests (shortest queue)."""
