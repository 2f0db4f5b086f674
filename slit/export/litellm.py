"""LiteLLM: `model_list` with weights, picked by `simple-shuffle`. Clients ask for ORIGIN/MODEL."""

from slit.export.rules import EpochRules, check_models
from slit.export.yaml_text import yaml_text


def litellm(rules: EpochRules) -> str:
    """One deployment a backend of a list; a weight of 0 would never be picked, so none is there.

    Raises SlitError where two classes ask for the same model.
    """
    check_models(rules, "litellm")
    deployments = []
    for rule in rules.rules:
        origin, request_class = rule.named
        for each in rule.entries:
            backend = each.backend
            parameters = {
                "model": f"openai/{backend.model}",
                "api_base": f"http://{backend.host}:{backend.port}/v1",
                "api_key": "none",
                "weight": each.weight,
            }
            name = f"{origin.header}/{request_class.model}"
            deployments.append({"model_name": name, "litellm_params": parameters})
    return yaml_text(
        {"model_list": deployments, "router_settings": {"routing_strategy": "simple-shuffle"}},
        comments=rules.comments,
    )
