"""`slit green-llm` as a user calls it, in a small app of its own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from slit.commands.green_llm import green_llm
from slit.errors import InfeasibleError, SlitError
from slit.papers.green_llm.generator import Sizes, generate_instance
from slit.papers.green_llm.instance import load_instance, save_instance

app = typer.Typer()
app.command("green-llm")(green_llm)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("command") / "small.json"
    save_instance(generate_instance(rng=np.random.default_rng(0), sizes=Sizes(3, 3, 2, 4, 2)), path)
    return str(path)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def run_json(*arguments: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return content


def test_known_optimum_as_json(shared_data: Path) -> None:
    path = str(shared_data / "green_llm" / "instance.json")
    found = run_json(path, "--order", "energy,delay,carbon")
    assert found["energy_cost"] == pytest.approx(194.130, abs=0.01)
    assert found["carbon_cost"] == pytest.approx(8.136, abs=0.01)
    assert found["delay_penalty"] == pytest.approx(192.194, abs=0.01)
    assert {"carbon_kg", "water_l", "latency_mean_s", "latency_max_s"} <= set(found)
    assert [phase["minimized"] for phase in found["phases"]] == ["energy", "delay", "carbon"]
    assert found["phases"][0]["optimum"] == pytest.approx(193.936, abs=0.01)
    assert found["tolerance"] == [0.001]
    assert found["tolerance_unit"] == "share"


def test_weights_of_the_letter(shared_data: Path) -> None:
    path = str(shared_data / "green_llm" / "instance.json")
    by_place = run_json(path, "--weights", "1/4,1/2,1/4", "--no-allocation")
    by_name = run_json(path, "--weights", "delay=0.25, energy=0.25,carbon=0.5", "--no-allocation")
    assert by_place["carbon_cost"] == pytest.approx(3.617, abs=0.01)
    for key in ("energy_cost", "carbon_cost", "delay_penalty"):
        assert by_name[key] == pytest.approx(by_place[key], abs=1e-6)
    assert by_place["weights"] == {"energy": 0.25, "carbon": 0.5, "delay": 0.25}


def test_text_names_every_phase_and_what_delay_means(small: str) -> None:
    output = run(small, "--order", "carbon,energy", "--tolerance", "0.05")
    assert "order carbon > energy, tolerance 0.05 of the optimum's absolute value" in output
    assert "1 carbon" in output
    assert "2 energy" in output
    assert "batch measure" in output


def test_allocation_is_written(small: str, tmp_path: Path) -> None:
    content = run_json(small, "--allocation", "routes.csv")
    assert content["allocation"] == "routes.csv"
    table = pd.read_csv(tmp_path / "routes.csv")
    queries = table.groupby(["area", "query_type", "hour"])["share"].sum()
    assert queries.to_numpy() == pytest.approx(np.ones(3 * 2 * 4))
    assert table["facility_kwh"].sum() == pytest.approx(content["facility_kwh"])


def test_default_allocation_and_none(small: str, tmp_path: Path) -> None:
    assert "allocation: green_llm_allocation.csv" in run(small)
    (tmp_path / "green_llm_allocation.csv").unlink()
    assert "allocation" not in run_json(small, "--no-allocation")
    assert not list(tmp_path.iterdir())


def test_without_an_instance_one_is_drawn(tmp_path: Path) -> None:
    content = run_json("--seed", "4", "--save-instance", "drawn.json", "--order", "delay")
    assert content["source"] == "random instance, seed 4"
    again = run_json("drawn.json", "--order", "delay")
    assert again["delay_penalty"] == content["delay_penalty"]
    assert load_instance(tmp_path / "drawn.json").sizes["J"] == 9


def test_scales_and_cap_change_the_instance(small: str) -> None:
    options = ["--renewable-scale", "0", "--carbon-scale", "2", "--demand-scale", "0.5"]
    run_json(small, *options, "--water-cap", "4000", "--save-instance", "changed.json")
    before, after = load_instance(Path(small)), load_instance(Path("changed.json"))
    assert (after.renewable == 0).all()
    assert after.carbon_intensity == pytest.approx(2 * before.carbon_intensity)
    assert after.demand == pytest.approx(0.5 * before.demand)
    assert after.water_cap == 4000


def test_absolute_tolerance_by_step(small: str) -> None:
    found = run_json(small, "--renewable-scale", "0", "--tolerance", "1,2", "--absolute")
    caps = found["phases"][2]["caps"]
    assert caps["energy"] == pytest.approx(found["phases"][0]["optimum"] + 1)
    assert caps["delay"] == pytest.approx(found["phases"][1]["optimum"] + 2)
    assert found["tolerance_unit"] == "USD"


def test_sweep_with_a_figure(small: str, tmp_path: Path) -> None:
    arguments = [small, "--sweep", "water_cap=0,10000", "--figure", "sweep.html"]
    content = run_json(*arguments)["sweep"]
    assert content["values"] == [0, 10000]
    assert content["feasible"] == [False, True]
    assert content["energy_cost"][0] is None
    assert "Green-LLM" in (tmp_path / "sweep.html").read_text(encoding="utf-8")
    output = run(*arguments)
    assert "figure: sweep.html" in output
    assert "expected at least" in output


def test_placement(small: str) -> None:
    content = run_json(small, "--placement", "--time-limit", "20")
    assert content["bound"] <= content["total_cost"] + 1e-6
    paid = content["energy_cost"] + content["carbon_cost"]
    extra = content["download_cost"] + content["unmet_penalty"]
    assert content["total_cost"] == pytest.approx(paid + extra)
    assert "ours" in run(small, "--placement", "--time-limit", "20")


def test_water_cap_below_what_is_attainable(small: str) -> None:
    with pytest.raises(InfeasibleError, match="water cap: found 1 L, expected at least"):
        run(small, "--water-cap", "1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--order", "energy,cost"], "order: found cost"),
        (["--order", "energy,energy"], "each at most once"),
        (["--order", ""], "order: found nothing"),
        (["--tolerance", "-0.1"], "tolerance: found -0.1"),
        (["--tolerance", "much"], "--tolerance: 'much', expected numbers"),
        (["--tolerance", "1e999"], "tolerance: found inf"),
        (["--tolerance", "0.1,0.1,0.1"], "tolerance: found 3, expected 1 or 2"),
        (["--weights", "1,2"], "--weights: found '1,2', expected one number for each"),
        (["--weights", "energy=1,energy=2"], "--weights: found"),
        (["--weights", "cost=1"], "weights: found cost"),
        (["--weights", "1,1,-1"], "weights: found"),
        (["--weights", "1,1,1/0"], "--weights: '1,1,1/0', expected numbers"),
        (["--weights", "1,1,1", "--order", "energy"], "found --order, --weights together"),
        (["--placement", "--sweep", "carbon=1"], "found --sweep, --placement together"),
        (["--placement", "--time-limit", "0"], "--time-limit: found 0"),
        (["--sweep", "carbon"], "--sweep: found 'carbon', expected WHAT"),
        (["--sweep", "carbon="], "--sweep: '', expected numbers"),
        (["--sweep", "prices=1"], "sweep: found prices"),
        (["--sweep", "carbon=1", "--tolerance", "0,1"], "expected one number with --sweep"),
        (["--figure", "x.html"], "--figure: found no --sweep"),
        (["--sweep", "carbon=1", "--allocation", "x.csv"], "--allocation: given with --sweep"),
        (["--sweep", "water_cap=9", "--water-cap", "9"], "--water-cap: given with --sweep water_"),
        (["--allocation", "x.csv", "--no-allocation"], "--allocation: given with --no-alloc"),
        (["--weights", "1,1,1", "--tolerance", "0"], "--tolerance: given with --weights"),
        (["--placement", "--absolute"], "--absolute: given with --placement"),
        (["--time-limit", "9"], "--time-limit: no --placement"),
        (["--seed", "9"], "--seed: no --placement"),
        (["--water-cap", "nan"], "water cap: found nan"),
        (["--renewable-scale", "-1"], "renewable scale: found -1"),
        (
            ["--allocation", "absent/x.csv"],
            "absent/x.csv: No such file or directory",
        ),
    ],
)
def test_mistakes_are_said(small: str, arguments: list[str], message: str) -> None:
    with pytest.raises(SlitError, match=message):
        run(small, *arguments)


def test_no_instance_of_that_name() -> None:
    with pytest.raises(SlitError, match=r"absent\.json: cannot be read"):
        run("absent.json")
    with pytest.raises(SlitError, match="absent: no such scenario, expected a path"):
        run("absent")


def test_a_scenario_is_converted(tmp_path: Path) -> None:
    content = run_json("tiny", "--order", "energy,carbon", "--save-instance", "tiny.json")
    assert content["source"] == "scenario tiny"
    assert [phase["minimized"] for phase in content["phases"]] == ["energy", "carbon"]
    conversion = content["conversion"]
    assert len(conversion["mapped"]) == 22
    assert conversion["models"] == {"chat": "small", "code": "large"}
    again = run_json("tiny.json", "--order", "energy,carbon")
    assert again["energy_cost"] == content["energy_cost"]
    assert "conversion" not in again
    output = run("tiny", "--variant", "chat=large", "--variant", "code=small")
    assert "chat large (0.85), code small (0.4)" in output
    assert "filled in delta: no such tax in a scenario" in output
    capped = run_json("tiny", "--water-cap", "9")
    assert capped["water_l"] == pytest.approx(9.0)
    with pytest.raises(InfeasibleError, match=r"water cap: found 3 L, expected at least 8\.3 L"):
        run("tiny", "--water-cap", "3")
    with pytest.raises(InfeasibleError, match="resource capacity"):
        run("tiny", "--demand-scale", "9")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--variant", "chat"], "--variant: 'chat', expected CLASS=NAME"),
        (["--variant", "chat=small", "--variant", "chat=large"], "--variant: 'chat' twice"),
        (["--variant", "chat=huge"], "variant of chat: 'huge', expected one of small, large"),
    ],
)
def test_mistakes_about_variants_are_said(small: str, arguments: list[str], message: str) -> None:
    with pytest.raises(SlitError, match=message):
        run("tiny", *arguments)
    with pytest.raises(SlitError, match="--variant: found no scenario"):
        run(small, *arguments)
