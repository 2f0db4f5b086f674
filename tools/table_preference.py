"""quality_2026.csv: quality that a person can read, one row per variant and request class.

Chat and summarization: the probability of being preferred to the best variant of the fleet, from
the ratings of the text arena (Bradley-Terry: 1 / (1 + 10^((best - rating) / 400))), so 0.5 for the
best one. Code: LiveBench, mean of code generation and completion. Models of the release of November
2024 are brought to that of May 2025 by the mean ratio of the models in both (two, under other
names), and flagged. A variant without a public score in a class has 0 there and does not serve it.
"""

from pathlib import Path

import pandas as pd
from table_files import write_table

QUALITY = "quality_2026.csv"
COLUMNS = (
    "variant", "class", "metric", "score", "low", "high", "relative", "source", "estimated",
)  # fmt: skip
# Qwen3-32B thinks by default, and the arena does not say whether it does there; here it does not.
ARENA = {
    "llama-3.1-8b": "Meta-Llama-3.1-8B-Instruct",
    "llama-3.1-70b": "Meta-Llama-3.1-70B-Instruct",
    "llama-3.1-405b-fp8": "Meta-Llama-3.1-405B-Instruct-fp8",
    "gemma-3-27b": "Gemma-3-27B-it",
    "qwen3-32b": "Qwen3-32B",
    "qwen3-30b-a3b": "Qwen3-30B-A3B-Instruct-2507",
    "qwen3-235b-a22b-fp8": "Qwen3-235B-A22B-Instruct-2507",
    "llama-4-scout": "Llama-4-Scout-17B-16E-Instruct",
    "llama-4-maverick-fp8": "Llama-4-Maverick-17B-128E-Instruct",
}
STAND_INS = {"qwen3-32b", "qwen3-235b-a22b-fp8", "llama-4-maverick-fp8"}
"""Variants whose rating is that of another mode or precision of the model."""
LIVEBENCH = {
    "llama-3.1-8b": "meta-llama-3.1-8b-instruct-turbo",
    "llama-3.1-70b": "meta-llama-3.1-70b-instruct-turbo",
    "llama-3.1-405b-fp8": "meta-llama-3.1-405b-instruct-turbo",
    "gemma-3-27b": "gemma-3-27b-it",
    "qwen3-235b-a22b-fp8": "qwen3-235b-a22b-instruct-2507",
}
BRIDGE = {
    "claude-3-7-sonnet": "claude-3-7-sonnet-20250219-base",
    "claude-3-7-sonnet-thinking": "claude-3-7-sonnet-20250219-thinking-64k",
}


def preferred(rating: float, best: float) -> float:
    """Probability that an answer is preferred to one of the best variant (Bradley-Terry)."""
    return float(1 / (1 + 10 ** ((best - rating) / 400)))


def arena_rows(data: Path, kind: str, *, stand_in: bool) -> list[dict[str, object]]:
    """Rows of a class that is judged by the text arena; its 95 % interval is the rating's own."""
    board = pd.read_csv(data / "llm_quality" / "lmarena_text_2025-08-06.csv").set_index("model")
    best = max(float(board.loc[name, "arena_score"]) for name in ARENA.values())
    rows: list[dict[str, object]] = []
    for variant, name in ARENA.items():
        rating = float(board.loc[name, "arena_score"])
        up, down = (abs(float(part)) for part in str(board.loc[name, "95_pct_ci"]).split("/"))
        score = preferred(rating, best)
        rows.append(
            {
                "variant": variant,
                "class": kind,
                "metric": "preferred to the best",
                "score": score,
                "low": preferred(rating - down, best),
                "high": preferred(rating + up, best),
                "relative": 2 * score,
                "source": f"LMArena text 2025-08-06: {name} {rating:.0f}, best {best:.0f}"
                + ("; overall, no rating of this use" if stand_in else ""),
                "estimated": int(stand_in or variant in STAND_INS),
            }
        )
    return rows


def coding(data: Path) -> tuple[pd.Series, pd.Series]:
    """Mean coding scores (0-100) of the older and of the newer release, by model."""
    folder = data / "llm_quality"
    old = pd.read_csv(folder / "livebench_table_2024_11_25.csv", index_col=0)
    new = pd.read_csv(folder / "livebench_table_2025_05_30.csv", index_col=0)
    return (
        old[["LCB_generation", "coding_completion"]].mean(axis=1),
        new[["code_generation", "code_completion"]].mean(axis=1),
    )


def code_rows(data: Path) -> list[dict[str, object]]:
    """Rows of code; the interval of a bridged score is that of the ratios."""
    old, new = coding(data)
    ratios = [float(new[later] / old[earlier]) for earlier, later in BRIDGE.items()]
    factor = sum(ratios) / len(ratios)
    rows: list[dict[str, object]] = []
    for variant in ARENA:
        name = LIVEBENCH.get(variant)
        score = low = high = 0.0
        source = "no public score: does not serve code"
        if name is not None and name in new:
            score = low = high = float(new[name]) / 100
            source = f"LiveBench 2025-05-30: {name}"
        elif name is not None:
            score, low, high = (
                float(old[name]) / 100 * ratio for ratio in (factor, min(ratios), max(ratios))
            )
            source = f"LiveBench 2024-11-25: {name}, times {factor:.3g} (two models in both)"
        rows.append(
            {
                "variant": variant, "class": "code", "metric": "LiveBench coding",
                "score": score, "low": low, "high": high, "relative": score,
                "source": source, "estimated": int(name not in new),
            }
        )  # fmt: skip
    best = max(float(str(row["score"])) for row in rows)
    return [row | {"relative": float(str(row["score"])) / best} for row in rows]


def build_preference(data: Path, output: Path) -> int:
    """Write quality_2026.csv."""
    rows = arena_rows(data, "chat", stand_in=False)
    rows += code_rows(data)
    rows += arena_rows(data, "summarization", stand_in=True)
    return write_table(output / QUALITY, COLUMNS, rows)
