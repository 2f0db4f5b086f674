"""Points made by hand."""

import numpy as np

from slit.app.points import FrontPoints
from slit.display import beyond
from slit.report.marks import Axis, Mark, Role
from slit.report.plan_styles import style_of_method

AXES = (Axis("carbon", "Carbon emitted", "kg CO2e"), Axis("cost", "Energy cost", "USD"))


def made_points(F: object, *, violation: object = 0.0, runs: object = 0) -> FrontPoints:
    """Plans with two objectives; the first one is marked."""
    values = np.asarray(F, dtype=float)
    count = len(values)
    run = np.broadcast_to(np.asarray(runs, dtype=np.int64), (count,))
    excess = np.broadcast_to(np.asarray(violation, dtype=float), (count,)).copy()
    return FrontPoints(
        labels=tuple(f"run{r}" for r in range(int(run.max()) + 1)),
        axes=AXES,
        F=values,
        violation=excess,
        beyond=tuple(beyond(float(each)) for each in excess),
        on_front=excess <= 0,
        run=run,
        row=np.arange(count),
        keys=tuple(f"{r}:{n}" for n, r in enumerate(run)),
        methods=("slit",) * count,
        marks=(Mark("nearest", 0, 0, "nearest", Role.BASELINE, style_of_method("nearest")),),
        references=(("nearest", 0),) * (int(run.max()) + 1),
    )
