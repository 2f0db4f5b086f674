"""Portkey: a config for each origin and class, as the header `x-portkey-config` takes it."""

import json

from slit.export.rules import EpochRules


def portkey(rules: EpochRules) -> str:
    """JSON with the configs by origin and class, weights as shares."""
    configs = []
    for rule in rules.rules:
        origin, request_class = rule.named
        targets = [
            {
                "provider": "openai",
                "custom_host": f"http://{each.backend.host}:{each.backend.port}/v1",
                "weight": each.weight / rules.steps,
                "override_params": {"model": each.backend.model},
            }
            for each in rule.entries
        ]
        config = {"strategy": {"mode": "loadbalance"}, "targets": targets}
        configs.append({"origin": origin.header, "class": request_class.header, "config": config})
    return json.dumps({"comments": rules.comments, "configs": configs}, indent=2) + "\n"
