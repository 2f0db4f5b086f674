"""Where to grow, in two figures: what one more node is worth, and investment against operation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slit.growth.plan import Growth
from slit.report.style import color, label, template

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 12
"""Pools of which the worth is drawn, those of the highest."""


@dataclass(frozen=True, slots=True)
class GrowthData:
    """Plain numbers: pools with what one more node of each saves of each objective (by name), the
    epochs of the best pool; the front as nodes bought, USD spent, and the weighted sum."""

    pools: tuple[str, ...]
    names: tuple[str, ...]
    units: tuple[str, ...]
    worth: tuple[tuple[tuple[float, ...], ...], ...]  # by objective and pool, one an epoch
    nodes: tuple[int, ...]
    usd: tuple[float, ...]
    operation: tuple[float, ...]
    even: float


def growth_data(growth: Growth) -> GrowthData:
    """The numbers of both figures; pools in order of their worth in shares of each objective."""
    total = growth.worth.sum(axis=1)
    size = abs(total).max(axis=1, keepdims=True)
    rank = (total / size.clip(1e-300)).max(axis=0)
    order = sorted(range(len(rank)), key=lambda q: -rank[q])[:MOST]
    pools = growth.fleet.scenario.pools
    return GrowthData(
        pools=tuple(pools[q].name for q in order),
        names=growth.names,
        units=growth.units,
        worth=tuple(tuple(tuple(table[:, q].tolist()) for q in order) for table in growth.worth),
        nodes=tuple(int(point.choice.bought.sum()) for point in growth.front),
        usd=tuple(point.price_usd for point in growth.front),
        operation=tuple(point.bound for point in growth.front),
        even=growth.even.bound,
    )


def draw_growth(data: GrowthData) -> "go.Figure":
    """A heat map an objective, hours by pools; beneath them the front."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    count = len(data.names)
    drawn = make_subplots(
        rows=2,
        cols=count,
        specs=[[{}] * count, [{"colspan": count}, *[None] * (count - 1)]],
        row_heights=[0.6, 0.4],
        vertical_spacing=0.2,
        horizontal_spacing=0.05,
        shared_yaxes=True,
        subplot_titles=[
            *(label(f"{n} ({u})") for n, u in zip(data.names, data.units, strict=True)),
            "Operation (weighted sum, USD) by nodes added",
        ],
    )
    for m in range(count):
        table = [list(line) for line in data.worth[m]]
        most = max((abs(x) for line in table for x in line), default=0.0) or 1.0
        heat = go.Heatmap(
            z=table, y=list(map(label, data.pools)), zmin=-most, zmax=most, colorscale="RdBu",
            showscale=False, hovertemplate="%{y}, epoch %{x}: %{z:.4g}<extra></extra>",
        )  # fmt: skip
        drawn.add_trace(heat, row=1, col=m + 1)
        drawn.update_yaxes(autorange="reversed", row=1, col=m + 1)
        drawn.update_xaxes(title_text="epoch", row=1, col=m + 1)
    line = go.Scatter(
        x=list(data.nodes), y=list(data.operation), mode="lines+markers", name="recommended",
        line={"color": color(0)},
    )  # fmt: skip
    even = go.Scatter(
        x=[data.nodes[-1]], y=[data.even], mode="markers", name="spread evenly",
        marker={"color": color(5), "size": 10, "symbol": "x"},
    )  # fmt: skip
    drawn.add_trace(line, row=2, col=1)
    drawn.add_trace(even, row=2, col=1)
    title = "What one more node saves (blue), by pool and epoch"
    drawn.update_layout(template=template("light"), height=760, title=title, margin={"t": 90})
    return drawn
