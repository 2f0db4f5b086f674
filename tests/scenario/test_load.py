from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from slit.errors import SlitError
from slit.problem import compile_problem
from slit.scenario.load import load_scenario
from slit.scenario.provenance import NOT_STATED, share_of
from slit.scenario.records import WaterMethod
from slit.scenario.starter import write_starter
from tests.scenario.files import DEMAND, GRID, Files, check_scenario


def test_the_starter_loads_without_change(files: Files) -> None:
    scenario = files.load()
    assert [origin.name for origin in scenario.origins] == ["europe", "america"]
    assert scenario.signals.carbon.shape == (24, 2)
    assert scenario.signals.carbon[0].tolist() == [0.31, 0.12]
    assert scenario.signals.price[0].tolist() == [0.085, 0.05]
    assert scenario.demand.requests[0].tolist() == [[63000, 27000], [53146, 22776]]
    assert scenario.demand.prompt[0, 0].tolist() == [1100, 2000]
    assert 500 < compile_problem(scenario).genes < 700


def test_the_starter_is_written_into_empty_folders_only(files: Files) -> None:
    with pytest.raises(SlitError, match="not empty, expected a new or empty folder"):
        write_starter(files.folder)
    with pytest.raises(SlitError, match="a file, expected"):
        write_starter(files.path)


def test_round_trips_are_measured_or_estimated(files: Files) -> None:
    scenario = files.load()
    assert scenario.round_trip_s[0, 1] == 0.195
    assert scenario.round_trip_s[0, 0] == 0.0  # same place: distance 0
    shares = {entry.name: entry.estimated_share for entry in scenario.inputs}
    assert shares["round_trip"] == 0.5
    assert shares["demand"] == 1.0
    assert shares["services"] == 1.0
    assert shares["wue"] is None  # nobody says
    assert shares["carbon"] == 1.0  # as the file states


def test_what_nobody_states_is_not_taken_for_measured(files: Files) -> None:
    one, two = "wue = { value = 0.2,", "wue = { value = 0.25,"
    for site, expected in ((one, None), (two, 0.0)):  # one site of two, then both
        files.replace(site, site.replace("{", "{ estimated = false,"))
        shares = {entry.name: entry.estimated_share for entry in files.load().inputs}
        assert shares["wue"] == expected
        assert shares["pue"] is None


@pytest.mark.parametrize(
    ("parts", "share"),
    [
        ([0.0, 0.0], 0.0),
        ([NOT_STATED, 0.0], None),
        ([NOT_STATED, 1.0], 0.5),
        ([NOT_STATED], None),
        ([0.25, 0.75], 0.5),
    ],
)
def test_the_estimated_share_of_parts(parts: list[float], share: float | None) -> None:
    assert share_of(parts) == share


def test_parquet_tables_and_real_time_stamps(files: Files) -> None:
    import pyarrow as pa
    from pyarrow import csv, parquet

    table = csv.read_csv(files.folder / GRID)
    stamps = pa.chunked_array([table.column("utc").cast(pa.timestamp("s"))])
    parquet.write_table(table.set_column(0, "utc", stamps), files.folder / "grid.parquet")
    before = files.load()
    files.replace("grid.csv", "grid.parquet")
    files.replace("grid.csv", "grid.parquet")
    assert np.array_equal(files.load().signals.carbon, before.signals.carbon)
    zoned = stamps.cast(pa.timestamp("us", tz="UTC"))
    parquet.write_table(table.set_column(0, "utc", zoned), files.folder / "grid.parquet")
    assert np.array_equal(files.load().signals.price, before.signals.price)


def test_local_stamps_are_shifted_to_utc(files: Files) -> None:
    """A series in local time of UTC+1 gives at 00 UTC what stands at 01 local."""
    before = files.load()
    day = (files.folder / GRID).read_text(encoding="utf-8")
    files.write("grid.csv", day + day.split("\n", 1)[1].replace("03-20T", "03-21T"))
    files.replace('zone = "UTC"\nwhere', 'zone = "Europe/Berlin"\nwhere')
    after = files.load()
    assert np.array_equal(after.signals.carbon[:23], before.signals.carbon[1:])


