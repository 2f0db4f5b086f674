"""The mapping file: what datacenters, variants, origins and classes are called at a gateway."""

import json
import re
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from slit.errors import SlitError
from slit.files import read_file
from slit.problem.placements import placements_of
from slit.scenario.scenario import Scenario
from slit.scenario.validation_errors import refused

FIRST_PORT = 8000
PLAIN = r"^[^\s\"'{};#\\$`]+$"
"""Without what ends a word in some gateway's file."""
LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
"""Of RFC 1123: what Kubernetes takes as a name."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Gateway(_Record):
    """The gateway itself: its name, and the headers that requests carry."""

    name: str = Field(default="slit", pattern=LABEL)
    namespace: str = Field(default="default", pattern=LABEL)
    origin_header: str = Field(default="x-slit-origin", pattern=r"^[A-Za-z0-9-]+$")
    class_header: str = Field(default="x-slit-class", pattern=r"^[A-Za-z0-9-]+$")
    model_header: str = Field(default="x-ai-eg-model", pattern=r"^[A-Za-z0-9-]+$")
    listen: str = Field(default="127.0.0.1:8080", pattern=r"^[\w.\-\[\]:]+:\d{1,5}$")
    admin: str = Field(default="127.0.0.1:9901", pattern=r"^[\w.\-\[\]:]+:\d{1,5}$")
    socket: str = Field(default="/run/haproxy/admin.sock", pattern=PLAIN)


class Backend(_Record):
    """Where a datacenter serves a variant."""

    datacenter: str
    variant: str
    name: str = Field(pattern=LABEL)
    host: str = Field(pattern=r"^[\w.\-\[\]:]+$")
    port: int = Field(ge=1, le=65535)
    model: str = Field(pattern=PLAIN)
    namespace: str = Field(default="default", pattern=LABEL)


class Place(_Record):
    """A datacenter: its region, as Istio and Envoy call it, and its inference pool."""

    datacenter: str
    region: str = Field(pattern=PLAIN)
    pool: str = Field(pattern=LABEL)


class OriginName(_Record):
    """An origin: the value of its header, and the region that its clients are in."""

    origin: str
    header: str = Field(pattern=PLAIN)
    region: str = Field(pattern=PLAIN)


class ClassName(_Record):
    """A class: the value of its header, and the model that its clients ask for."""

    request_class: str = Field(alias="class")
    header: str = Field(pattern=PLAIN)
    model: str = Field(pattern=PLAIN)


class Deployment(_Record):
    """What is scaled: a variant in a pool."""

    pool: str
    variant: str
    name: str = Field(pattern=LABEL)
    namespace: str = Field(default="default", pattern=LABEL)


class Mapping(_Record):
    """Everything that a gateway's file names and a plan does not know."""

    schema_version: int = Field(alias="schema", ge=1, le=1)
    gateway: Gateway = Gateway()
    datacenters: tuple[Place, ...]
    backends: tuple[Backend, ...]
    origins: tuple[OriginName, ...]
    classes: tuple[ClassName, ...]
    deployments: tuple[Deployment, ...] = ()

    def backend(self, datacenter: str, variant: str) -> Backend:
        """Where a variant is served. Raises SlitError if the file does not say."""
        for each in self.backends:
            if (each.datacenter, each.variant) == (datacenter, variant):
                return each
        raise _missing("backends", f"{variant} at {datacenter}")

    def place(self, datacenter: str) -> Place:
        """A datacenter. Raises SlitError if it is not there."""
        for each in self.datacenters:
            if each.datacenter == datacenter:
                return each
        raise _missing("datacenters", datacenter)

    def origin(self, name: str) -> OriginName:
        """An origin. Raises SlitError if it is not there."""
        for each in self.origins:
            if each.origin == name:
                return each
        raise _missing("origins", name)

    def request_class(self, name: str) -> ClassName:
        """A class. Raises SlitError if it is not there."""
        for each in self.classes:
            if each.request_class == name:
                return each
        raise _missing("classes", name)

    def deployment(self, pool: str, variant: str) -> Deployment:
        """What runs a variant in a pool. Raises SlitError if the file does not say."""
        for each in self.deployments:
            if (each.pool, each.variant) == (pool, variant):
                return each
        raise _missing("deployments", f"{variant} in {pool}")


