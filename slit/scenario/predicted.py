"""A scenario to start from whose services nobody measured: speeds and watts are predicted."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slit.errors import SlitError
from slit.files import read_file, write_file
from slit.predictor.catalog import find_architecture
from slit.predictor.gpus import Gpu, find_gpu
from slit.predictor.models import Model, shipped_model
from slit.scenario.predicted_services import predicted_points
from slit.scenario.starter import FOLDER, SCENARIO_FILE, new_folder

NODE_GPUS = 8
NODES = 6
LOAD_GB_PER_S = 5
"""Assumed: weights from a local disk, as h100x8 of world-2026."""
CLASSES = ("chat", "code")
SITES = ("north", "south")
_SCORES = "a table with the columns variant, class, metric, score (CSV)"


@dataclass(frozen=True, slots=True)
class Score:
    """What a benchmark gave a variant."""

    metric: str
    score: str


def write_predicted_starter(
    folder: str | Path, *, models: Sequence[str], gpus: Sequence[str], scores: Path | None
) -> Path:
    """Write a scenario of these models on nodes of these GPUs; the path of the scenario.

    Rows of services say what their prediction stands on, and its interval of 90 %. Quality is not
    predicted: `scores` holds it.

    Raises:
        SlitError: as `write_starter`; an unknown model or GPU; a model that fits on none; a model
            without scores.
    """
    known = [find_architecture(model) for model in models]
    node_gpus = [find_gpu(gpu) for gpu in gpus]
    names = [_plain(each.name) for each in known]
    found = _read_scores(scores, names)
    model = shipped_model()
    services = [
        _cells({"node_type": _node_name(gpu), "variant": name}, service)
        for gpu in node_gpus
        for name, architecture in zip(names, known, strict=True)
        for service in predicted_points(model, architecture, gpu, node_gpus=NODE_GPUS)
    ]
    for name, architecture in zip(names, known, strict=True):
        if not any(row["variant"] == name for row in services):
            raise SlitError(
                f"{architecture.name}: fits on no node of {NODE_GPUS} x {', '.join(gpus)}, "
                "expected one with more memory"
            )
    variants = [
        {
            "name": name,
            "parameters_b": f"{each.parameters / 1e9:.4g}",
            "weight_gb": f"{2.0 * each.parameters / 1e9:.4g}",
            "kv_bytes_per_token": f"{2.0 * each.kv_values * each.attention_layers:.0f}",
        }
        for name, each in zip(names, known, strict=True)
    ]
    target = new_folder(folder)
    for name in ("demand.csv", "grid.csv"):
        write_file(target / name, (FOLDER / name).read_bytes())
    _write_table(target / "services.csv", services)
    _write_table(target / "variants.csv", variants)
    _write_table(target / "node_types.csv", [_node(gpu) for gpu in node_gpus])
    _write_table(
        target / "quality.csv",
        [
            {"variant": name, "class": kind, "metric": score.metric, "score": score.score}
            for (name, kind), score in found.items()
        ],
    )
    metrics = {kind: score.metric for (_, kind), score in found.items()}
    text = _scenario(node_gpus, metrics, model)
    write_file(target / SCENARIO_FILE, text.encode())
    return target / SCENARIO_FILE


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.casefold()).strip("-")


def _node_name(gpu: Gpu) -> str:
    return f"{_plain(gpu.name)}x{NODE_GPUS}"


def _node(gpu: Gpu) -> dict[str, str]:
    busy = NODE_GPUS * (gpu.peak_w + gpu.host_w)
    return {
        "name": _node_name(gpu),
        "gpus": str(NODE_GPUS),
        "gpu_memory_gb": f"{gpu.memory_bytes / 1e9:.4g}",
        "load_gb_per_s": str(LOAD_GB_PER_S),
        "idle_w": f"{NODE_GPUS * (gpu.idle_w + gpu.host_w):.0f}",
        "prefill_w": f"{busy:.0f}",
        "decode_w": f"{busy:.0f}",
    }


def _cells(names: dict[str, str], service: dict[str, Any]) -> dict[str, str]:
    """A row of services as a table writes it."""
    flat = {key: value for key, value in service.items() if key != "predicted"}
    flat |= {f"predicted.{key}": value for key, value in service["predicted"].items()}
    return names | {
        key: f"{value:.6g}" if isinstance(value, float) else str(value).lower()
        for key, value in flat.items()
    }


def _read_scores(path: Path | None, names: Sequence[str]) -> dict[tuple[str, str], Score]:
    found: dict[tuple[str, str], Score] = {}
    if path is not None:
        text = read_file(path, holding=_SCORES).decode("utf-8-sig", errors="replace")
        reader = csv.DictReader(io.StringIO(text))
        for column in ("variant", "class", "metric", "score"):
            if column not in (reader.fieldnames or ()):
                raise SlitError(f"{path}: no column {column}, expected {_SCORES}")
        for row in reader:
            variant = _plain(row["variant"] or "")
            if variant in names and row["class"] in CLASSES:
                found[variant, row["class"]] = Score(row["metric"] or "", row["score"] or "")
    missing = [(name, kind) for name in names for kind in CLASSES if (name, kind) not in found]
    if missing:
        listed = ", ".join(f"{name} for {kind}" for name, kind in missing)
        raise SlitError(
            f"scores: none of {listed}, expected --scores FILE, {_SCORES}; quality is not "
            "predicted: take scores of one public source for all, as Open LLM Leaderboard or "
            "LiveBench"
        )
    return found


def _write_table(path: Path, rows: Sequence[dict[str, str]]) -> None:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_file(path, stream.getvalue().encode())


def _scenario(gpus: Sequence[Gpu], metrics: dict[str, str], model: Model) -> str:
    """The starter's text with pools of these GPUs and the tables beside it."""
    text = (FOLDER / SCENARIO_FILE).read_text()
    head = text[: text.index("# --- what serves it")]
    pools = "".join(
        f'[[pools]]\nname = "{site}-{_plain(gpu.name)}"\ndatacenter = "{site}"\n'
        f'node_type = "{_node_name(gpu)}"\nnodes = {NODES}\n\n'
        for site in SITES
        for gpu in gpus
    )
    head = re.sub(r"(\[\[pools\]\]\n(?:[^\[\n]*\n)*\n)+", lambda _: pools, head, count=1)
    for kind, metric in metrics.items():
        head = re.sub(
            rf'(name = "{kind}"\n(?:.*\n)*?metric = )"[^"]*"',
            lambda found, metric=metric: f'{found.group(1)}"{metric}"',  # type: ignore[misc]
            head,
            count=1,
        )
    return head + _TABLES.format(method=model.method, digest=model.digest[:12])


_TABLES = """\
# --- what serves it: predicted by slit (docs/predictor.md), nothing of it measured ----------------

[node_types]
file = "node_types.csv"

[variants]
file = "variants.csv"

[quality]
file = "quality.csv"

[services]
file = "services.csv"

# Where the figures come from: the report shows it, and how much of them is estimated.
[[inputs]]
name = "carbon"
source = "made up"
estimated_share = 1

[[inputs]]
name = "price"
source = "made up"
estimated_share = 1

[[inputs]]
name = "demand"
source = "made up"

[[inputs]]
name = "services"
source = "predicted by slit (method {method}, trained on ML.ENERGY v3, {digest})"
estimated_share = 1
note = "services.csv: what each stands on, interval of 90 %; power while reading is the limit"
"""
