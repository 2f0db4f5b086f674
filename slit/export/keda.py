"""Autoscaler targets as KEDA cron triggers: replicas of each pool and variant by hour."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from slit.export.mapping import Mapping
from slit.export.routes import PlanRoutes, Replicas
from slit.export.yaml_text import documents


def keda(routes: PlanRoutes, mapping: Mapping) -> str:
    """A ScaledObject a deployment, a trigger a stretch of equal replicas. Operating points of one
    variant in a pool count together.

    Cron has no year: the days of the horizon come again a year later. Raises SlitError for a
    deployment that the mapping does not name.
    """
    by_deployment: dict[tuple[str, str], dict[int, int]] = {}
    for each in routes.replicas:
        counts = by_deployment.setdefault((each.pool, each.variant), {})
        counts[each.epoch.number] = counts.get(each.epoch.number, 0) + each.replicas
    found = []
    for (pool, variant), counts in sorted(by_deployment.items()):
        target = mapping.deployment(pool, variant)
        triggers = [
            {
                "type": "cron",
                "metadata": {
                    "timezone": "Etc/UTC",
                    "start": _cron(routes.epochs[first].start),
                    "end": _cron(routes.epochs[last].end),
                    "desiredReplicas": str(replicas),
                },
            }
            for first, last, replicas in stretches(counts)
        ]
        found.append(
            {
                "apiVersion": "keda.sh/v1alpha1",
                "kind": "ScaledObject",
                "metadata": {"name": target.name, "namespace": target.namespace},
                "spec": {
                    "scaleTargetRef": {"name": target.name},
                    "minReplicaCount": 0,
                    "maxReplicaCount": max(counts.values()),
                    "triggers": triggers,
                },
            }
        )
    return documents(found, comments=routes.provenance.lines())


def stretches(counts: dict[int, int]) -> list[tuple[int, int, int]]:
    """First and last epoch of each stretch of equal counts, and the count; none of 0."""
    found: list[tuple[int, int, int]] = []
    for number, count in sorted(counts.items()):
        if count and found and found[-1][1:] == (number - 1, count):
            found[-1] = (found[-1][0], number, count)
        elif count:
            found.append((number, number, count))
    return found


def replica_rows(replicas: Sequence[Replicas]) -> list[list[Any]]:
    """The neutral table: when, where, what, how many nodes and replicas."""
    return [
        [*each.epoch.stamps, each.datacenter, each.pool, each.variant, each.batch, each.nodes,
         each.replicas]
        for each in replicas
    ]  # fmt: skip


def _cron(moment: datetime) -> str:
    return f"{moment.minute} {moment.hour} {moment.day} {moment.month} *"