def test_stamps_at_the_end_of_their_step(files: Files) -> None:
    before = files.load()
    day = (files.folder / GRID).read_text(encoding="utf-8")
    files.write("grid.csv", day + day.split("\n", 1)[1].replace("03-20T", "03-21T"))
    files.replace('zone = "UTC"\nwhere', 'zone = "UTC"\nlabel = "end"\nwhere')
    after = files.load()
    assert np.array_equal(after.signals.carbon[:23], before.signals.carbon[1:])


def test_another_start_and_length(files: Files) -> None:
    scenario = files.load(start="2024-03-20T06:00Z", hours=6)
    assert scenario.horizon.start == datetime(2024, 3, 20, 6, tzinfo=UTC)
    assert scenario.horizon.epochs == 6
    assert np.array_equal(scenario.signals.carbon, files.load().signals.carbon[6:12])
    with pytest.raises(SlitError, match="nothing for 2024-03-21T00:00Z, expected a value"):
        files.load(start=datetime(2024, 3, 20, 6, tzinfo=UTC))
    with pytest.raises(SlitError, match=r"hours: 1\.5, expected a whole number of epochs"):
        files.load(hours=1.5)


def test_another_start_is_refused_where_figures_are_bound_to_epochs(files: Files) -> None:
    values = ", ".join(["0.1"] * 24)
    files.replace('value = 1.3, unit = "L/kWh"', f'values = [{values}], unit = "L/kWh"')
    files.load(hours=24)
    with pytest.raises(SlitError, match=r"start: datacenters\.north\.ewif has one figure an epoch"):
        files.load(start="2024-03-20")


def test_another_length_is_refused_where_figures_are_bound_to_epochs(files: Files) -> None:
    values = ", ".join(["0.1"] * 24)
    files.replace('value = 1.3, unit = "L/kWh"', f'values = [{values}], unit = "L/kWh"')
    said = r"hours: 12, expected 24, for which datacenters\.north\.ewif has figures"
    with pytest.raises(SlitError, match=said):
        files.load(hours=12)


def test_a_built_in_scenario_is_not_blamed_for_other_hours() -> None:
    said = r"^hours: 900, expected 0\.5, for which datacenters\.sunny\.carbon has figures"
    with pytest.raises(SlitError, match=said):
        load_scenario("tiny", hours=900)
    assert len(check_scenario("tiny", hours=900)) == 1


def test_quarter_hours_hold_hourly_series_only_when_told(files: Files) -> None:
    files.replace("epochs = 24\nepoch_seconds = 3600", "epochs = 96\nepoch_seconds = 900")
    with pytest.raises(SlitError, match="demand: no resample, expected resample = hold"):
        files.load()
    files.replace('unit = "request" ', 'resample = "hold"\nunit = "request" ')
    with pytest.raises(
        SlitError, match=r"signals.carbon \(north\): no resample, expected resample"
    ):
        files.load()
    for _ in range(2):
        files.replace('zone = "UTC"\nwhere', 'zone = "UTC"\nresample = "hold"\nwhere')
    scenario = files.load()
    assert scenario.demand.requests[:4, 0, 0].tolist() == [15750] * 4
    assert scenario.signals.carbon[:5, 0].tolist() == [0.31] * 5


def test_long_epochs_sum_requests_and_weigh_tokens(files: Files) -> None:
    files.line(2, "2024-03-20T00:00,europe,chat,100,1000,10", file=DEMAND)
    files.line(6, "2024-03-20T01:00,europe,chat,300,2000,50", file=DEMAND)
    before = files.load()
    files.replace("epochs = 24\nepoch_seconds = 3600", "epochs = 12\nepoch_seconds = 7200")
    files.replace('unit = "request" ', 'resample = "sum"\nunit = "request" ')
    for kind in ("mean", "demand_weighted_mean"):
        files.replace('zone = "UTC"\nwhere', f'zone = "UTC"\nresample = "{kind}"\nwhere')
    scenario = files.load()
    assert scenario.demand.requests[0, 0, 0] == 400
    assert scenario.demand.prompt[0, 0, 0] == 1750
    assert scenario.demand.output[0, 0, 0] == 40
    assert scenario.signals.carbon[:, 0] == pytest.approx(
        before.signals.carbon[:, 0].reshape(12, 2).mean(axis=1)
    )
    west = before.demand.requests.sum(axis=(1, 2)).reshape(12, 2)
    price = before.signals.price[:, 1].reshape(12, 2)
    assert scenario.signals.price[:, 1] == pytest.approx((west * price).sum(1) / west.sum(1))


