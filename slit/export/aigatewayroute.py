"""Envoy AI Gateway `AIGatewayRoute` (aigateway.envoyproxy.io/v1beta1): datacenter and variant in
one weighted list, the variant by `modelNameOverride`."""

from slit.export.rules import EpochRules, check_models
from slit.export.yaml_text import documents

MOST_RULES = 15


def aigatewayroute(rules: EpochRules) -> str:
    """As many routes as it takes with MOST_RULES rules each. Raises SlitError where two classes ask
    for the same model."""
    check_models(rules, "aigatewayroute")
    gateway = rules.mapping.gateway
    written = []
    for rule in rules.rules:
        origin, request_class = rule.named
        matched = {gateway.model_header: request_class.model, gateway.origin_header: origin.header}
        headers = [{"type": "Exact", "name": name, "value": each} for name, each in matched.items()]
        refs = [
            {
                "name": each.backend.name,
                "modelNameOverride": each.backend.model,
                "weight": each.weight,
            }
            for each in rule.entries
        ]
        written.append({"matches": [{"headers": headers}], "backendRefs": refs})
    parts = [written[n : n + MOST_RULES] for n in range(0, len(written), MOST_RULES)]
    return documents(
        [
            {
                "apiVersion": "aigateway.envoyproxy.io/v1beta1",
                "kind": "AIGatewayRoute",
                "metadata": rules.metadata(f"{gateway.name}-{n}"),
                "spec": {"parentRefs": [_parent(gateway.name)], "rules": part},
            }
            for n, part in enumerate(parts)
        ],
        comments=rules.comments,
    )


def _parent(name: str) -> dict[str, str]:
    return {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name}
