"""In and out of a window: requests become sequences, and finished ones columns."""

import math

from operators.types import Bools, Longs
from slit.replay.arrays import Records, Requests, Served
from slit.replay.engine.compiling import kernel
from slit.replay.engine.replica import Tables


@kernel
def take_in(tables: Tables, requests: Requests, fitting: Bools, place: int) -> None:
    """Write the requests that fit behind the first `place` sequences."""
    for request in range(len(fitting)):
        if not fitting[request]:
            continue
        sequence = tables.sequences[place]
        sequence["arrival_s"] = requests.arrival_s[request]
        sequence["first_s"] = math.inf
        sequence["last_s"] = math.inf
        sequence["prompt"] = requests.prompt[request]
        sequence["output"] = requests.output[request]
        sequence["cached"] = requests.cached[request]
        sequence["done"] = 0
        sequence["group"] = requests.group[request]
        sequence["replica"] = -1
        sequence["next"] = -1
        sequence["preemptions"] = 0
        place += 1


@kernel
def hand_out(replicas: int, tables: Tables, served: Served, left: Records, moved: Longs) -> None:
    """Part finished sequences from those that are left, both in their order.

    Args:
        replicas: of one node.
        tables: what replicas hold of sequences is mended; what they do not use becomes zero, so
            that equal states are equal to the bit.
        served: one row for each finished sequence.
        left: (U,) SEQUENCE, one for each other one.
        moved: (U + N,) gets where each of the others is.
    """
    finished, kept = 0, 0
    for number in range(len(tables.sequences)):
        sequence = tables.sequences[number]
        if sequence["last_s"] == math.inf:
            left[kept] = sequence
            moved[number] = kept
            kept += 1
            continue
        served.arrival_s[finished] = sequence["arrival_s"]
        served.first_token_s[finished] = sequence["first_s"]
        served.last_token_s[finished] = sequence["last_s"]
        served.prompt[finished] = sequence["prompt"]
        served.output[finished] = sequence["output"]
        served.group[finished] = sequence["group"]
        served.node[finished] = sequence["replica"] // replicas
        served.preemptions[finished] = sequence["preemptions"]
        finished += 1
    for number in range(len(left)):
        if left[number]["next"] >= 0:
            left[number]["next"] = moved[left[number]["next"]]
    for r in range(len(tables.replicas)):
        replica = tables.replicas[r]
        if replica["reading"] >= 0:
            replica["reading"] = moved[replica["reading"]]
        if replica["head"] >= 0:
            replica["head"] = moved[replica["head"]]
        if replica["tail"] >= 0:
            replica["tail"] = moved[replica["tail"]]
        for place in range(tables.ends.shape[1]):
            used = place < replica["decoding"]
            tables.owners[r, place] = moved[tables.owners[r, place]] if used else 0
            tables.ends[r, place] = tables.ends[r, place] if used else 0