def test_rates_become_requests_of_an_epoch(files: Files) -> None:
    before = files.load()
    files.replace('unit = "request" ', 'scale = 2\nunit = "request/h" ')
    assert np.array_equal(files.load().demand.requests, 2 * before.demand.requests)


def test_demand_by_epoch_number(files: Files) -> None:
    before = files.load()
    text = (files.folder / DEMAND).read_text(encoding="utf-8")
    rows = [line.split(",", 1) for line in text.splitlines()]
    numbered = [f"{int(row[0][11:13])},{row[1]}" for row in rows[1:]]
    files.write("by_epoch.csv", "\n".join([f"epoch,{rows[0][1]}", *numbered]))
    files.replace('file = "demand.csv"', 'file = "by_epoch.csv"')
    files.replace('time = "utc"\nzone = "UTC"        #', 'epoch = "epoch" #')
    assert np.array_equal(files.load().demand.requests, before.demand.requests)


def test_a_site_may_complete_a_common_series(files: Files) -> None:
    files.replace('zone = "DE-LU"', 'zone = "DE-LU"\ncarbon = { scale = 0.5 }')
    assert files.load().signals.carbon[0].tolist() == [0.155, 0.12]


def test_columns_by_accounting_switch(files: Files) -> None:
    files.replace(
        'column = "carbon_g_per_kwh"',
        'column = { direct = "half", life_cycle = "carbon_g_per_kwh" }',
    )
    assert files.load().signals.carbon[0, 0] == 0.31
    text = (files.folder / GRID).read_text(encoding="utf-8").splitlines()
    files.write(GRID, "\n".join([f"{text[0]},half", *(f"{line},100" for line in text[1:])]))
    files.replace('carbon = "life_cycle"', 'carbon = "direct"')
    assert files.load().signals.carbon[0, 0] == 0.1


def test_renewables_as_power_and_as_energy(files: Files) -> None:
    files.replace('zone = "DE-LU"', 'zone = "DE-LU"\nrenewable = { value = 300, unit = "kW" }')
    files.replace('zone = "BR-SP"', 'zone = "BR-SP"\nrenewable = { value = 0.2, unit = "MWh" }')
    assert files.load().signals.renewable[0].tolist() == [300, 200]
    files.replace("epoch_seconds = 3600", "epoch_seconds = 1800")
    files.replace("epochs = 24", "epochs = 48")
    files.replace('unit = "request" ', 'resample = "hold"\nunit = "request" ')
    for _ in range(2):
        files.replace('zone = "UTC"\nwhere', 'zone = "UTC"\nresample = "hold"\nwhere')
    assert files.load().signals.renewable[0].tolist() == [150, 200]  # kWh of the epoch


def test_wet_bulb_water_is_scaled_to_the_published_level(files: Files) -> None:
    files.replace(
        'wue = { value = 0.2, unit = "L/kWh" }',
        'wue = { value = 0.2, unit = "L/kWh" }\nwater_method = "wetbulb"\n'
        'wet_bulb = { file = "wet.csv", column = "t", unit = "degC", zone = "UTC" }',
    )
    start = datetime(2024, 3, 18, tzinfo=UTC)
    rows = [f"{(start + timedelta(hours=h)):%Y-%m-%dT%H:%M},{15 + h % 7}" for h in range(96)]
    files.write("wet.csv", "utc,t\n" + "\n".join(rows))
    signals = files.load().signals
    curve = {}
    for t in range(15, 22):
        f = t * 9 / 5 + 32
        curve[t] = 6e-5 * f**3 - 0.01 * f**2 + 0.61 * f - 10.4
    mean = sum(curve[15 + h % 7] for h in range(96)) / 96
    assert signals.wue[0, 0] == pytest.approx(0.2 * curve[15 + 48 % 7] / mean)
    assert signals.blowdown[0, 0] == pytest.approx(signals.wue[0, 0] / 5)
    assert files.load().datacenters[0].water_method == WaterMethod.WET_BULB
    assert {e.name: e.estimated_share for e in files.load().inputs}["wue"] == 0.5


