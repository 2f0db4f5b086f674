"""Gateway API `HTTPRoute` (gateway.networking.k8s.io/v1): a rule for each origin and class."""

from typing import Any

from slit.export.rules import EpochRules, Rule
from slit.export.yaml_text import documents

MOST_RULES, MOST_BACKENDS, LARGEST_WEIGHT = 16, 16, 1_000_000


def httproute(rules: EpochRules) -> str:
    """As many routes as it takes with MOST_RULES rules each."""
    gateway = rules.mapping.gateway
    parts = [rules.rules[n : n + MOST_RULES] for n in range(0, len(rules.rules), MOST_RULES)]
    return documents(
        [
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": rules.metadata(f"{gateway.name}-{n}"),
                "spec": {
                    "parentRefs": [{"name": gateway.name}],
                    "rules": [_rule(rule, rules) for rule in part],
                },
            }
            for n, part in enumerate(parts)
        ],
        comments=rules.comments,
    )


def _rule(rule: Rule, rules: EpochRules) -> dict[str, Any]:
    gateway, (origin, request_class) = rules.mapping.gateway, rule.named
    matched = {gateway.origin_header: origin.header, gateway.class_header: request_class.header}
    return {
        "matches": [
            {
                "headers": [
                    {"type": "Exact", "name": name, "value": value}
                    for name, value in matched.items()
                ]
            }
        ],
        "backendRefs": [
            {
                "name": each.backend.name,
                **_namespace(each.backend.namespace, gateway.namespace),
                "port": each.backend.port,
                "weight": each.weight,
            }
            for each in rule.entries
        ],
    }


def _namespace(of_backend: str, of_route: str) -> dict[str, str]:
    """Only where they differ: another namespace has to grant the reference."""
    return {} if of_backend == of_route else {"namespace": of_backend}
