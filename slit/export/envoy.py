"""Envoy: a whole static configuration with `weighted_clusters`, whose weights can be changed while
it runs (runtime keys), or with the weights of localities, which is what Istio's rules become."""

from ipaddress import ip_address
from typing import Any

from slit.export.mapping import Backend, Mapping
from slit.export.rules import EpochRules, Rule
from slit.export.yaml_text import yaml_text

MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "envoy.extensions.filters.http.router.v3.Router"
TYPE = "type.googleapis.com/"


def envoy(rules: EpochRules) -> str:
    """A cluster a backend, a route an origin and class."""
    routes = []
    for rule in rules.rules:
        clusters = [{"name": each.backend.name, "weight": each.weight} for each in rule.entries]
        weighted = {"runtime_key_prefix": runtime_prefix(rule), "clusters": clusters}
        routes.append(_route(rule, rules.mapping, {"weighted_clusters": weighted}))
    clusters = [_cluster(each.name, [_endpoint(each)], [each]) for each in rules.backends]
    return yaml_text(_bootstrap(rules.mapping, routes, clusters), comments=rules.comments)


def envoy_locality(rules: EpochRules) -> str:
    """A cluster an origin and class, a weighted locality a backend."""
    routes, clusters = [], []
    for rule in rules.rules:
        routes.append(_route(rule, rules.mapping, {"cluster": rule.name}))
        localities = [
            {
                "locality": {"region": each.place.region, "zone": each.backend.name},
                "load_balancing_weight": each.weight,
                **_endpoint(each.backend),
            }
            for each in rule.entries
        ]
        cluster = _cluster(rule.name, localities, [each.backend for each in rule.entries])
        cluster["common_lb_config"] = {"locality_weighted_lb_config": {}}
        clusters.append(cluster)
    return yaml_text(_bootstrap(rules.mapping, routes, clusters), comments=rules.comments)


def runtime_prefix(rule: Rule) -> str:
    """What the runtime keys of a rule's weights begin with; a dot and the cluster follow."""
    return f"slit.{rule.name}"


def _route(rule: Rule, mapping: Mapping, action: dict[str, Any]) -> dict[str, Any]:
    origin, request_class = rule.named
    gateway = mapping.gateway
    headers = {gateway.origin_header: origin.header, gateway.class_header: request_class.header}
    matched = [{"name": name, "string_match": {"exact": value}} for name, value in headers.items()]
    # An answer may take minutes.
    return {"match": {"prefix": "/", "headers": matched}, "route": {**action, "timeout": "600s"}}


def _endpoint(backend: Backend) -> dict[str, Any]:
    return {"lb_endpoints": [{"endpoint": {"address": _address(backend.host, backend.port)}}]}


def _cluster(name: str, endpoints: list[dict[str, Any]], backends: list[Backend]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "STATIC" if all(is_address(each.host) for each in backends) else "STRICT_DNS",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
    }


def _bootstrap(
    mapping: Mapping, routes: list[dict[str, Any]], clusters: list[dict[str, Any]]
) -> dict[str, Any]:
    gateway = mapping.gateway
    host = {"name": gateway.name, "domains": ["*"], "routes": routes}
    manager = {
        "@type": TYPE + MANAGER,
        "stat_prefix": gateway.name,
        "route_config": {"name": gateway.name, "virtual_hosts": [host]},
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": TYPE + ROUTER}}
        ],
    }
    connections = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": manager,
    }
    listener = {
        "name": gateway.name,
        "address": _address(*_listening(gateway.listen)),
        "filter_chains": [{"filters": [connections]}],
    }
    return {
        "admin": {"address": _address(*_listening(gateway.admin))},
        "layered_runtime": {"layers": [{"name": "admin", "admin_layer": {}}]},
        "static_resources": {"listeners": [listener], "clusters": clusters},
    }


def _listening(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host.strip("[]"), "port_value": port}}


def is_address(host: str) -> bool:
    """Whether a host is an IP address, not a name."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
