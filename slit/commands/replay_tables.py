"""What `slit replay` prints: promised beside served."""

from typing import Any

from slit.commands.terminal import print_table
from slit.display import NOTHING, number, percent, share

ROWS = (
    ("ttft", "mean time to first token (s)"),
    ("ttft_p50_s", "p50 (s)"),
    ("ttft_p95_s", "p95 (s)"),
    ("ttft_p99_s", "p99 (s)"),
    ("late_share", "later than the SLO"),
    ("quality", "quality of service lost"),
    ("energy", "energy (kWh)"),
    ("carbon", "carbon (kg CO2e)"),
    ("water", "water (L)"),
    ("cost", "cost (USD)"),
    ("nodes", "node-hours"),
)


def print_replay(found: dict[str, Any]) -> None:
    """Print what `slit.api.replaying.replay_run` or `replay_days` found."""
    promised, served = found["promised"], found["served"]
    day = f", the first of {found['days']['count']} days" if "days" in found else ""
    print(f"\n{found['plan']}{day}: {_served(found)}\n")
    rows = []
    for name, title in ROWS:
        before, after = promised[name], served[name]
        shown = share if name == "late_share" else number
        change = percent(100 * (after / before - 1)) if before and after is not None else NOTHING
        rows.append([title, shown(before), NOTHING if after is None else shown(after), change])
    print_table(["", "promised", "served", "change"], rows)
    print()
    rows = []
    for each in found["classes"]:
        times = [f"{time}_p{q}_s" for time in ("ttft", "token", "latency") for q in (50, 95)]
        served = each["served"]
        late = NOTHING if served["late_share"] is None else share(served["late_share"])
        rows.append([each["name"], *(_seconds(served[name]) for name in times), late])
    header = ["class", "first token p50 (s)", "p95", "per token p50 (s)", "p95"]
    print_table([*header, "last token p50 (s)", "p95", "late"], rows)
    for each in found["classes"]:
        refused = each["refused"]
        if refused["requests"]:
            print(
                f"\n{refused['requests']:,.0f} requests of class {each['name']} refused: up to "
                f"{refused['longest_tokens']:,} tokens, where the largest replica that the plan "
                f"uses for it holds {refused['most_tokens']:,}."
            )
    verdicts = ", ".join(f"{count} {name}" for name, count in found["verdicts"].items())
    print(f"\nPlacements and epochs: {verdicts}.")
    if found["released_kwh"] > 0:
        print(
            f"Nodes that finish requests after the epoch they were for: "
            f"{number(found['released_kwh'])} kWh beyond standby, counted as served."
        )
    if "days" in found:
        _print_days(found["days"])


def _print_days(days: dict[str, Any]) -> None:
    print(f"\nOver {days['count']} days:\n")
    rows = []
    for name, title in ROWS:
        if name in days["figures"]:
            shown = share if name == "late_share" else number
            values = [days["figures"][name][what] for what in ("promised", "mean", "low", "high")]
            rows.append([title, *(NOTHING if v is None else shown(v) for v in values)])
    print_table(["", "promised", "served, mean", "lowest", "highest"], rows)
    missed = ", ".join(
        f"{each['name']} on {each['days_missed']} of {days['count']}" for each in days["classes"]
    )
    said = f"Days on which p95 is beyond the SLO: {missed}."
    fails = ", ".join(days["fails"])
    verdict = f"MISSES its SLO ({fails})" if fails else "keeps its SLO"
    print(f"\n{said} It {verdict}: at most {share(days['most_missed'])} of days may miss it.")


def _served(found: dict[str, Any]) -> str:
    said = f"{found['requests']:,.0f} requests"
    if found["events"] < 0.999 * found["requests"]:
        said += f" (as {found['events']:,} on a part of the replicas)"
    left = [
        f"{found[what]:,.0f} {words}"
        for what, words in (
            ("unserved", "not finished"),
            ("refused", "longer than the memory of a replica"),
        )
        if found[what]
    ]
    if found["trace"] is not None:
        left.append(f"of {found['trace']}, where the plan expects {found['planned']:,.0f}")
    if found["left_out"]:
        left.append(f"{found['left_out']:,} of its entries left out (failed, without output)")
    if found["preemptions"]:
        left.append(f"{found['preemptions']:,} preemptions")
    return f"{', '.join([said, *left])}; {found['seconds']:.1f} s"


def _seconds(value: float | None) -> str:
    return NOTHING if value is None else number(value)
