"""`--json` of every command: one JSON object on the descriptor of standard output, nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

import slit
from slit.api.operating import OperatingOptions, operate
from slit.commands.app import app
from slit.commands.wireless_learning import train
from slit.papers.aolo.agents import NEEDED
from slit.papers.aolo.front_file import optimize_day, write_front
from slit.papers.aolo.requests import load_cell_day

CASES = {
    ("optimize",): "tiny --evaluations 200 --output NEW",
    ("evaluate",): "RUN",
    ("show",): "RUN --plan 0 --routing",
    ("bound",): "RUN --gap --weights 4 --refined 2",
    ("tradeoff",): "RUN --allow cost=+10%",
    ("accounts",): "ACCOUNTS --evaluations 60",
    ("grow",): "tiny --nodes 2",
    ("replay",): "RUN --plan 0 --share 0.2",
    ("calibrate",): "RUN --plan 0 --share 0.2 --output NEW",
    ("export",): "RUN --plan 0 --to neutral --output NEW",
    ("diff",): "RUN:0 RUN:nearest",
    ("operate",): "ten-weeks --folder NEW --once --at 2024-03-04 --history 10 --forecast naive "
    "--horizon 6",
    ("settle",): "ten-weeks --folder OPERATION",
    ("backtest",): "ten-weeks --from 2024-03-04 --to 2024-03-04T02:00Z --history 10 --forecast "
    "naive --horizon 6 --no-causes --rival nearest",
    ("forecast", "list"): "",
    ("forecast", "evaluate"): "ten-weeks --days 2 --history 10 --method naive --output NEW",
    ("check",): "tiny",
    ("scenarios",): "",
    ("optimizers",): "",
    ("green-llm",): "tiny --no-allocation",
    ("objectives",): "",
    ("objectives", "new"): "mine --output NEW",
    ("predict",): "--model Qwen3-8B --gpu H100",
    ("predictor", "list"): "",
    ("predictor", "train"): "MEASURED --method roofline --output NEW",
    ("predictor", "evaluate"): "MEASURED --method roofline",
    ("wireless", "last-mile"): "cell-tiny",
    ("wireless", "solve"): "cell-tiny --output NEW",
    ("wireless", "optimize"): "cell-tiny --output NEW",
    ("wireless", "report"): "AIR --output NEW",
    ("wireless", "train"): "sac cell-tiny --steps 640 --output NEW",
    ("wireless", "evaluate"): "AGENT",
    ("benchmark", "list"): "",
    ("benchmark", "run"): "smoke --seeds 1 --only nearest --output SUITE",
    ("benchmark", "report"): "SUITE",
}
"""Commands by their words, and the rest of the line: RUN is a run of `tiny`, ACCOUNTS a file with
another carbon account for it, NEW a new folder, OPERATION a folder of slit operate, AIR the front
of a cell-day, AGENT one that learned it, MEASURED a table of measured inferences."""
MEASURED = (
    "task,gpu_model,model_id,weight_precision,avg_batch_size,avg_output_len,avg_power_watts,"
    "data_parallel,energy_per_token_joules,expert_parallel,median_itl_ms,num_gpus,"
    "output_throughput_tokens_per_sec\n"
) + "".join(
    f"gpqa,{gpu},{model},bfloat16,{batch},600,430,1,0.4,1,{8 + batch / 9},1,{batch * 99}\n"
    for gpu in ("H100", "B200")
    for model in ("Qwen/Qwen3-8B", "Qwen/Qwen3-14B")
    for batch in (1, 8, 64)
)


ACCOUNTS = """
schema = 1
name = "accounts"
extends = "tiny"

[accounts.flat]
carbon = { value = 400, unit = "g/kWh" }
"""
LEARNING = ("wireless", "evaluate"), ("wireless", "train")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("places")
    slit.optimize("tiny", evaluations=200, output=folder / "run")
    options = OperatingOptions(forecast="naive", history_days=10, horizon_h=6)
    hour: dict[str, Any] = {"start": "2024-03-04", "end": "2024-03-04T01:00Z", "options": options}
    list(operate("ten-weeks", folder / "operation", **hour))
    (folder / "measured.csv").write_text(MEASURED)
    (folder / "accounts.toml").write_text(ACCOUNTS)
    write_front(folder / "air", optimize_day(load_cell_day("cell-tiny"), seed=0, weights=4))
    return {
        "RUN": folder / "run",
        "ACCOUNTS": folder / "accounts.toml",
        "OPERATION": folder / "operation",
        "AIR": folder / "air",
        "NEW": folder / "new",
        "SUITE": folder / "suite",
        "MEASURED": folder / "measured.csv",
    }


def commands_with_json(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if any("--json" in option.opts for option in command.params):
        yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands_with_json(inner, (*words, name))


def test_every_command_with_json_is_covered() -> None:
    assert set(commands_with_json(typer.main.get_command(app))) == set(CASES)


@pytest.mark.slow
@pytest.mark.parametrize("words", CASES, ids=" ".join)
def test_one_object_and_nothing_else(
    repository: Path, places: dict[str, Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    places = {**places, "NEW": tmp_path / "new", "AGENT": tmp_path / "agent"}
    if words in LEARNING and any(find_spec(name) is None for name in NEEDED):
        pytest.skip("extra rl: not installed (the newest versions are tried without it)")
    if words == ("wireless", "evaluate"):
        train("sac", "cell-tiny", steps=640, output=places["AGENT"], as_json=True)
    named = [word.partition(":") for word in CASES[words].split()]
    rest = [f"{places.get(word, word)}{colon}{plan}" for word, colon, plan in named]
    done = subprocess.run(
        [sys.executable, "-m", "slit", *words, *rest, "--json"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict)
