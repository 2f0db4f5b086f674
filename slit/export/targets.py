"""Every gateway that is known: what it can express, and who writes its file."""

from collections.abc import Sequence
from dataclasses import dataclass

from slit.errors import SlitError, did_you_mean
from slit.export.aigatewayroute import aigatewayroute
from slit.export.caddy import caddy
from slit.export.envoy import envoy, envoy_locality
from slit.export.haproxy import LARGEST_WEIGHT, haproxy
from slit.export.httproute import LARGEST_WEIGHT as MILLION
from slit.export.httproute import MOST_BACKENDS, httproute
from slit.export.inferencemodelrewrite import inferencemodelrewrite
from slit.export.istio import istio
from slit.export.litellm import litellm
from slit.export.nginx import nginx
from slit.export.portkey import portkey
from slit.export.rounding import Expression, Grid
from slit.export.rules import Writer
from slit.export.semantic_router import semantic_router
from slit.export.traefik import traefik

NEUTRAL, KEDA, ALL = "neutral", "keda", "all"
"""Formats of the whole horizon, which nothing is rounded for; and every format."""


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway whose files are written. `live`: how its weights change while it runs, if slit can;
    `note`: what to know; `checked`: what its files are tested by."""

    name: str
    title: str
    suffix: str
    write: Writer
    grid: Grid
    expression: Expression
    checked: str
    note: str = ""
    live: str = ""

    @property
    def expresses(self) -> tuple[bool, bool, bool, bool]:
        """Origin, class, region and variant: whether its lists differ by the first two, and choose
        among the others."""
        kind = self.expression
        return (
            kind in (Expression.ROUTES, Expression.PLACES),
            kind in (Expression.ROUTES, Expression.VARIANTS),
            kind is not Expression.VARIANTS,
            kind in (Expression.ROUTES, Expression.VARIANTS),
        )


@dataclass(frozen=True, slots=True)
class Unable:
    """A gateway that takes no weights, why, and what to do."""

    name: str
    title: str
    reason: str
    instead: str


ROUTES, BEFORE = Expression.ROUTES, "an HTTPRoute or Envoy"
TARGETS = (
    Target("httproute", "Gateway API HTTPRoute v1", ".yaml", httproute,
           Grid(MILLION, MOST_BACKENDS), ROUTES, "schema and its CEL rules",
           "16 rules an object: as many objects as it takes; a backend in another namespace needs "
           "a ReferenceGrant"),
    Target("aigatewayroute", "Envoy AI Gateway AIGatewayRoute v1beta1", ".yaml", aigatewayroute,
           Grid(MILLION, MOST_BACKENDS), ROUTES, "schema and its CEL rules",
           "variant by modelNameOverride; holds 128 backends, but becomes an HTTPRoute of 16"),
    Target("inferencemodelrewrite", "llm-d InferenceModelRewrite v1alpha2", ".yaml",
           inferencemodelrewrite, Grid(MILLION), Expression.VARIANTS, "schema",
           f"variants inside one pool; {BEFORE} before it chooses the datacenter"),
    Target("istio", "Istio DestinationRule v1", ".yaml", istio, Grid(100), Expression.PLACES,
           "schema and its CEL rules; Envoy with the same weights",
           f"whole per cent; {BEFORE} before it chooses the variant"),
    Target("envoy", "Envoy weighted_clusters", ".yaml", envoy, Grid(MILLION), ROUTES,
           "Envoy: validated and run", "", "runtime keys on the admin port"),
    Target("envoy-locality", "Envoy locality weights", ".yaml", envoy_locality, Grid(10_000),
           ROUTES, "Envoy: validated and run"),
    Target("litellm", "LiteLLM", ".yaml", litellm, Grid(MILLION), ROUTES,
           "its router, where it is installed (not in CI)",
           "clients ask for ORIGIN/MODEL; a weight of 0 is never picked"),
    Target("portkey", "Portkey", ".json", portkey, Grid(MILLION), ROUTES, "golden file",
           "one config an origin and class, which clients send"),
    Target("semantic-router", "vLLM semantic router", ".yaml", semantic_router, Grid(MILLION),
           Expression.SITES, "golden file", "the router chooses the variant itself"),
    Target("traefik", "Traefik 3", ".yaml", traefik, Grid(10_000), ROUTES, "golden file"),
    Target("nginx", "NGINX split_clients", ".conf", nginx, Grid(10_000), ROUTES,
           "NGINX: checked and run", "host names are looked up when it starts"),
    Target("haproxy", "HAProxy", ".cfg", haproxy, Grid(LARGEST_WEIGHT), ROUTES,
           "HAProxy: checked and run", "weights up to 256", "runtime socket"),
    Target("caddy", "Caddy", ".caddyfile", caddy, Grid(100), ROUTES, "Caddy: validated and run",
           "serves each backend's whole weight in one go, so in whole per cent"),
)  # fmt: skip
UNABLE = (
    Unable("vllm-router", "vllm-router", "it takes no static weights", "httproute"),
    Unable("production-stack", "vLLM production-stack router", "it takes no static weights",
           "httproute"),
    Unable("sglang-router", "sglang router", "it takes no static weights", "envoy"),
    Unable("openrouter", "OpenRouter", "it chooses by price and load, and takes no weights",
           "litellm"),
    Unable("kthena", "kthena", "it ignores the weights it is given", "httproute"),
)  # fmt: skip


def formats() -> tuple[str, ...]:
    """All names that `--to` takes."""
    return (NEUTRAL, *(each.name for each in TARGETS), KEDA)


def find_formats(names: Sequence[str]) -> tuple[str, ...]:
    """These formats, each once; `all` is every one. Raises SlitError for one that cannot express a
    plan, and for an unknown one."""
    found: list[str] = []
    unable = {each.name: each for each in UNABLE}
    for name in names:
        if name in unable:
            each = unable[name]
            raise SlitError(
                f"to: {name} cannot express a plan: {each.reason}; expected a gateway before it "
                f"that does (--to {each.instead}), with {name} inside each backend"
            )
        if name not in (ALL, *formats()):
            near = did_you_mean(name, [*formats(), *unable])
            raise SlitError(f"to: {name!r}, expected one of {', '.join(formats())}, {ALL}{near}")
        found += formats() if name == ALL else [name]
    return tuple(dict.fromkeys(found))


def target_of(name: str) -> Target:
    """The gateway of this name."""
    return next(each for each in TARGETS if each.name == name)


def capability_table() -> str:
    """What every gateway can express, as a table of Markdown."""
    header = "| `--to` | gateway | origin | class | region | variant | weights | live | tested by |"
    lines = [header, "|---|---|---|---|---|---|---|---|---|"]
    for each in TARGETS:
        marks = ["yes" if able else "no" for able in each.expresses]
        most = "" if each.grid.most is None else f", at most {each.grid.most} backends"
        weights = f"of {each.grid.steps:,}{most}" + (f"; {each.note}" if each.note else "")
        cells = [f"`{each.name}`", each.title, *marks, weights, each.live or "no", each.checked]
        lines.append("| " + " | ".join(cells) + " |")
    for no in UNABLE:
        weights = f"cannot express: {no.reason}; put `{no.instead}` before it"
        lines.append(f"| | {no.title} | no | no | no | no | {weights} | no | |")
    return "\n".join(lines) + "\n"
