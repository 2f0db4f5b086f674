"""What a mean request of a plan takes, beside what others publish."""

from collections.abc import Mapping, Sequence

from slit.display import number
from slit.report.marks import Mark
from slit.report.markup import Html, table, tag
from slit.report.plan import PlanData
from slit.scenario.sanity import PUBLISHED, WITHIN, PerRequest
from slit.scenario.scenario import Scenario

COLUMNS = ("Plan", "Wh", "g CO2e", "mL", "J per output token")


def per_request(data: PlanData, scenario: Scenario) -> PerRequest:
    """All that a plan takes, unused nodes included, over its requests and output tokens."""
    requests = float(data.flows.sum())
    demand = scenario.demand
    output = float((demand.requests * demand.output).sum())
    kwh = float(data.energy.sum())
    return PerRequest(
        watt_hours=1e3 * kwh / requests,
        grams=1e3 * float(data.carbon.sum()) / requests,
        milliliters=1e3 * float(data.water.sum()) / requests,
        joules_per_token=3.6e6 * kwh / output,
    )


def beyond_published(found: PerRequest) -> list[str]:
    """Which figures lie more than WITHIN times outside what is published, in words."""
    said = []
    for n, value in enumerate(found):
        known = [each for row in PUBLISHED if (each := row.figures[n]) is not None]
        low, high = min(known) / WITHIN, max(known) * WITHIN
        if not low <= value <= high:
            said.append(
                f"{number(value)} {COLUMNS[1 + n]}, expected {number(low)} to {number(high)}"
            )
    return said


def per_request_section(
    marks: Sequence[Mark], plans: Mapping[int, PlanData], scenario: Scenario
) -> Html:
    """A row a pick, then those published; notes where a pick lies far outside them."""
    rows, notes = [], []
    for mark in marks:
        found = per_request(plans[mark.row], scenario)
        rows.append([mark.name, *(number(value) for value in found)])
        far = beyond_published(found)
        if far:
            notes.append(tag("p", f"{mark.name}: {'; '.join(far)}", class_="note"))
    for row in PUBLISHED:
        cells = ["" if value is None else number(value) for value in row.figures]
        rows.append([tag("em", row.name), *cells])
    return tag(
        "section",
        tag("h2", "Per request"),
        table(
            "What a mean request takes with each pick, and what others publish (italic)",
            COLUMNS,
            rows,
            numeric=frozenset(range(1, len(COLUMNS))),
        ),
        tag(
            "p",
            "Energy of the facilities with unused nodes, carbon as the scenario counts it, water "
            "on and off site. Published figures count other things: Google's carbon is "
            "market-based and its water on site, Mistral's are of the life cycle with training, "
            "MLPerf's are of the server alone, at full load. Figures more than ten times outside "
            "all of them are named.",
            class_="small",
        ),
        *notes,
        id="per-request",
    )