def test_supply_temperature_gives_the_pue(files: Files) -> None:
    files.replace(
        'pue = { value = 1.25, unit = "1" }',
        'pue_method = "cop"\nsupply_temperature = { value = 68, unit = "degF" }',
    )
    assert files.load().signals.pue[0, 0] == pytest.approx(1 + 1 / 3.194 + 0.13)


def test_estimated_columns_are_counted(files: Files) -> None:
    text = (files.folder / GRID).read_text(encoding="utf-8").splitlines()
    flags = ["est"] + ["1" if i % 4 == 0 else "0" for i in range(len(text) - 1)]
    joined = [f"{line},{flag}" for line, flag in zip(text, flags, strict=True)]
    files.write(GRID, "\n".join(joined))
    files.replace('zone = "UTC"\nwhere', 'zone = "UTC"\nestimated_column = "est"\nwhere')
    files.replace(
        'name = "carbon"\nsource = "made up"\nestimated_share = 1', 'name = "carbon"\nsource = "x"'
    )
    assert {e.name: e.estimated_share for e in files.load().inputs}["carbon"] == 0.25


def test_folders_by_environment_variable(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = files.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (files.folder / GRID).rename(elsewhere / GRID)
    files.replace("[horizon]", '[folders]\ndata = "${HERE_IS_IT:-../elsewhere}"\n\n[horizon]')
    for _ in range(2):
        files.replace('file = "grid.csv"', 'file = "data:grid.csv"')
    assert files.load().signals.carbon[0, 0] == 0.31
    monkeypatch.setenv("HERE_IS_IT", str(elsewhere))
    assert files.load().signals.carbon[0, 0] == 0.31
    files.replace("${HERE_IS_IT:-../elsewhere}", "${HERE_IS_NOTHING}")
    with pytest.raises(SlitError, match="environment variable HERE_IS_NOTHING is not set"):
        files.load()


def test_extending_a_builtin_scenario(files: Files) -> None:
    files.write(
        "mine.toml",
        'schema = 1\nname = "mine"\nextends = "world-day"\n[accounting]\ncarbon = "direct"\n'
        "[resolution]\ngenes = 100\n",
    )
    files.path = files.folder / "mine.toml"
    scenario = files.load(hours=2)
    assert scenario.name == "mine"
    assert len(scenario.pools) == 22
    assert scenario.accounting.carbon == "direct"
    assert scenario.accounting.reservoir_evaporation
    assert 2 * 14 * 3 <= compile_problem(scenario).genes < 130


def test_extending_one_that_extends_another(files: Files) -> None:
    files.write("mine.toml", 'schema = 1\nname = "mine"\nextends = "world-2026"\n')
    files.path = files.folder / "mine.toml"
    scenario = files.load(hours=2)
    assert {pool.node_type for pool in scenario.pools} == {"a100x8", "h100x8", "b200x8"}
    assert len(scenario.datacenters) == 14  # of world-day
    assert scenario.accounting.reservoir_evaporation
    assert scenario.accounting.rental


def test_records_from_a_table(files: Files) -> None:
    files.write("places.csv", "place,latitude,longitude,ward\neurope,50,9,a\namerica,-23,-46,b\n")
    files.replace_section(
        "[[origins]]",
        "# One row an hour",
        '[origins]\nfile = "places.csv"\ncolumns = { name = "place" }\nignore = ["ward"]\n\n',
    )
    origins = files.load().origins
    assert [(o.name, o.latitude, o.last_mile_ms) for o in origins] == [
        ("europe", 50, 10),
        ("america", -23, 10),
    ]
    files.replace(', ignore = ["ward"]' if ", ignore" in files.text else 'ignore = ["ward"]\n', "")
    with pytest.raises(SlitError, match=r"places.csv:2: ward: unknown field, expected one of name"):
        files.load()
