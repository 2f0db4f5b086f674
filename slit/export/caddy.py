"""Caddy: `weighted_round_robin`, in lists of few steps: it serves each backend's whole weight in
one go before the next one's."""

from math import gcd

from slit.export.rules import EpochRules
from slit.export.yaml_text import comment_text


def caddy(rules: EpochRules) -> str:
    """A Caddyfile. Requests without a route get 404."""
    gateway = rules.mapping.gateway
    host, _, port = gateway.listen.rpartition(":")
    lines = ["{", "    admin off", "    auto_https off", "}", "", f"http://:{port} {{"]
    lines.append(f"    bind {host.strip('[]')}")
    for n, rule in enumerate(rules.rules):
        origin, request_class = rule.named
        step = gcd(*(each.weight for each in rule.entries))
        hosts = " ".join(f"{each.backend.host}:{each.backend.port}" for each in rule.entries)
        weights = " ".join(str(each.weight // step) for each in rule.entries)
        lines += [
            f"    @route{n} {{",
            f"        header {gateway.origin_header} {origin.header}",
            f"        header {gateway.class_header} {request_class.header}",
            "    }",
            f"    handle @route{n} {{",
            f"        reverse_proxy {hosts} {{",
            f"            lb_policy weighted_round_robin {weights}",
            "        }",
            "    }",
        ]
    lines += ["    handle {", "        respond 404", "    }", "}"]
    return comment_text(rules.comments) + "\n".join(lines) + "\n"
