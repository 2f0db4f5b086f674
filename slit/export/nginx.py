"""NGINX: `split_clients` by request, in hundredths of a per cent."""

from slit.export.rules import EpochRules, Rule
from slit.export.yaml_text import comment_text


def nginx(rules: EpochRules) -> str:
    """A whole configuration. Requests without a route get 404."""
    gateway = rules.mapping.gateway
    variables = [gateway.origin_header, gateway.class_header]
    headers = ":".join(f"$http_{name.lower().replace('-', '_')}" for name in variables)
    lines = ["events {}", "http {"]
    for backend in rules.backends:
        lines += [
            f"    upstream {backend.name} {{",
            f"        server {backend.host}:{backend.port};",
            "        keepalive 64;",
            "    }",
        ]
    for n, rule in enumerate(rules.rules):
        lines += _split(rule, n, rules.steps)
    lines += [f'    map "{headers}" $slit_backend {{', '        default "";']
    for n, rule in enumerate(rules.rules):
        origin, request_class = rule.named
        lines.append(f'        "{origin.header}:{request_class.header}" $slit_route_{n};')
    lines += [
        "    }",
        "    server {",
        f"        listen {gateway.listen};",
        "        location / {",
        '            if ($slit_backend = "") {',
        "                return 404;",
        "            }",
        "            proxy_pass http://$slit_backend;",
        "            proxy_http_version 1.1;",
        '            proxy_set_header Connection "";',
        "            proxy_buffering off;",
        "            proxy_read_timeout 600s;",
        "        }",
        "    }",
        "}",
    ]
    return comment_text(rules.comments) + "\n".join(lines) + "\n"


def _split(rule: Rule, number: int, steps: int) -> list[str]:
    *others, last = rule.entries
    lines = [f'    split_clients "$request_id" $slit_route_{number} {{']
    lines += [f"        {100 * each.weight / steps:.2f}% {each.backend.name};" for each in others]
    return [*lines, f"        * {last.backend.name};", "    }"]
