"""Requests of a cell-day, its channel, and what is refused."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from slit.errors import SlitError
from slit.papers.aolo.cell_file import BUILTIN, SECTIONS, cell_names, read_cell_file
from slit.papers.aolo.chain import refuse_impossible
from slit.papers.aolo.policies import POLICIES
from slit.papers.aolo.requests import draw_requests, load_cell_day, signal_over_noise
from slit.papers.aolo.solve import solve_day
from slit.papers.aolo.stations import PathLoss, path_loss_db
from slit.scenario.json_schema import field_table

TINY = (BUILTIN / "cell-tiny.toml").read_text(encoding="utf-8")


def written(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """cell-tiny with some text changed."""
    content = TINY
    for before, after in changes:
        assert before in content
        content = content.replace(before, after)
    tomllib.loads(content)
    path = tmp_path / "cell.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_path_loss_by_hand() -> None:
    """At 100 m and 1 GHz the logarithms are 2 and 0."""
    at = np.array([100.0])
    for kind, seen, hidden in (
        (PathLoss.URBAN_MACRO, 72.0, 91.7),
        (PathLoss.URBAN_MICRO, 74.4, 93.0),
        (PathLoss.INDOOR, 67.0, 93.9),
    ):
        for line_of_sight, expected in ((True, seen), (False, hidden)):
            loss = path_loss_db(kind, at, carrier_ghz=1.0, line_of_sight=line_of_sight)
            assert loss[0] == pytest.approx(expected)
    near = path_loss_db(PathLoss.INDOOR, np.array([1.0]), carrier_ghz=1.0, line_of_sight=False)
    assert near[0] == pytest.approx(32.4)  # never less than with a line of sight


@pytest.mark.parametrize("fading", ["rayleigh", "rician"])
def test_fading_has_mean_one_and_fails_as_often_as_allowed(tmp_path: Path, fading: str) -> None:
    kind = ('kind = "none"', f'kind = "{fading}"')
    many = ("requests = [1]", "requests = [20000]")
    moment = draw_requests(load_cell_day(written(tmp_path, kind, many)), np.random.default_rng(3))
    assert moment.fading.mean() == pytest.approx(1, abs=0.03)
    cautious = written(tmp_path, kind, ("device_w = 0.1", "device_w = 0.1\noutage = 0.1"))
    (level,) = draw_requests(load_cell_day(cautious), np.random.default_rng(3)).fading
    assert (moment.fading < level).mean() == pytest.approx(0.1, abs=0.01)


def test_requests_of_a_group_do_not_depend_on_the_others(tmp_path: Path) -> None:
    alone = written(tmp_path, ("requests = [1]", "requests = [50]"))
    first = draw_requests(load_cell_day(alone), np.random.default_rng(5))
    second = TINY[TINY.index("[[users]]") :].replace("desk", "sofa").replace("[1]", "[9]")
    alone.write_text(alone.read_text(encoding="utf-8") + second, encoding="utf-8")
    both = draw_requests(load_cell_day(alone), np.random.default_rng(5))
    assert len(both) == 59
    assert (both.fading[:50] == first.fading).all()
    assert (both.distance_m[:50] == first.distance_m).all()


def test_half_a_request_an_epoch_is_one_in_two(tmp_path: Path) -> None:
    path = written(tmp_path, ("epochs = 1", "epochs = 6"), ("requests = [1]", "requests = [0.5]"))
    drawn = draw_requests(load_cell_day(path), np.random.default_rng(0))
    assert drawn.epoch.tolist() == [1, 3, 5]


def test_two_transceivers_of_a_sector_carry_an_answer() -> None:
    day = load_cell_day("cell-tiny")
    requests = draw_requests(day, np.random.default_rng(0))
    loss = path_loss_db(
        PathLoss.FREE_SPACE, requests.distance_m, carrier_ghz=3.5, line_of_sight=True
    )
    noise = 1.380649e-23 * 290 * 1e6 * 10**0.9
    assert signal_over_noise(day, requests)[0] == pytest.approx(2 * 10 ** (-loss[0] / 10) / noise)


@pytest.mark.parametrize("name", cell_names())
def test_built_in_days_are_solved(name: str) -> None:
    solved = solve_day(load_cell_day(name), rng=np.random.default_rng(0))
    best = solved.figures("optimum")
    assert best["gap"] == 0
    assert best["kept_share"] > 0.95
    for policy in POLICIES:
        found = solved.figures(policy)
        assert found["gap"] >= 0
        assert found["kept_share"] <= best["kept_share"]
    groups = solved.groups("optimum")
    assert sum(found["requests"] for found in groups.values()) == best["requests"]


def test_same_seed_same_requests() -> None:
    day = load_cell_day("cell-day")
    first, second = (solve_day(day, rng=np.random.default_rng(4)) for _ in range(2))
    assert first.C.tobytes() == second.C.tobytes()
    assert first.decisions["random"].tokens.tobytes() == second.decisions["random"].tokens.tobytes()


REFUSED = [
    (("nearest_m = 10", "nearest_m = 0"), "users[0].nearest_m: 0, expected a number > 0"),
    (("bandwidth_mhz = 1.0", "bandwidth_mhz = -1"), "cells[0].bandwidth_mhz: -1, expected"),
    (("device_w = 0.1", "power_limit_w = 5"), "power_limit_w: 5, expected at most 0.05"),
    (('station = "femto"', 'station = "fempto"'), "did you mean 'femto'"),
    (('cell = "room"', 'cell = "rom"'), "cell 'rom', expected one of room (did you mean"),
    (("requests = [1]", "requests = [1, 2]"), "requests 2 figures, expected one, or one an epoch"),
    (("step_slope_s = 0.001", ""), "expected scenario, node_type and variant, or all of"),
    (
        ("batch = 10", 'batch = 10\nvariant = "x"'),
        "expected all of scenario, node_type and variant",
    ),
    (("value = 0.36", "value = -1"), "carbon: "),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=lambda part: str(part[0])[:20])
def test_mistakes_are_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = written(tmp_path, change)
    with pytest.raises(SlitError) as caught:
        load_cell_day(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_service_that_is_not_there(tmp_path: Path) -> None:
    start = TINY.index("prefill_tokens_per_s"), TINY.index("[[cells]]")
    own = 'scenario = "tiny"\nnode_type = "h100x8"\nvariant = "smal"\n\n'
    path = tmp_path / "cell.toml"
    path.write_text(TINY[: start[0]] + own + TINY[start[1] :], encoding="utf-8")
    with pytest.raises(
        SlitError, match=r"node: 'h100x8 smal' is no service of tiny, expected one of"
    ):
        load_cell_day(path)


def test_what_nothing_can_serve_is_refused(tmp_path: Path) -> None:
    soon = load_cell_day(written(tmp_path, ("deadline_s = 4.0", "deadline_s = 0.02")))
    with pytest.raises(SlitError, match=r"users.desk: deadline 0.02 s, expected at least 0.0203 s"):
        refuse_impossible(soon)
    good = load_cell_day(
        written(
            tmp_path,
            ("longest_tokens = 400", "longest_tokens = 40"),
            ("least_quality = 0.75", "least_quality = 0.95"),
        )
    )
    with pytest.raises(SlitError, match=r"least_quality 0\.95, expected at most 0.6"):
        refuse_impossible(good)


def test_the_page_of_fields_is_up_to_date(repository: Path) -> None:
    """If this fails: python tools/build_fields.py."""
    page = (repository / "docs" / "cell-fields.md").read_text(encoding="utf-8")
    assert page.endswith(field_table(SECTIONS))


def test_an_unknown_day() -> None:
    with pytest.raises(SlitError, match=r"no such cell-day.*did you mean 'cell-tiny'"):
        read_cell_file("cell-tny")


def test_a_day_without_requests(tmp_path: Path) -> None:
    day = load_cell_day(written(tmp_path, ("requests = [1]", "requests = [0.2]")))
    with pytest.raises(SlitError, match="no requests"):
        solve_day(day, rng=np.random.default_rng(0))
