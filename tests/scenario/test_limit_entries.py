"""[[limits]] of a scenario file: what is read, kept and refused."""

from dataclasses import replace
from pathlib import Path

import pytest

import slit
from slit.errors import SlitError
from slit.scenario.diagnostics import Severity
from slit.scenario.limit_entry import LimitEntry
from slit.scenario.store import read_scenario, save_scenario, scenario_hash
from tests.scenario.test_builtin import FROZEN

HEAD = 'schema = 1\nname = "mine"\nextends = "tiny"\n'


def written(folder: Path, *limits: tuple[str, str]) -> Path:
    entries = [f'[[limits]]\nmeasure = "{name}"\nmost = {most}\n' for name, most in limits]
    file = folder / "mine.toml"
    file.write_text(HEAD + "".join(entries))
    return file


def test_numbers_and_text_are_read(tmp_path: Path) -> None:
    file = written(tmp_path, ("quality", "0.36"), ("carbon", '"nearest+5%"'), ("starts", "40"))
    assert slit.load_scenario(file).limits == (
        LimitEntry(measure="quality", most=0.36),
        LimitEntry(measure="carbon", most="nearest+5%"),
        LimitEntry(measure="starts", most=40.0),
    )
    assert not [each for each in slit.check(file) if each.severity is Severity.ERROR]


def test_limits_from_a_table(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(HEAD + '[limits]\nfile = "limits.csv"\n')
    (tmp_path / "limits.csv").write_text("measure,most\nquality,0.36\ncarbon,nearest+5%\n")
    assert [each.most for each in slit.load_scenario(file).limits] == [0.36, "nearest+5%"]


@pytest.mark.parametrize(
    ("most", "message"),
    [
        ("true", "true, expected a number or text such as nearest\\+5%"),
        ("nan", "nan, expected a number or text"),
        ("[1, 2]", "list, expected a number or text"),
    ],
)
def test_what_is_no_limit_is_refused(most: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SlitError, match=rf"limits\[0\]\.most: {message}"):
        slit.load_scenario(written(tmp_path, ("quality", most)))


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (("quality", '"1,300"'), "limit 'quality<=1,300': 1,300, expected"),
        (("carbn", "5"), "limit 'carbn<=5': 'carbn', expected one of"),
        (("carbon", '"neerest"'), "did you mean 'nearest'"),
    ],
)
def test_the_check_of_a_scenario_reads_its_limits(
    limit: tuple[str, str], message: str, tmp_path: Path
) -> None:
    first = slit.check(written(tmp_path, limit))[0]
    assert first.severity is Severity.ERROR
    assert message in str(first)


def test_limits_count_in_the_hash_and_come_back(tmp_path: Path) -> None:
    scenario = slit.load_scenario("tiny")
    assert scenario_hash(scenario) == FROZEN["tiny"]
    limited = replace(scenario, limits=(LimitEntry(measure="quality", most=0.36),))
    assert scenario_hash(limited) != FROZEN["tiny"]
    save_scenario(limited, tmp_path)
    assert read_scenario(tmp_path).limits == limited.limits
    assert scenario_hash(read_scenario(tmp_path)) == scenario_hash(limited)


def test_limits_of_the_scenario_join_those_that_are_given(tmp_path: Path) -> None:
    file = written(tmp_path, ("quality", "0.35"), ("carbon", '"helix"'))
    run = tmp_path / "run"
    result = slit.optimize(
        file, optimizer="nsga2", population=24, evaluations=240, baselines=False, output=run,
        limits=["cost<=helix", "carbon <= helix"],
    )  # fmt: skip
    assert [limit.text for limit in result.limits] == [
        "quality<=0.35", "carbon<=helix", "cost<=helix",
    ]  # fmt: skip
    judged = slit.evaluate(file, result.front.X)
    assert ((judged.G > 0) <= (result.front.G > 0)).all()
    assert slit.reevaluate(slit.read_run(run)).equal
