"""The head of a report: what was run, and where what stands."""

from slit.certificates.certified import Certified
from slit.display import least_share, number
from slit.record import Run
from slit.report.markup import Html, tag


def head_section(
    run: Run, certified: Certified | None = None, *, equal_quality: bool = False
) -> Html:
    """Title, what was run, what share is certified, and links to the sections; `equal_quality`:
    whether the report has one of that."""
    manifest, scenario = run.manifest, run.scenario
    horizon = scenario.horizon
    hours = horizon.epochs * horizon.epoch_seconds / 3600
    work = f"{manifest.evaluations:,} evaluations"
    if manifest.moves:
        work += f" and {manifest.moves:,} moves"
    facts = {
        "Plans on the front": f"{int(run.front.on_front.sum()):,}",
        "Search": f"{manifest.optimizer}, {work}, {manifest.seconds:.1f} s",
        "Ended by": str(manifest.stop),
        "Time planned": f"{horizon.start:%Y-%m-%d %H:%M %Z}, {hours:g} h",
        "Fleet": f"{len(scenario.datacenters)} datacenters, "
        f"{sum(pool.nodes for pool in scenario.pools):,} nodes",
        "Demand": f"{number(float(scenario.demand.requests.sum()))} requests",
    }
    if certified is not None and certified.share is not None:
        reached = f"at least {least_share(certified.share)} of the possible hypervolume"
        facts["Certified share"] = reached if certified.hypervolume else "0 %: see what is possible"
    listed = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()]
    toggle = tag("button", "Dark", type="button", id="theme", aria_pressed="false")
    places = {"recommended": "Recommended"} if len(run.front) else {}
    if equal_quality:
        places["equal-quality"] = "At equal quality"
    places |= {"picks": "Picks", "front": "Front", "plans": "Plans", "search": "Search"}
    if certified is not None:
        places["certified"] = "What is possible"
    places |= {"inputs": "Inputs", "about": "About"}
    links = [tag("a", name, href=f"#{place}") for place, name in places.items()]
    return tag(
        "header",
        tag("div", tag("h1", scenario.name), toggle, class_="top"),
        tag("p", scenario.description) if scenario.description else "",
        tag("dl", *listed, class_="facts"),
        *(tag("p", note, class_="note") for note in manifest.notes),
        tag("nav", *links, aria_label="Sections"),
    )
