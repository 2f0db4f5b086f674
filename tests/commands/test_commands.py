"""The subcommands as a user calls them."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from slit.commands.app import app

SMALL = ("--optimizer", "deap-nsga2", "--population", "12", "--evaluations", "60")
NAMES = ["carbon", "water", "cost", "quality"]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in arguments], catch_exceptions=False)


def said(*arguments: object, code: int = 0) -> dict[str, Any]:
    result = call(*arguments, "--json")
    assert result.exit_code == code, result.output
    content: dict[str, Any] = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    return content


def refused(*arguments: object) -> str:
    """The message of a user's mistake: one line, no traceback, nothing on standard output."""
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("slit: ")
    assert result.stderr.count("\n") == 1
    assert ", expected " in result.stderr
    return result.stderr


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands") / "run"
    assert call("optimize", "tiny", *SMALL, "--output", folder, "--quiet").stdout == ""
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "run"))


def test_optimize_says_what_it_found(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    content = said("optimize", "tiny", *SMALL, "--output", folder)
    assert set(content) >= {"run", "plans", "feasible", "evaluations", "seconds", "stop"}
    assert content["run"] == str(folder)
    assert (content["feasible"], content["evaluations"], content["stop"]) == (
        True,
        60,
        "evaluations",
    )
    rows = rows_of(folder / "front.csv")
    assert content["plans"] == sum(row["on_front"] == "1" for row in rows) > 0
    assert content["findings"] == json.loads((folder / "manifest.json").read_text())["findings"]
    assert "<html" in (folder / "report.html").read_text()[:200].lower()


def test_optimize_prints_the_picks_and_the_folder(tmp_path: Path) -> None:
    result = call("optimize", "tiny", *SMALL, "--output", tmp_path / "run")
    assert result.exit_code == 0
    assert "deap-nsga2-balance" in result.stdout
    assert "Change against nearest" in result.stdout
    assert str(tmp_path / "run") in result.stdout
    assert result.stderr == ""


def test_same_seed_same_files(tmp_path: Path) -> None:
    for name, threads in (("a", 1), ("b", 1), ("c", 2)):
        call("optimize", "tiny", *SMALL, "--output", tmp_path / name, "--threads", threads)
    first = (tmp_path / "a" / "front.csv").read_bytes()
    assert (tmp_path / "b" / "front.csv").read_bytes() == first
    assert (tmp_path / "c" / "front.csv").read_bytes() == first
    call("optimize", "tiny", *SMALL, "--output", tmp_path / "d", "--seed", 2)
    assert (tmp_path / "d" / "front.csv").read_bytes() != first


def test_without_an_output_a_new_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = said("optimize", "tiny", "--optimizer", "nearest")
    second = said("optimize", "tiny", "--optimizer", "nearest")
    assert first["run"] != second["run"]
    for content in (first, second):
        assert (tmp_path / content["run"] / "manifest.json").exists()


def test_evaluate_is_equal_then_differs(folder: Path) -> None:
    content = said("evaluate", folder)
    assert set(content) == {"equal", "plans", "largest_difference"}
    assert content["equal"] is True
    assert content["largest_difference"] == 0
    assert "equal" in call("evaluate", folder).stdout
    lines = (folder / "front.csv").read_text().splitlines()
    cells = lines[1].split(",")
    cells[2] = repr(float(cells[2]) * 2)
    (folder / "front.csv").write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    assert said("evaluate", folder, code=1)["equal"] is False
    assert "different" in call("evaluate", folder).stdout


def test_show_gives_picks_with_values_and_changes(written: Path) -> None:
    content = said("show", written)
    picks = {pick["name"]: pick for pick in content["picks"]}
    assert {f"deap-nsga2-{name}" for name in [*NAMES, "balance"]} <= set(picks)
    assert {"nearest", "round_robin", "random", "greedy_carbon"} <= set(picks)
    for pick in picks.values():
        assert set(pick) >= {"name", "plan", "method", "values", "change_percent", "saving_percent"}
        assert list(pick["values"]) == list(pick["change_percent"]) == NAMES
    nearest, carbon = picks["nearest"], picks["deap-nsga2-carbon"]
    expected = 100 * (carbon["values"]["carbon"] / nearest["values"]["carbon"] - 1)
    assert carbon["change_percent"]["carbon"] == pytest.approx(expected)
    assert carbon["saving_percent"]["carbon"] == pytest.approx(-expected)
    assert set(nearest["change_percent"].values()) <= {0.0, None}
    assert "-0.0" not in json.dumps(nearest)
    assert content["against"] == "nearest"


def test_show_against_another_baseline(written: Path) -> None:
    content = said("show", written, "--against", "random")
    assert content["against"] == "random"
    assert "Change against random" in call("show", written, "--against", "random").stdout
    assert "'nobody', expected one of" in refused("show", written, "--against", "nobody")


def test_show_one_plan_and_its_routing(folder: Path) -> None:
    content = said("show", folder, "--plan", "nearest", "--routing")
    assert content["plan"]["method"] == "nearest"
    centers = content["plan"]["datacenters"]
    total = sum(center["carbon_kg"] for center in centers)
    assert total == pytest.approx(content["plan"]["values"]["carbon"])
    rows = rows_of(folder / "routing.csv")
    assert list(rows[0]) == [
        "hour", "origin", "class", "datacenter", "pool", "variant", "share", "requests", "nodes",
    ]  # fmt: skip
    shares: dict[tuple[str, ...], float] = {}
    for row in rows:
        key = row["hour"], row["origin"], row["class"]
        shares[key] = shares.get(key, 0.0) + float(row["share"])
        assert int(row["nodes"]) >= 1
    assert shares
    assert all(share == pytest.approx(1.0) for share in shares.values())
    number = content["plan"]["plan"]
    assert f"plan {number} by nearest, feasible" in call("show", folder, "--plan", number).stdout


def test_report_is_written_where_asked(folder: Path, tmp_path: Path) -> None:
    (folder / "report.html").unlink()
    assert call("report", folder).stdout.strip() == str(folder / "report.html")
    assert (folder / "report.html").exists()
    call("report", folder, "--output", tmp_path / "other.html")
    assert (tmp_path / "other.html").exists()


def test_check_counts_findings() -> None:
    content = said("check", "tiny")
    assert set(content) == {"errors", "warnings", "findings"}
    assert content["errors"] == 0
    severities = [finding["severity"] for finding in content["findings"]]
    assert severities.count("warning") == content["warnings"]
    assert "0 errors" in call("check", "tiny").stdout


def test_check_finds_errors(tmp_path: Path) -> None:
    call("init", tmp_path / "mine")
    file = tmp_path / "mine" / "scenario.toml"
    file.write_text(file.read_text().replace("nodes = ", "nodes = -", 1))
    content = said("check", file, code=1)
    assert content["errors"] == len([f for f in content["findings"] if f["severity"] == "error"])
    assert content["errors"] >= 1


def test_init_writes_a_scenario_that_runs(tmp_path: Path) -> None:
    result = call("init", tmp_path / "mine")
    assert result.exit_code == 0
    file = tmp_path / "mine" / "scenario.toml"
    assert str(file) in result.stdout
    assert said("check", file)["errors"] == 0
    assert said("optimize", file, "--optimizer", "nearest", "--output", tmp_path / "run")[
        "feasible"
    ]
    assert "not empty" in refused("init", tmp_path / "mine")


def test_lists() -> None:
    scenarios = [entry["name"] for entry in said("scenarios")["scenarios"]]
    assert scenarios[0] == "world-day"
    assert "tiny" in scenarios
    objectives = {entry["name"]: entry for entry in said("objectives")["objectives"]}
    assert [name for name in objectives if objectives[name]["default"]] == NAMES
    assert objectives["cost"]["unit"] == "USD"
    optimizers = {entry["name"] for entry in said("optimizers")["optimizers"]}
    assert {"pymoo-nsga2", "deap-nsga2", "nearest"} <= optimizers
    for command in ("scenarios", "objectives", "optimizers"):
        assert call(command).exit_code == 0
    schema = json.loads(call("schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_help_and_version() -> None:
    assert call("--version").stdout.startswith("slit ")
    text = call("--help").stdout
    for command in ("optimize", "init", "evaluate", "show", "report", "check", "schema"):
        assert command in text


PLUGIN = """
from slit.objectives import cell_objective

@cell_objective(name="grid_of_command_test", unit="kWh", title="Grid energy")
def grid_of_command_test(it, facility, grid, nodes, data):
    return grid
"""


def test_a_plugin_goes_all_the_way(tmp_path: Path) -> None:
    file, folder = tmp_path / "mine.py", tmp_path / "run"
    file.write_text(PLUGIN)
    listed = said("objectives", "--plugin", file)["objectives"]
    assert "grid_of_command_test" in [entry["name"] for entry in listed]
    said("optimize", "tiny", "--optimizer", "nearest", "--plugin", file, "--output", folder)
    header = (folder / "front.csv").read_text().splitlines()[0]
    assert header == "plan,method,carbon,water,cost,quality,grid_of_command_test,violation,on_front"
    assert "expected --plugin FILE" in refused("evaluate", folder)
    assert said("evaluate", folder, "--plugin", file)["equal"]
    assert "grid_of_command_test" in said("show", folder, "--plugin", file)["picks"][0]["values"]
    file.write_text(PLUGIN + "# changed\n")
    assert "SHA-256" in refused("evaluate", folder, "--plugin", file)


def test_a_search_starts_from_a_plan_of_another_run(written: Path, tmp_path: Path) -> None:
    common = ("tiny", *SMALL, "--no-baselines")
    said("optimize", *common, "--output", tmp_path / "a", "--start-plan", f"{written}:nearest")
    assert {row["method"] for row in rows_of(tmp_path / "a" / "front.csv")} == {"deap-nsga2"}
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert manifest["start_plan"] == f"{written}:nearest"
    said("optimize", *common, "--output", tmp_path / "b")
    first, second = ((tmp_path / name / "front.csv").read_bytes() for name in "ab")
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.toml",), "no such scenario"),
        (("tiny", "--optimizer", "magic"), "optimizer: 'magic', expected one of"),
        (("tiny", "--objectives", "carbon,joy"), "objective: 'joy', expected one of carbon"),
        (("tiny", "--objectives", "carbon,carbon"), "'carbon' twice"),
        (("tiny", "--evaluations", "0"), "evaluations: 0, expected more than 0"),
        (("tiny", "--seconds", "-1"), "seconds: -1.0, expected more than 0"),
        (("tiny", "--population", "1"), "population: 1, expected at least 4"),
        (("tiny", "--optimizer", "nearest", "--population", "9"), "setting 'population'"),
        (("tiny", "--optimizer", "nearest", "--moves", "9"), "budget: given to nearest"),
        (("tiny", "--optimizer", "lexicographic", "--stagnation", "9"), "which makes one plan"),
        (("tiny", "--start-plan", "nothing"), "expected RUN:PLAN"),
        (("tiny", "--start-plan", "nowhere:3"), "no folder nowhere"),
        (("tiny", "--plugin", "nowhere.py"), "plug-in: no file nowhere.py"),
        (("tiny", "--start", "soon"), "start: 'soon', expected a date"),
        (("tiny", "--hours", "0.01"), "hours: 0.01"),
        (("tiny", "--resume", "nowhere"), "expected an unfinished run"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = () if "--resume" in arguments else ("--output", tmp_path / "run")
    assert message in refused("optimize", *arguments, *output)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_a_mistake(folder: Path) -> None:
    assert "exists, expected a new folder or --overwrite" in refused(
        "optimize", "tiny", "--output", folder
    )
    assert "one of them" in refused("optimize", "--resume", folder, "--output", folder)


@pytest.mark.parametrize("command", ["evaluate", "show", "report"])
def test_damaged_runs_are_mistakes(command: str, folder: Path, tmp_path: Path) -> None:
    assert "no folder" in refused(command, tmp_path / "nowhere")
    (folder / "plans.npz").write_bytes(b"PK\x03\x04 damaged")
    assert "plans.npz" in refused(command, folder)
    (folder / "manifest.json").write_text("[]")
    assert "manifest.json" in refused(command, folder)


def test_a_plan_is_named_as_the_run_knows_it(written: Path) -> None:
    assert "plan: '9999', expected a number from 0 to" in refused("show", written, "--plan", 9999)
    assert "expected --plan ID" in refused("show", written, "--routing")


def test_demand_beyond_capacity_names_epoch_and_shortfall(tmp_path: Path) -> None:
    call("init", tmp_path / "mine")
    file, table = (tmp_path / "mine" / name for name in ("scenario.toml", "demand.csv"))
    rows = rows_of(table)
    for row in rows:
        row["requests"] = str(1000 * float(row["requests"]))
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    message = refused("optimize", file, "--output", tmp_path / "run")
    assert "epoch" in message
    assert "node-hours" in message
    assert not (tmp_path / "run").exists()
    assert said("check", file, code=1)["errors"] >= 1
