"""vLLM semantic router: of each model (a variant) its backends with weights, whatever the origin.
Which variant is chosen by the router itself."""

from slit.export.rules import EpochRules
from slit.export.yaml_text import yaml_text


def semantic_router(rules: EpochRules) -> str:
    """The section `providers` of its configuration."""
    models = [
        {
            "name": rule.variant or "",
            "backend_refs": [
                {
                    "name": each.backend.name,
                    "endpoint": f"{each.backend.host}:{each.backend.port}",
                    "protocol": "http",
                    "weight": each.weight,
                }
                for each in rule.entries
            ],
        }
        for rule in rules.rules
    ]
    return yaml_text({"providers": {"models": models}}, comments=rules.comments)
