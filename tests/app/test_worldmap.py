"""The map: its projection, its outlines, its numbers."""

import numpy as np
import pytest
from plotly.graph_objects import Figure

from slit.app.worldmap import WHOLE, draw_map, hour_text, land, map_data, project
from slit.ledger import write_ledger
from slit.report.plan import at_epoch, plan_data
from tests.cases import make_case


def test_the_projection_at_known_places() -> None:
    # Half the width and half the height of the Equal Earth map of a unit sphere.
    assert project([0, 0]) == pytest.approx([0, 0])
    assert project([180, 0])[0] == pytest.approx(2.70663, abs=1e-4)
    assert project([0, 90])[1] == pytest.approx(1.31737, abs=1e-4)
    assert project([-30, -40]) == pytest.approx(-project([30, 40]))


def test_the_projection_keeps_areas() -> None:
    def area(west: float, south: float, size: float) -> float:
        steps = np.linspace(0, size, 40)
        ring = np.concatenate(
            [
                np.column_stack([west + steps, np.full(40, south)]),
                np.column_stack([np.full(40, west + size), south + steps]),
                np.column_stack([west + size - steps, np.full(40, south + size)]),
                np.column_stack([np.full(40, west), south + size - steps]),
            ]
        )
        x, y = project(ring).T
        return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)

    for west, south in ((0, 0), (100, 50), (-170, -60)):
        band = np.sin(np.radians(south + 5)) - np.sin(np.radians(south))
        assert area(west, south, 5) == pytest.approx(np.radians(5) * band, rel=1e-3)


def test_outlines_cover_the_continents() -> None:
    rings = land()
    assert len(rings) > 40
    every = np.vstack(rings)
    assert np.abs(every[:, 0]).max() <= 2.71
    # No outline jumps across the map.
    assert max(np.abs(np.diff(ring[:, 0])).max() for ring in rings) < 1.0


def test_numbers_of_an_hour_and_of_the_whole() -> None:
    case = make_case(4, plans=1, epochs=3)
    plan = plan_data(write_ledger(case.plans[0], case.problem, case.scenario))
    whole = map_data(plan, case.scenario)
    hours = [map_data(plan, case.scenario, hour=hour) for hour in (1, 2, 3)]
    assert whole.load == pytest.approx(np.mean([each.load for each in hours], axis=0))
    assert whole.flows == pytest.approx(np.mean([each.flows for each in hours], axis=0))
    for t, each in enumerate(hours):
        assert each.flows.sum(axis=0) == pytest.approx(each.load)
        assert each.load == pytest.approx(plan.by_datacenter[t] / plan.hours)
        assert each.carbon == pytest.approx(1000 * case.scenario.signals.carbon[t])
        assert each.carbon_range == whole.carbon_range
        assert each.load.max() <= each.largest
        one = at_epoch(plan, t)
        assert one.carbon.sum() == pytest.approx(plan.carbon[t].sum())
        assert len(one.starts) == 1
    assert hour_text(case.scenario.horizon, WHOLE) == "all 3 epochs, mean"
    assert hour_text(case.scenario.horizon, 2) == "2023-07-01 01:00 UTC"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sizes_follow_load_and_colors_carbon(theme: str) -> None:
    case = make_case(4, plans=1)
    plan = plan_data(write_ledger(case.plans[0], case.problem, case.scenario))
    data = map_data(plan, case.scenario, hour=1)
    drawn = Figure(draw_map(data, theme=theme))
    sites = drawn.data[-1]
    assert np.asarray(sites.marker.color) == pytest.approx(data.carbon)
    order = np.argsort(data.load)
    assert (np.diff(np.asarray(sites.marker.size)[order]) >= 0).all()
    assert len(sites.x) == len(data.datacenters)
    assert drawn.layout.geo.to_plotly_json() == {}
