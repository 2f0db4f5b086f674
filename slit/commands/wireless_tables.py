"""Tables of `slit wireless`."""

from collections.abc import Mapping

from slit.commands.terminal import print_table

_COLUMNS = {
    "kept_share": ("kept %", 100.0, ".1f"),
    "gap": ("over optimum %", 100.0, "+.2f"),
    "carbon_g": ("g CO2e", 1.0, ".4g"),
    "link_share": ("link %", 100.0, ".2f"),
    "quality": ("quality", 1.0, ".3f"),
    "seconds": ("s", 1.0, ".3g"),
    "tokens": ("tokens", 1.0, ".1f"),
    "power_w": ("W", 1.0, ".3g"),
}
LEGEND = """\
kept: requests within deadline and floor of quality. over optimum: carbon, on the requests that both
keep. g CO2e, link (its part of the station), quality of experience, s, tokens, W (output of a
transceiver): means a served request.
The model is a substitute: the paper's equations and constants are not available."""


def print_policies(title: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    """Figures of `SolvedDay`, a row each."""
    print_table(
        [title, "requests", *(name for name, _, _ in _COLUMNS.values())],
        [
            [
                name,
                f"{found['requests']:,.0f}",
                *(
                    f"{found[key] * scale:{shape}}" if key in found else ""
                    for key, (_, scale, shape) in _COLUMNS.items()
                ),
            ]
            for name, found in rows.items()
        ],
    )
