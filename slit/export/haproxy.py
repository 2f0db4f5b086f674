"""HAProxy: a backend an origin and class, a server a placement; weights can be changed while it
runs (`set server` on the runtime socket)."""

from slit.export.envoy import is_address
from slit.export.rules import EpochRules
from slit.export.yaml_text import comment_text

LARGEST_WEIGHT = 256


def haproxy(rules: EpochRules) -> str:
    """A whole configuration. Requests without a route get 503."""
    gateway = rules.mapping.gateway
    lines = [
        "global",
        f"    stats socket {gateway.socket} mode 600 level admin",
        "",
        "defaults",
        "    mode http",
        "    timeout connect 5s",
        "    timeout client 600s",
        "    timeout server 600s",
        "",
        f"frontend {gateway.name}",
        f"    bind {gateway.listen}",
    ]
    for rule in rules.rules:
        origin, request_class = rule.named
        tests = " ".join(
            f"{{ req.hdr({name}) -m str {value} }}"
            for name, value in (
                (gateway.origin_header, origin.header),
                (gateway.class_header, request_class.header),
            )
        )
        lines.append(f"    use_backend {rule.name} if {tests}")
    for rule in rules.rules:
        lines += ["", f"backend {rule.name}", "    balance roundrobin"]
        for each in rule.entries:
            host, port = each.backend.host, each.backend.port
            # A name that cannot be looked up yet must not keep the others from being served.
            later = "" if is_address(host) else " init-addr last,libc,none"
            lines.append(
                f"    server {each.backend.name} {host}:{port} weight {each.weight}{later}"
            )
    return comment_text(rules.comments) + "\n".join(lines) + "\n"
