"""What the page says of a plan under limits."""

from pathlib import Path

import slit
from slit.app.plan_callbacks import plan_words
from slit.app.run_store import RunStore
from slit.record import read_run


def test_the_words_of_a_plan_say_what_changes_and_the_room_to_limits(tmp_path: Path) -> None:
    for name, limits in {"free": [], "limited": ["quality<=helix", "starts<=14"]}.items():
        slit.optimize(
            "tiny", optimizer="nsga2", population=24, evaluations=240, limits=limits,
            output=tmp_path / name,
        )  # fmt: skip
        run = read_run(tmp_path / name)
        nearest = run.front.plans[run.front.methods.index("nearest")]
        words = plan_words(RunStore([run]), f"0:{nearest}")
        assert "From one epoch to the next: 100 % of requests rerouted, 5 node starts, " in words
        room = "quality<=helix: 0.3601 (−8.2 %), starts<=14: 5 (+64.3 %)."
        assert words.endswith(room) == bool(limits)
        assert ("Limits" in words) == bool(limits)
