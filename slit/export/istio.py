"""Istio `DestinationRule` (networking.istio.io/v1): of each variant's service, where requests from
a region go, in whole per cent that sum to 100. Which variant is chosen before it."""

from collections import Counter
from itertools import groupby
from typing import Any

from slit.errors import SlitError
from slit.export.mapping import label
from slit.export.rules import EpochRules, Rule
from slit.export.yaml_text import documents


def istio(rules: EpochRules) -> str:
    """One object a variant, of the service called as it.

    Raises SlitError where two origins are of one region, which has one distribution.
    """
    namespace, found = rules.mapping.gateway.namespace, []
    for variant, mine in groupby(sorted(rules.rules, key=_variant), key=_variant):
        name, distribute = label(variant), [_distribution(rule) for rule in mine]
        regions = [each["from"] for each in distribute]
        twice = [region for n, region in enumerate(regions) if region in regions[:n]]
        if twice:
            raise SlitError(
                f"istio: region {twice[0]} of two origins, expected one each "
                "(mapping: origins: a distribution is from a region)"
            )
        found.append(
            {
                "apiVersion": "networking.istio.io/v1",
                "kind": "DestinationRule",
                "metadata": rules.metadata(name),
                "spec": {
                    "host": f"{name}.{namespace}.svc.cluster.local",
                    "trafficPolicy": {
                        "loadBalancer": {
                            "localityLbSetting": {"enabled": True, "distribute": distribute}
                        },
                        # Without it Istio ignores localities.
                        "outlierDetection": {
                            "consecutive5xxErrors": 5,
                            "interval": "30s",
                            "baseEjectionTime": "30s",
                        },
                    },
                },
            }
        )
    return documents(found, comments=rules.comments)


def _distribution(rule: Rule) -> dict[str, Any]:
    to: Counter[str] = Counter()
    for each in rule.entries:
        to[f"{each.place.region}/*"] += each.weight
    region = "" if rule.origin is None else rule.origin.region
    return {"from": f"{region}/*", "to": dict(to)}


def _variant(rule: Rule) -> str:
    return rule.variant or ""
