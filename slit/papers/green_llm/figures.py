"""Figures of Green-LLM sweeps; the numbers are those of slit.papers.green_llm.sweeps."""

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from slit.papers.green_llm.sweeps import SweepData, Swept

_PANELS = (
    ("energy_cost", "Energy cost", "USD"),
    ("carbon_cost", "Carbon cost", "USD"),
    ("delay_penalty", "Delay penalty", "USD"),
    ("carbon_kg", "Emissions", "kg CO2e"),
    ("water_l", "Water", "L"),
    ("latency_mean_s", "Mean latency of a request", "s"),
)

_TITLES = {
    Swept.RENEWABLES: "Renewables",
    Swept.CARBON: "Carbon intensity",
    Swept.DEMAND: "Demand",
    Swept.WATER_CAP: "Water cap",
    Swept.TOLERANCE: "Tolerance",
}


def draw_sweep(data: SweepData) -> go.Figure:
    """One panel a total over the swept values; values without a solution leave a gap."""
    figure = make_subplots(rows=2, cols=3, subplot_titles=[title for _, title, _ in _PANELS])
    for at, (name, title, unit) in enumerate(_PANELS):
        row, column = divmod(at, 3)
        trace = go.Scatter(
            x=data.values,
            y=getattr(data, name),
            mode="lines+markers",
            name=title,
            showlegend=False,
        )
        figure.add_trace(trace, row=row + 1, col=column + 1)
        figure.update_yaxes(title_text=unit, row=row + 1, col=column + 1)
        figure.update_xaxes(
            title_text=f"{_TITLES[data.swept]} ({data.unit})", row=row + 1, col=column + 1
        )
    infeasible = data.values[~data.feasible]
    note = f"; no solution at {', '.join(f'{value:g}' for value in infeasible)}"
    figure.update_layout(
        title=f"Green-LLM, {' > '.join(data.order)}: {_TITLES[data.swept].lower()} varied"
        + (note if len(infeasible) else "")
    )
    return figure
