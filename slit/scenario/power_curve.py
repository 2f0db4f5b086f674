"""Power of a node that is not full: the points of its curve, stated or by operating points."""

from collections.abc import Sequence
from itertools import pairwise

from slit.errors import SlitError
from slit.scenario.records import NodeType, Service

SLACK = 1e-9
"""Rounding that a point may lie below its chord, relative to the power of a full node."""


def power_curve(
    node: NodeType, service: Service, points: Sequence[Service]
) -> list[tuple[float, float]]:
    """Load, as a share of what a full node takes, and power (W), from an idle to a full node.

    Without a stated curve those of smaller batches among the `points`, services of the same pair,
    stand for it: at load x the running batch is the one whose rate is x times that of a full node
    (Little's law: batch = rate of tokens * step time). No points, none stated: a straight line.

    Raises SlitError for loads out of order, power below idle, or a point below the chord: the
    relaxation takes the chord, so that no plan may draw less.
    """
    idle, full = node.idle_w, decode_watts(node, service)
    who = f"services.{service.variant} on {service.node_type} at batch {service.batch}"
    inner = list(service.power_curve)
    loads = [0.0, *(load for load, _ in inner), 1.0]
    if any(load >= following for load, following in pairwise(loads)):
        raise SlitError(
            f"{who}.power_curve: loads {', '.join(f'{load:g}' for load in loads[1:-1])}, expected "
            "ascending ones between 0 (idle_w) and 1 (decode_w)"
        )
    remedy = "leave the point out or raise it: bounds take the chord"
    if not inner:
        rate = decode_rate(node, service)
        smaller = [each for each in points if each.batch < service.batch]
        found = sorted((decode_rate(node, p) / rate, decode_watts(node, p)) for p in smaller)
        inner = [point for point in dict(found).items() if point[0] < 1]
        remedy = "state a power_curve, or leave power_by_batch off"
    for load, watts in inner:
        chord = idle + load * (full - idle)
        if watts < idle:
            raise SlitError(
                f"{who}.power_curve: {watts:g} at load {load:g}, expected at least {idle:g} (W of "
                f"the whole node, idle_w of {node.name}; GPUs alone draw less)"
            )
        if watts < chord - SLACK * full:
            raise SlitError(
                f"{who}.power_curve: {watts:g} at load {load:.4g}, expected at least {chord:.6g} "
                f"(W, the straight line from idle to full; {remedy})"
            )
    return [(0.0, idle), *inner, (1.0, full)]


def decode_watts(node: NodeType, service: Service) -> float:
    """Power of a node while writing at the batch of a service, W."""
    return node.decode_w if service.decode_w is None else service.decode_w


def decode_rate(node: NodeType, service: Service) -> float:
    """Tokens a second that a node writes at the batch of a service."""
    step = service.step_fixed_s + service.step_slope_s * service.batch
    return node.gpus // service.gpus_per_replica * service.batch / step