def read_mapping(file: str | Path) -> Mapping:
    """A mapping file. Raises SlitError for one that is missing, damaged or says a thing twice."""
    path = Path(file)
    content = read_file(path, holding="a mapping (TOML)")
    try:
        mapping = Mapping.model_validate(tomllib.loads(content.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SlitError(f"{path}: {error}, expected a mapping (TOML)") from None
    except ValidationError as error:
        raise refused(error, Mapping, where=str(path), places={}) from None
    for what, keys in (
        ("backends", [(each.datacenter, each.variant) for each in mapping.backends]),
        ("backends", [(each.namespace, each.name) for each in mapping.backends]),
        ("datacenters", [(each.datacenter,) for each in mapping.datacenters]),
        ("datacenters", [("pool", each.pool) for each in mapping.datacenters]),
        ("origins", [(each.origin,) for each in mapping.origins]),
        ("origins", [("header", each.header) for each in mapping.origins]),
        ("origins", [("name", label(each.origin)) for each in mapping.origins]),
        ("classes", [(each.request_class,) for each in mapping.classes]),
        ("classes", [("name", label(each.request_class)) for each in mapping.classes]),
        ("classes", [("header", each.header) for each in mapping.classes]),
        ("deployments", [(each.pool, each.variant) for each in mapping.deployments]),
        ("deployments", [(each.namespace, each.name) for each in mapping.deployments]),
    ):
        twice = [key for n, key in enumerate(keys) if key in keys[:n]]
        if twice:
            said = " ".join(map(str, twice[0]))
            raise SlitError(f"{path}: {what}: {said} twice, expected each once")
    return mapping


def mapping_text(scenario: Scenario) -> str:
    """A mapping to edit: every backend that a plan of the scenario may use, at made-up hosts."""
    lines = [
        f"# What gateways call the parts of scenario {scenario.name}: edit hosts, ports and names.",
        "# Clients name their origin and class in two headers.",
        "schema = 1",
        "",
        "[gateway]",
        *(f"{key} = {json.dumps(value)}" for key, value in Gateway().model_dump().items()),
    ]

    def table(section: str, /, **fields: object) -> None:
        lines.extend(["", f"[[{section}]]"])
        lines.extend(f"{key} = {json.dumps(value)}" for key, value in fields.items())

    for center in scenario.datacenters:
        name = label(center.name)
        table("datacenters", datacenter=center.name, region=name, pool=f"{name}-pool")
    placements = placements_of(scenario)
    pairs = dict.fromkeys((each.datacenter, each.variant) for each in placements)
    for n, (d, v) in enumerate(pairs):
        site, variant = scenario.datacenters[d].name, scenario.variants[v].name
        name = label(f"{site}-{variant}")
        table(
            "backends",
            datacenter=site,
            variant=variant,
            name=name,
            host="127.0.0.1",
            port=FIRST_PORT + n,
            model=plain(variant),
        )
    for origin in scenario.origins:
        table("origins", origin=origin.name, header=plain(origin.name), region=label(origin.name))
    for each in scenario.classes:
        named = {"class": each.name, "header": plain(each.name), "model": plain(each.name)}
        table("classes", **named)
    for q, v in dict.fromkeys((each.pool, each.variant) for each in placements):
        pool, variant = scenario.pools[q].name, scenario.variants[v].name
        table("deployments", pool=pool, variant=variant, name=label(f"{pool}-{variant}"))
    return "\n".join(lines) + "\n"


def label(name: str) -> str:
    """A name as Kubernetes takes it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-") or "x"


def plain(name: str) -> str:
    """A name without what ends a word in some gateway's file."""
    return re.sub(r"[\s\"'{};#\\$`]+", "-", name)


def _missing(where: str, what: str) -> SlitError:
    return SlitError(
        f"mapping: {where}: none of {what}, expected one "
        "(slit export RUN --write-mapping FILE writes all)"
    )
