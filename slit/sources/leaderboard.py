"""Public benchmark scores of models: Open LLM Leaderboard (two layouts) and LMArena."""

from pathlib import Path

import pandas as pd

from slit.errors import SlitError
from slit.sources.files import read_header
from slit.sources.tables import Column, read_small_table

BENCHMARKS = ("ifeval", "bbh", "math", "gpqa", "musr", "mmlu_pro")
# what we read -> its name in the table of official models, and in the table merged with LMArena
LAYOUTS = (
    {"model": "model_name", "precision": "precision", "parameters_b": "params_billions"}
    | {name: f"{name}_value" for name in BENCHMARKS},
    {"model": "model_name", "precision": "model_precision",
     "parameters_b": "metadata_params_billions"}
    | {name: f"evaluations_{name}_value" for name in BENCHMARKS},
)  # fmt: skip


def read_open_llm(path: Path | str) -> pd.DataFrame:
    """Scores of the Open LLM Leaderboard version 2, one row an evaluation.

    Columns: model, precision, parameters_b (billions), ifeval, bbh, math, gpqa, musr, mmlu_pro (raw
    scores in [0, 1], not the normalized ones). A model may stand there at several precisions.

    Raises:
        SlitError: a mistake in the file, with line and column; neither of the two layouts.
    """
    path = Path(path)
    header = read_header(path)
    layout = next((names for names in LAYOUTS if set(names.values()) <= set(header)), None)
    if layout is None:
        missing = sorted(set(LAYOUTS[0].values()) - set(header))
        raise SlitError(
            f"{path}:1: columns {', '.join(header)}, expected also {', '.join(missing)} "
            "(Open LLM Leaderboard)"
        )
    columns = {"model": Column(layout["model"], "model", text=True)}
    columns["precision"] = Column(layout["precision"], "precision", text=True)
    columns["parameters_b"] = Column(layout["parameters_b"], "parameters, billions")
    for name in BENCHMARKS:
        columns[name] = Column(layout[name], f"{name} score", low=0, high=1)
    table = read_small_table(path, list(columns.values()))
    return pd.DataFrame(
        {
            name: table.labels(column) if column.text else table.numbers(column)
            for name, column in columns.items()
        }
    )


def read_arena(path: Path | str) -> pd.DataFrame:
    """Ratings of LMArena: model, rating (arena score), votes, organization.

    The rating is an Elo-like scale, no share of right answers: do not put it into a quality.

    Raises:
        SlitError: a mistake in the file, with line and column.
    """
    model = Column("model", "model", text=True)
    rating = Column("arena_score", "rating")
    votes = Column("votes", "votes", low=0)
    organization = Column("organization", "organization", text=True, gaps=True)
    table = read_small_table(Path(path), (model, rating, votes, organization))
    return pd.DataFrame(
        {
            "model": table.labels(model),
            "rating": table.numbers(rating),
            "votes": table.numbers(votes).astype("int64"),
            "organization": table.labels(organization),
        }
    )
