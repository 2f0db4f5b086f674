"""How many nodes are active in an epoch."""

from enum import StrEnum


class Provision(StrEnum):
    """Those planned and more where requests need them, or exactly those that requests need."""

    PLANNED = "planned"
    FOLLOW = "follow"
