"""Several days of one plan, by hand."""

from typing import Any

from slit.replay.days import FIGURES, days_summary


def day(value: float | None, *waits: float | None) -> dict[str, Any]:
    return {
        "promised": dict.fromkeys(FIGURES, 1.0),
        "served": dict.fromkeys(FIGURES, value),
        "classes": [
            {"name": name, "slo_s": 0.5, "served": {"ttft_p95_s": wait}}
            for name, wait in zip(("chat", "code"), waits, strict=True)
        ],
    }


def test_spread_and_missed_days_by_hand() -> None:
    found = days_summary(
        [day(1.0, 0.4, 0.6), day(3.0, 0.6, 0.6), day(None, 0.5, None), day(2.0, 0.1, 0.1)],
        most_missed=0.25,
    )
    assert found["count"] == 4
    assert found["figures"]["energy"] == {"promised": 1.0, "mean": 2.0, "low": 1.0, "high": 3.0}
    chat, code = found["classes"]
    # At the SLO is in time; a day without a served request is missed.
    assert (chat["days_missed"], code["days_missed"]) == (1, 3)
    assert chat["ttft_p95_s"] == [0.4, 0.6, 0.5, 0.1]
    assert found["fails"] == ["code"]
    assert days_summary([day(None, None, None)], most_missed=1.0)["fails"] == []
    assert days_summary([day(None, None, None)], most_missed=0.0)["figures"]["ttft"]["mean"] is None
