"""The neutral form: routes and replicas as CSV and as JSON with a JSON Schema, nothing rounded."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from slit.export.keda import replica_rows
from slit.export.routes import PlanRoutes

ROUTES = ("start", "end", "origin", "class", "requests", "datacenter", "pool", "variant", "batch",
          "share")  # fmt: skip
REPLICAS = ("start", "end", "datacenter", "pool", "variant", "batch", "nodes", "replicas")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Placement(_Record):
    """Who serves a share of a group; shares of a group sum to 1."""

    datacenter: str
    pool: str
    variant: str
    batch: int | None = Field(description="operating point, where the variant has several there")
    share: float = Field(gt=0, le=1)


class Route(_Record):
    """Requests of an epoch, origin and class, and who serves them."""

    start: AwareDatetime
    end: AwareDatetime
    origin: str
    request_class: str = Field(alias="class")
    requests: float = Field(gt=0)
    placements: tuple[Placement, ...] = Field(min_length=1)


class Scaled(_Record):
    """Active nodes of a placement in an epoch, and the servers on them."""

    start: AwareDatetime
    end: AwareDatetime
    datacenter: str
    pool: str
    variant: str
    batch: int | None
    nodes: int = Field(ge=0)
    replicas: int = Field(ge=0)


class From(_Record):
    """What a plan was made from; hashes are SHA-256."""

    scenario: str
    scenario_hash: str
    plan: int
    method: str
    plan_hash: str


class Plan(_Record):
    """A plan as weighted routes and replicas."""

    schema_version: int = Field(alias="schema", ge=1, le=1)
    provenance: From
    routes: tuple[Route, ...]
    replicas: tuple[Scaled, ...]


def neutral(routes: PlanRoutes) -> dict[str, str]:
    """The files by name: routes.csv, replicas.csv, plan.json and its schema."""
    rows = [
        [*group.epoch.stamps, group.origin, group.request_class, repr(group.requests),
         each.datacenter, each.pool, each.variant, each.batch, repr(each.share)]
        for group in routes.groups
        for each in group.shares
    ]  # fmt: skip
    return {
        "routes.csv": _csv(ROUTES, rows),
        "replicas.csv": _csv(REPLICAS, replica_rows(routes.replicas)),
        "plan.json": json.dumps(plan_content(routes), indent=1) + "\n",
        "plan.schema.json": json.dumps(schema(), indent=1) + "\n",
    }


def plan_content(routes: PlanRoutes) -> dict[str, Any]:
    """The plan as JSON; `Plan` says what it looks like."""
    said = routes.provenance
    return {
        "schema": 1,
        "provenance": {name: getattr(said, name) for name in From.model_fields},
        "routes": [
            {
                "start": group.epoch.stamps[0],
                "end": group.epoch.stamps[1],
                "origin": group.origin,
                "class": group.request_class,
                "requests": group.requests,
                "placements": [
                    {name: getattr(each, name) for name in Placement.model_fields}
                    for each in group.shares
                ],
            }
            for group in routes.groups
        ],
        "replicas": [
            dict(zip(REPLICAS, row, strict=True)) for row in replica_rows(routes.replicas)
        ],
    }


def schema() -> dict[str, Any]:
    """The JSON Schema of the neutral form."""
    return Plan.model_json_schema(by_alias=True)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
