"""Traefik 3: the file provider's routers and weighted services."""

from typing import Any

from slit.export.rules import EpochRules
from slit.export.yaml_text import yaml_text


def traefik(rules: EpochRules) -> str:
    """A router and a weighted service an origin and class, a load balancer a backend."""
    gateway = rules.mapping.gateway
    routers: dict[str, Any] = {}
    services: dict[str, Any] = {}
    for rule in rules.rules:
        origin, request_class = rule.named
        headers = {gateway.origin_header: origin.header, gateway.class_header: request_class.header}
        matched = " && ".join(f"Header(`{name}`, `{value}`)" for name, value in headers.items())
        routers[rule.name] = {"rule": matched, "service": rule.name}
        weighted = [{"name": each.backend.name, "weight": each.weight} for each in rule.entries]
        services[rule.name] = {"weighted": {"services": weighted}}
    for backend in rules.backends:
        servers = [{"url": f"http://{backend.host}:{backend.port}"}]
        services[backend.name] = {"loadBalancer": {"servers": servers}}
    return yaml_text({"http": {"routers": routers, "services": services}}, comments=rules.comments)
