"""The tables of docs/sanity.md: what the services of world-2026 imply beside published figures.

Usage: python tools/sanity_table.py
"""

from collections.abc import Iterator
from pathlib import Path

from slit.display import number
from slit.scenario.fit import ServedPair, pairs, service_model
from slit.scenario.load import load_scenario
from slit.scenario.sanity import mean_tokens, request_figures, token_joules
from slit.scenario.scenario import Scenario

PAGE = Path(__file__).resolve().parent.parent / "docs" / "sanity.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"

MLPERF = {
    ("b200x8", "llama-3.1-8b"): 9436.05 / 146960,
    ("b200x8", "llama-3.1-70b"): 10401.0 / 102909,
    ("b200x8", "llama-3.1-405b-fp8"): 9891.76 / 1637.11,
    ("h100x8", "llama-3.1-70b"): 6152.98 / 25262.1,
}
"""J/token at the wall, by node type and variant; that of H100 is of H200."""
GEMINI_WH = 0.24
MISTRAL_G, MISTRAL_ML, MISTRAL_TOKENS = 1.14, 45.0, 400


def tables(scenario: Scenario) -> str:
    """Both tables as Markdown."""
    listed = {(p.node_type.name, p.variant, p.service.batch): p for p in pairs(scenario)}
    every = list(listed.values())
    return "\n\n".join(
        [
            "## Joules per token",
            "\n".join(_tokens(scenario, every)),
            "## Wh, g and mL per request",
            "At the largest batch of a variant on the newest node type that serves it, at the mean "
            "of all sites, idle time of nodes that are busy for the target utilization included.",
            "\n".join(_requests(scenario, every)),
        ]
    )


def _tokens(scenario: Scenario, listed: list[ServedPair]) -> Iterator[str]:
    yield "| node | variant | batch | ms a token | token/s | J read | J written | MLPerf | ratio |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for pair in listed:
        name, model = scenario.variants[pair.variant].name, service_model(*pair[2:4])
        batch = pair.service.batch
        reading, writing = token_joules(pair)
        known = MLPERF.get((pair.node_type.name, name))
        beside = ["", ""] if known is None else [number(known), f"{writing / known:.1f}"]
        cells = [
            pair.node_type.name,
            name,
            number(batch),
            f"{1e3 * float(model.step_seconds(batch)):.1f}",
            number(float(model.decode_rate(batch))),
            number(reading),
            number(writing),
            *beside,
        ]
        yield f"| {' | '.join(cells)} |"


def _requests(scenario: Scenario, listed: list[ServedPair]) -> Iterator[str]:
    """Mean requests of each class, and an answer of 400 tokens."""
    classes = [kind.name for kind in scenario.classes]
    heads = [f"{name}: Wh" for name in classes] + ["g", "mL"]
    heads += [f"{classes[0]} / Gemini", f"{MISTRAL_TOKENS} tokens: g", "mL", "/ Mistral"]
    yield f"| node | variant | {' | '.join(heads)} |"
    yield f"|---|---|{'---:|' * len(heads)}"
    newest = {pair.variant: pair for pair in listed}
    types = [node.name for node in scenario.node_types]
    for pair in listed:
        held = newest[pair.variant]
        rank = types.index(pair.node_type.name), pair.service.batch
        if rank > (types.index(held.node_type.name), held.service.batch):
            newest[pair.variant] = pair
    for v, pair in sorted(newest.items()):
        each = []
        for k in range(len(classes)):
            prompt, output = mean_tokens(scenario, k)
            each.append(request_figures(scenario, pair, prompt=prompt, output=output))
        answer = request_figures(scenario, pair, prompt=0, output=MISTRAL_TOKENS)
        cells = [pair.node_type.name, scenario.variants[v].name]
        cells += [number(found.watt_hours) for found in each]
        cells += [number(each[0].grams), number(each[0].milliliters)]
        cells += [f"{each[0].watt_hours / GEMINI_WH:.2f}"]
        cells += [number(answer.grams), number(answer.milliliters)]
        cells += [f"{answer.grams / MISTRAL_G:.2f}, {answer.milliliters / MISTRAL_ML:.2f}"]
        yield f"| {' | '.join(cells)} |"


def replaced(text: str, made: str) -> str:
    """The page with what stands between the marks replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main() -> None:
    """Write the tables into the page."""
    made = tables(load_scenario("world-2026"))
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main()
