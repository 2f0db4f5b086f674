"""`slit replay` from the command line, and what a run folder keeps of it."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.errors import SlitError
from slit.problem.placements import placements_of
from slit.record import read_run
from slit.record.folder import REPLAYS
from slit.record.replays import kept_replays


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("replay") / "run"
    options = ["--optimizer", "nsga2", "--evaluations", "400", "--quiet", "--no-bound"]
    result = CliRunner().invoke(app, ["optimize", "tiny", *options, "--output", str(place)])
    assert result.exit_code == 0, result.stderr
    return place


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["replay", *map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["replay", *map(str, arguments)])
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr


def test_promised_beside_served(folder: Path) -> None:
    content = json.loads(call(folder, "--plan", "nearest", "--seed", 3, "--json"))
    for side in ("promised", "served"):
        for name in ("carbon", "water", "cost", "quality", "ttft_p50_s", "ttft_p95_s", "ttft_p99_s",
                     "late_share", "nodes"):  # fmt: skip
            assert content[side][name] >= 0
    assert content["requests"] == pytest.approx(29_500, rel=0.05)
    assert content["events"] + content["unserved"] + content["refused"] == content["requests"]
    kept = kept_replays(folder)
    assert kept["nearest"] == content
    shown = call(folder, "--plan", "nearest", "--seed", 3)
    assert "promised" in shown
    assert "Placements and epochs:" in shown


def test_all_picks(folder: Path) -> None:
    content = json.loads(call(folder, "--plan", "picks", "--share", 0.2, "--json"))
    names = [each["plan"] for each in content["plans"]]
    assert {"nsga2-balance", "nearest", "helix"} <= set(names)
    assert set(names) <= kept_replays(folder).keys()


def test_a_log(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2001-05-10 00:00:00.1,100,20\n2001-05-10 00:00:09.5,90,0\n2001-05-10 00:20:03,80,30\n"
    )
    options = "--plan", "nearest", "--trace", log, "--format", "azure", "--zone", "UTC"
    content = json.loads(call(folder, *options, "--json"))
    assert (content["requests"], content["left_out"], content["trace"]) == (2, 1, str(log))
    shown = call(folder, *options)
    assert "1 of its entries left out" in shown
    assert "where the plan expects 29,500" in shown
    assert "expected both or neither" in refused(folder, "--plan", "nearest", "--trace", log)
    assert "no --trace, expected it" in refused(folder, "--plan", "nearest", "--zone", "UTC")


def test_a_row_a_request(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "served.parquet"
    content = json.loads(
        call(folder, "--plan", "nearest", "--share", 0.2, "--log", table, "--json")
    )
    assert pd.read_parquet(table)["stands_for"].sum() == pytest.approx(content["requests"])
    assert "expected one plan and day" in refused(folder, "--plan", "picks", "--log", table)
    lost = tmp_path / "nowhere" / "served.parquet"
    assert "expected a file to write" in refused(folder, "--plan", "nearest", "--log", lost)


def test_days_a_grid_and_a_cache(folder: Path) -> None:
    options = "--plan", "nearest", "--share", 0.2, "--days", 3, "--grid", 256, "--cached", 0.3
    content = json.loads(call(folder, *options, "--json"))
    days = content["days"]
    assert (days["count"], content["settings"]["grid"]) == (3, 256)
    assert content["settings"]["cached"] == {"*": 0.3}
    energy = days["figures"]["energy"]
    assert energy["promised"] == content["promised"]["energy"]
    assert 0 < energy["low"] < energy["mean"] < energy["high"]  # other seeds, other requests
    assert kept_replays(folder)["nearest"] == content
    hours = content["hours"]
    for name in ("energy", "carbon", "water", "cost"):
        for side, prefix in (("promised", "promised_"), ("served", "")):
            total = sum(each[prefix + name] for each in hours)
            assert total == pytest.approx(content[side][name])
            places = sum(each[prefix + name] for each in content["datacenters"])
            assert places == pytest.approx(total)
    shown = call(folder, *options)
    assert "Over 3 days:" in shown
    assert "SLO" in shown


def test_days_of_a_log(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = [f"{t},100,20" for t in (0, 90_000, 90_001)]
    log.write_text("\n".join(["arrived_at,num_prefill_tokens,num_decode_tokens", *rows]) + "\n")
    epochs = len(json.loads(call(folder, "--plan", "nearest", "--share", 0.1, "--json"))["hours"])
    options = "--plan", "nearest", "--trace", log, "--format", "vidur"
    days = 90_000 // (epochs * 600) + 1
    message = refused(folder, *options, "--days", days)
    assert "no requests in day 2" in message
    assert json.loads(call(folder, *options, "--days", 1, "--json"))["requests"] == 1


def test_the_blocks_of_a_log(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    entries = [
        {"timestamp": 0, "input_length": 1000, "output_length": 5, "hash_ids": [1, 2]},
        {"timestamp": 900, "input_length": 1500, "output_length": 5, "hash_ids": [1, 2, 3]},
    ]
    log.write_text("\n".join(map(json.dumps, entries)) + "\n")
    options = "--plan", "nearest", "--trace", log, "--format", "mooncake", "--cached", "blocks"
    content = json.loads(call(folder, *options, "--json"))
    assert content["settings"]["cached"] == {"*": pytest.approx(1024 / 2500)}


def test_a_trace_of_a_node(folder: Path, tmp_path: Path) -> None:
    scenario = read_run(folder).scenario
    file = tmp_path / "trace.json"
    names = [each.name for each in placements_of(scenario)]
    options = "--plan", "nearest", "--chrome-trace", file, "--json"
    for name in names:
        told = ["replay", *map(str, (folder, *options)), "--node", name, "--window", "60:90"]
        result = CliRunner().invoke(app, told)
        if result.exit_code == 0:
            break
        assert re.search("expected (a placement that the plan uses|one in which)", result.stderr)
    events = json.loads(file.read_text())["traceEvents"]
    assert {"M", "X", "C", "b", "e"} == {each["ph"] for each in events}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--plan: none, expected the number or name of a plan, or picks"),
        (("--plan", "nearst"), "did you mean 'nearest'"),
        (("--plan", "nearest", "--share", "0"), "share: 0, expected above 0 to 1"),
        (("--plan", "nearest", "--drain", "-3"), "drain: -3, expected 0 or more"),
        (("--plan", "nearest", "--token-scv", "-1"), "token_scv: -1, expected 0 to 100"),
        (("--plan", "nearest", "--grid", "0"), "grid: 0, expected 1 to"),
        (("--plan", "nearest", "--cached", "x"), "--cached: '*=x', expected a share, CLASS=SHARE"),
        (("--plan", "nearest", "--cached", "blocks"), "--cached: blocks without --trace"),
        (("--plan", "nearest", "--cached", "chatt=0.2"), "cached: class chatt, expected one of"),
        (("--plan", "nearest", "--days", "0"), "days: 0, expected at least 1"),
        (("--plan", "nearest", "--missed", "0.2"), "--missed: no --days"),
        (("--plan", "nearest", "--window", "0:9"), "--window: no --chrome-trace"),
        (("--plan", "nearest", "--node", "x"), "--chrome-trace and --node: one alone"),
        (("--plan", "picks", "--chrome-trace", "x", "--node", "y"), "expected one plan and day"),
    ],
)
def test_mistakes(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    message = refused(folder, *arguments)
    assert said in message
    assert message.count("\n") == 1


def test_what_was_kept_is_checked(folder: Path) -> None:
    kept = (folder / REPLAYS).read_bytes()
    try:
        for damaged in ("[1]", '{"nearest": 3}', "{"):
            (folder / REPLAYS).write_text(damaged)
            with pytest.raises(SlitError, match="slit replay wrote"):
                kept_replays(folder)
    finally:
        (folder / REPLAYS).write_bytes(kept)
