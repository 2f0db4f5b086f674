"""A planted defect of each kind is found, and none hides another."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import slit.scenario as scenario_package
from slit.errors import SlitError
from slit.scenario.builtin import builtin_names
from slit.scenario.check import check_and_load
from slit.scenario.diagnostics import Finding, Severity, error_of
from tests.scenario.files import DEMAND, GRID, Files, check_scenario

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


def found(files: Files, severity: Severity, where: str, what: str, expected: str = "") -> bool:
    """Whether the lint says so, by parts of its words."""
    return any(
        one.severity is severity
        and where in one.where
        and what in one.found
        and expected in one.expected
        for one in check_scenario(files.path)
    )


def errors(files: Files) -> list[str]:
    return [str(one) for one in check_scenario(files.path) if one.severity is ERROR]


def services(files: Files, old: str, new: str) -> Files:
    """The services that come with slit, changed."""
    text = (Path(scenario_package.__path__[0]) / "tables" / "services.csv").read_text("utf-8")
    assert old in text
    files.write("services.csv", text.replace(old, new))
    return files.replace("slit:tables/services.csv", "services.csv")


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_scenarios_have_no_errors(name: str) -> None:
    findings, scenario = check_and_load(name)
    assert scenario is not None
    assert [str(one) for one in findings if one.severity is ERROR] == []
    negative = bool((scenario.signals.price < 0).any())
    assert negative == any(
        one.severity is NOTE and "negative prices are kept" in one.expected for one in findings
    )


def test_the_starter_has_no_errors(files: Files) -> None:
    assert errors(files) == []


def test_findings_are_sorted_and_distinct(files: Files) -> None:
    files.line(4, "2024-03-20T01:00,north,-3,80", file=GRID)
    findings = check_scenario(files.path)
    order = [ERROR, WARNING, NOTE]
    ranks = [order.index(one.severity) for one in findings]
    assert ranks == sorted(ranks)
    assert len(set(findings)) == len(findings)


DEFECTS: dict[str, tuple[Callable[[Files], object], Severity, str, str, str]] = {
    "unit": (
        lambda f: f.replace('unit = "g/kWh"', 'unit = "L/kWh"'),
        ERROR, "signals.carbon (north): unit", "'L/kWh'", "kg/kWh",
    ),
    "unit that does not fit the figures": (
        lambda f: f.replace('unit = "g/kWh"', 'unit = "kg/kWh"'),
        ERROR, "signals.carbon (north)", " kg/kWh", "0 to 100 kg/kWh (is the unit right?)",
    ),
    "unit that hardly fits the figures": (
        lambda f: f.replace('unit = "g/kWh"', 'unit = "g/kWh"\nscale = 20'),
        WARNING, "signals.carbon (north)", " kg/kWh", "0 to 2 kg/kWh (is the unit right?)",
    ),
    "no zone": (
        lambda f: f.replace('zone = "UTC"\nwhere', "where"),
        ERROR, "signals.carbon (north): ", "without an offset", "a stated zone",
    ),
    "unknown zone": (
        lambda f: f.replace('zone = "UTC"\nwhere', 'zone = "Europe/Bärlin"\nwhere'),
        ERROR, "signals.carbon (north): zone", "'Europe/Bärlin'", "IANA",
    ),
    "gap": (
        lambda f: f.line(10, None, file=GRID),
        ERROR, "signals.price (north)", "1 steps missing, first 2024-03-20T04:00Z", "every epoch",
    ),
    "double": (
        lambda f: f.line(10, "2024-03-20T03:00,north,310,85", file=GRID),
        ERROR, "signals.price (north)", "2024-03-20T03:00Z twice (1 such)", "distinct",
    ),
    "order": (
        lambda f: f.line(4, "2024-03-20T02:00,north,310,85", file=GRID).line(
            6, "2024-03-20T01:00,north,310,85", file=GRID),
        NOTE, "signals.price (north)", "1 rows after a later one, sorted by time", "so meant",
    ),
    "odd step": (
        lambda f: f.line(10, "2024-03-20T04:10,north,310,85", file=GRID),
        ERROR, "grid.csv:10", "2024-03-20T04:10Z", "equal steps of 3600 s (or longest_step",
    ),
    "too short": (
        lambda f: f.replace("epochs = 24", "epochs = 30"),
        ERROR, "signals.price (north)", "2024-03-20T00:00Z to 2024-03-21T00:00Z", "the horizon",
    ),
    "no number": (
        lambda f: f.line(10, "2024-03-20T04:00,north,,85", file=GRID),
        ERROR, "signals.carbon (north): ", "no number (1 such)", "for every epoch",
    ),
    "negative carbon": (
        lambda f: f.line(10, "2024-03-20T04:00,north,-310,85", file=GRID),
        ERROR, "grid.csv:10", "-0.31 kg/kWh (1 such)", "a number from 0",
    ),
    "negative price": (
        lambda f: f.line(10, "2024-03-20T04:00,north,310,-85", file=GRID),
        NOTE, "datacenters.north.price", "below 0 in 1 of 24 epochs, least -0.085", "are kept",
    ),
    "missing table": (
        lambda f: f.replace('file = "demand.csv"', 'file = "none.csv"'),
        ERROR, "none.csv", "no such file", "a CSV or Parquet table",
    ),
    "missing column": (
        lambda f: f.replace('column = "carbon_g_per_kwh"', 'column = "carbon"'),
        ERROR, "signals.carbon (north)", "no column 'carbon'", "utc, site",
    ),
    "missing table of records": (
        lambda f: f.replace("slit:tables/services.csv", "services.csv"),
        ERROR, "services: ", "no such file", "a CSV or Parquet table",
    ),
    "mixed water methods": (
        lambda f: f.replace('zone = "DE-LU"', 'zone = "DE-LU"\nwater_method = "tower"'),
        WARNING, "datacenters.water_method", "tower at north; published at south", "one method",
    ),
    "mixed PUE methods": (
        lambda f: f.replace(
            'zone = "DE-LU"',
            'zone = "DE-LU"\npue_method = "cop"\n'
            'supply_temperature = { value = 20, unit = "degC" }',
        ),
        WARNING, "datacenters.pue_method", "cop at north; published at south", "one method",
    ),
    "estimates": (
        lambda f: f.replace('wue = { value = 0.2,', 'wue = { estimated = true, value = 0.2,'),
        WARNING, "inputs.wue", "50% of the figures are estimated", "measured",
    ),
    "few estimates": (
        lambda f: f.replace("[latency]\npairs = [", "[latency]\npairs = [\n"
                            '{ origin = "europe", datacenter = "north", ms = 3 },'),
        NOTE, "inputs.round_trip", "25% of the figures are estimated", "measured",
    ),
    "no source": (
        lambda f: f.replace('[[inputs]]\nname = "price"', '[[inputs]]\nname = "prices"'),
        NOTE, "inputs.price", "no source stated", "[[inputs]]",
    ),
    "residency that excludes everything": (
        lambda f: f.replace("# [[residency]]", '[[residency]]\nclasses = ["code"]\n'
                            'jurisdictions = ["US"]\n#'),
        ERROR, "residency", "no allowed placement for code from europe", "at least one pool",
    ),
    "a variant that fits nowhere": (
        lambda f: f.replace("[accounting]", "[accounting]\nmemory_share = 0.4"),
        ERROR, "variants.llama-3-70b",
        "fits no pool (weights of 141.108 GB in a replica of 4 GPUs of a100x8 with 128 GB (40% of",
        "memory holds",
    ),
    "a replica over two nodes": (
        lambda f: services(f, ",llama-3-70b,4,", ",llama-3-70b,16,"),
        ERROR, "variants.llama-3-70b",
        "a replica of 16 GPUs on a100x8 with 8 GPUs a node (a replica cannot span nodes)",
        "memory holds",
    ),
    "a KV cache that no node holds": (
        lambda f: f.line(2, "2024-03-20T00:00,europe,chat,63,9000000,210", file=DEMAND),
        ERROR, "classes.chat", "llama-3-8b on a100x8: KV cache of 1180 GB for a request of",
        "at least one pool and variant for every class",
    ),
    "an impossible time per token": (
        lambda f: f.replace("itl_limit_s = 0.1", "itl_limit_s = 0.0001"),
        ERROR, "classes.chat", "s per output token at batch 64, itl_limit_s 0.0001",
        "at least one pool and variant for every class",
    ),
    "demand beyond capacity": (
        lambda f: f.line(2, "2024-03-20T00:00,europe,chat,63000000,1100,210", file=DEMAND),
        ERROR, "demand", "epoch 0 (2024-03-20T00:00Z) needs ", "at most 14 (all nodes)",
    ),
    "a fleet that is mostly idle": (
        lambda f: f.replace("nodes = 6", "nodes = 60_000"),
        WARNING, "demand", "even at the slowest placements", "at least 5 %",
    ),
    "negative demand": (
        lambda f: f.line(2, "2024-03-20T00:00,europe,chat,-6,1100,210", file=DEMAND),
        ERROR, "demand.csv:2", "requests below 0 (1 such)", "a number >= 0",
    ),
    "NaN in demand": (
        lambda f: f.line(2, "2024-03-20T00:00,europe,chat,6,nan,210", file=DEMAND),
        ERROR, "demand.csv:2", "prompt no number (1 such)", "a number >= 0",
    ),
    "demand of nobody": (
        lambda f: f.line(2, "2024-03-20T00:00,asia,chat,6,1,210", file=DEMAND),
        ERROR, "demand.csv:2", "origin 'asia'", "one of europe, america",
    ),
    "gap in demand": (
        lambda f: f.line(7, None, file=DEMAND),
        ERROR, "demand (europe, code)", "1 steps missing, first 2024-03-20T01:00Z", "every epoch",
    ),
    "demand twice": (
        lambda f: f.line(6, "2024-03-20T00:00,europe,chat,6,1,210", file=DEMAND),
        ERROR, "demand (europe, chat)", "2024-03-20T00:00Z twice", "distinct",
    ),
    "demand without a zone": (
        lambda f: f.replace('zone = "UTC"        #', "#"),
        ERROR, "demand: ", "without an offset", "a stated zone",
    ),
    "a wrong field": (
        lambda f: f.replace("utilization = 0.8", "utilization = 8"),
        ERROR, "accounting.utilization", "8", "a number <= 0.95",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found(files: Files, name: str) -> None:
    spoil, severity, where, what, expected = DEFECTS[name]
    assert not found(files, severity, where, what, expected)
    spoil(files)
    assert found(files, severity, where, what, expected), check_scenario(files.path)


def year(files: Files, *, zone: str, local: str | None = None, drop: int | None = None) -> Files:
    """Hourly series of 2024 for both signals; stamps in local time of `local`."""
    from zoneinfo import ZoneInfo

    start = datetime(2023, 12, 31, 22, tzinfo=UTC)
    rows: list[str] = []
    for h in range(8800):
        if h == drop:
            continue
        moment = start + timedelta(hours=h)
        wall = moment if local is None else moment.astimezone(ZoneInfo(local))
        rows.extend(f"{wall:%Y-%m-%dT%H:%M},{site},300,80" for site in ("north", "south"))
    files.write(GRID, "utc,site,carbon_g_per_kwh,price_usd_per_mwh\n" + "\n".join(rows) + "\n")
    for _ in range(2):
        files.replace('zone = "UTC"\nwhere', f'zone = "{zone}"\nwhere')
    return files


def test_days_of_23_and_25_hours_are_known_to_their_zone(files: Files) -> None:
    year(files, zone="Europe/Berlin", local="Europe/Berlin")
    assert errors(files) == []
    assert found(
        files, NOTE, "signals.carbon (north)",
        "2024-03-31 has 23 hours, 2024-10-27 has 25 hours, in Europe/Berlin", "laid on UTC",
    )  # fmt: skip


def test_local_time_that_claims_to_be_utc_is_found(files: Files) -> None:
    year(files, zone="UTC", local="Europe/Berlin")
    assert found(
        files, ERROR, "signals.carbon (north)",
        "2024-03-31 has 23 hours, 2024-10-27 has 25 hours, in UTC", "state its zone",
    )  # fmt: skip


def test_a_gap_outside_the_horizon_is_a_warning(files: Files) -> None:
    year(files, zone="UTC", drop=4000)
    assert errors(files) == []
    assert found(files, WARNING, "signals.carbon (north)", "1 steps missing", "outside the horizon")
    load = check_and_load(files.path)[1]
    assert load is not None


def test_no_defect_hides_another(files: Files) -> None:
    files.replace("utilization = 0.8", "utilization = 8")
    files.replace("nodes = 6", "nodes = -6")
    files.line(10, "2024-03-20T04:00,north,-310,85", file=GRID)
    files.line(13, "2024-03-20T05:00,south,,85", file=GRID)
    files.replace("slit:tables/variants.csv", "variants.csv")
    said = errors(files)
    for part in (
        "accounting.utilization: 8, expected a number <= 0.95",
        "pools[0].nodes: -6, expected a number >= 0",
        "grid.csv:10: carbon_g_per_kwh: -0.31 kg/kWh (1 such), expected a number from 0",
        "grid.csv:13: no number (1 such)",
        "variants.csv: no such file",
    ):
        assert any(part in one for one in said), (part, said)
    assert not any("variants: missing" in one for one in said)


def test_one_defect_is_said_once(files: Files) -> None:
    files.line(10, "2024-03-20T04:00,north,-310,85", file=GRID)
    assert len(errors(files)) == 1


@pytest.mark.parametrize("text", ["x = [", "schema = 1\nextends = 'moon'\n", ""])
def test_files_that_cannot_be_read_give_findings(files: Files, text: str) -> None:
    files.write("scenario.toml", text)
    assert errors(files)


def test_not_utf8(files: Files) -> None:
    files.path.write_bytes(b"# \xff\n" + files.path.read_bytes())
    assert [one for one in errors(files) if "byte 0xff, expected UTF-8 text" in one]


def test_no_such_scenario() -> None:
    with pytest.raises(SlitError, match="nowhere: no such scenario"):
        check_scenario("nowhere")


def test_a_message_becomes_a_finding() -> None:
    assert error_of("a.toml: x[0].y: 3, expected a number > 4 (why, W)") == Finding(
        ERROR, "a.toml: x[0].y", "3", "a number > 4 (why, W)"
    )


def test_real_hours_have_no_errors(
    shared_data: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIT_SHARED_DATA", str(shared_data))
    findings = check_scenario(repository / "benchmarks" / "scenarios" / "world-2023.toml")
    assert [str(one) for one in findings if one.severity is ERROR] == []
    # The exchange of Great Britain has no price before 20 January 2022.
    assert any("(london)" in one.where and "239 such" in one.found for one in findings)
