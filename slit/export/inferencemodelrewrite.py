"""llm-d `InferenceModelRewrite` (llm-d.ai/v1alpha2): variants inside the inference pool of a
datacenter, by the model that clients ask for. Which datacenter is chosen before it, as by an
HTTPRoute."""

from itertools import groupby
from typing import Any

from slit.errors import SlitError
from slit.export.rules import EpochRules, Rule
from slit.export.yaml_text import documents


def inferencemodelrewrite(rules: EpochRules) -> str:
    """One object a datacenter. Raises SlitError where two classes ask for the same model."""
    found: list[dict[str, Any]] = []
    ordered = sorted(rules.rules, key=_pool)
    for pool, mine in groupby(ordered, key=_pool):
        of_pool = list(mine)
        models = [_model(rule) for rule in of_pool]
        twice = [model for n, model in enumerate(models) if model in models[:n]]
        if twice:
            raise SlitError(
                f"inferencemodelrewrite: model {twice[0]} of two classes, expected one each "
                "(mapping: classes: it tells them apart by the model alone)"
            )
        found.append(
            {
                "apiVersion": "llm-d.ai/v1alpha2",
                "kind": "InferenceModelRewrite",
                "metadata": rules.metadata(pool),
                "spec": {
                    "poolRef": {
                        "group": "inference.networking.k8s.io",
                        "kind": "InferencePool",
                        "name": pool,
                    },
                    "rules": [
                        {
                            "matches": [{"model": {"type": "Exact", "value": model}}],
                            "targets": [
                                {"modelRewrite": each.backend.model, "weight": each.weight}
                                for each in rule.entries
                            ],
                        }
                        for rule, model in zip(of_pool, models, strict=True)
                    ],
                },
            }
        )
    return documents(found, comments=rules.comments)


def _pool(rule: Rule) -> str:
    return "" if rule.place is None else rule.place.pool


def _model(rule: Rule) -> str:
    return "" if rule.request_class is None else rule.request_class.model
