"""Every mistake of a user is one message: thing: found, expected (meaning, unit)."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from slit.errors import SlitError
from slit.scenario.load import load_scenario
from tests.scenario.files import DEMAND, GRID, Files

Spoil = Callable[[Files], object]


def swap(old: str, new: str, file: str = "scenario.toml") -> Spoil:
    return lambda files: files.replace(old, new, file=file)


def line(number: int, new: str | None, file: str) -> Spoil:
    return lambda files: files.line(number, new, file=file)


def own_node(files: Files, line: str) -> Files:
    """A node type with a line of its own."""
    return files.replace(
        '[node_types]\nfile = "slit:tables/node_types.csv"\ncolumns = { load_gb_per_s = '
        '"load_bandwidth_gb_per_s" }\nignore = ["gpu_memory_bandwidth_gb_per_s", '
        '"host_overhead_w", "source", "estimated"]',
        '[[node_types]]\nname = "h100x8"\ngpus = 8\ngpu_memory_gb = 80\nload_gb_per_s = 5\n'
        f"idle_w = 3000\nprefill_w = 4000\ndecode_w = 6000\n{line}",
    )


FIELDS = {
    "unknown field": (
        swap("utilization = 0.8", "utilisation = 0.8"),
        "scenario.toml: accounting.utilisation: unknown field, expected one of carbon, ",
    ),
    "missing field": (
        swap("slo_ttft_s = 0.5", "# slo"),
        "scenario.toml: classes[0].slo_ttft_s: missing, expected a value (time to first token "
        "promised, s)",
    ),
    "out of range": (
        swap("utilization = 0.8", "utilization = 1.2"),
        "scenario.toml: accounting.utilization: 1.2, expected a number <= 0.95 (target "
        "utilization of an active node, 1)",
    ),
    "not a number": (
        swap("nodes = 6", 'nodes = "six"'),
        "pools[0].nodes: 'six', expected a whole number (nodes of the pool, 1)",
    ),
    "not finite": (
        swap("latitude = 50.1", "latitude = nan"),
        "origins[0].latitude: nan, expected a finite number (latitude, deg)",
    ),
    "not a choice": (
        swap('begins = "free"', 'begins = "open"'),
        "horizon.begins: 'open', expected one of 'free', 'given' or 'cyclic'",
    ),
    "naive start": (
        swap("2024-03-20T00:00:00Z", "2024-03-20T00:00:00"),
        "horizon.start: 2024-03-20T00:00:00, expected a date and time with its zone such as",
    ),
    "unstated switch": (
        swap("reservoir_evaporation = false", "#"),
        "accounting.reservoir_evaporation: missing, expected a value (whether evaporation",
    ),
    "bad name": (
        swap('name = "europe"', 'name = "eu,rope"'),
        "origins[0].name: 'eu,rope', expected a name of 1 to 80 characters without",
    ),
    "missing section": (
        swap("[resolution]\ngenes = 600", ""),
        "scenario.toml: resolution: missing, expected a value (how finely demand is cut)",
    ),
    "newer schema": (swap("schema = 1", "schema = 2"), "schema: 2, expected one of 1"),
    "two ways": (
        swap("value = 1.25,", "value = 1.25, file = 'x.csv', column = 'y',"),
        "datacenters[0].pue: value and file given, expected exactly one of value, values, file",
    ),
    "fields of a table without one": (
        swap("value = 1.25,", "value = 1.25, column = 'y', zone = 'UTC',"),
        "datacenters[0].pue: column, zone with value, expected none (fields of a table)",
    ),
    "demand kind": (
        swap('kind = "table"', 'kind = "oracle"'),
        "demand: 'oracle', expected kind = groups, table, typical or trace (requests)",
    ),
    "demand field": (
        swap('time = "utc"\nzone = "UTC"        #', 'tyme = "utc"\nepoch = "e" #'),
        "demand.tyme: unknown field, expected one of kind, file, where",
    ),
    "two clocks": (
        swap('time = "utc"\nzone = "UTC"        #', "#"),
        "demand: neither time nor epoch, expected one of them (column",
    ),
    "power order": (
        swap(
            '[node_types]\nfile = "slit:tables/node_types.csv"\ncolumns = { load_gb_per_s = '
            '"load_bandwidth_gb_per_s" }\nignore = ["gpu_memory_bandwidth_gb_per_s", '
            '"host_overhead_w", "source", "estimated"]',
            '[[node_types]]\nname = "h100x8"\ngpus = 8\ngpu_memory_gb = 80\nload_gb_per_s = 5\n'
            "idle_w = 5000\nprefill_w = 4000\ndecode_w = 6000",
        ),
        "node_types[0]: node powers: standby 0.0, idle 5000.0, prefill 4000.0, decode 6000.0, "
        "expected standby <= idle <= prefill and decode (W)",
    ),
    "off above standby": (
        lambda files: own_node(files, "off_w = 50"),
        "node_types[0]: off_w: 50, expected at most standby_w, 0 (W)",
    ),
    "more committed than there are": (
        swap("nodes = 6", "nodes = 6\ncommitted_nodes = 7"),
        "pools[0]: committed_nodes: 7, expected at most 6 (nodes of the pool)",
    ),
    "more off than there are": (
        swap("nodes = 6", "nodes = 6\noff_nodes = 7"),
        "pools[0]: off_nodes: 7, expected at most 6 (nodes of the pool)",
    ),
    "several errors": (
        lambda files: files.replace("nodes = 6", "nodes = -6").replace(
            "utilization = 0.8", "utilization = 0"
        ),
        "accounting.utilization: 0, expected a number >= 0.001 (target utilization of an active ",
    ),
    "two of a name": (
        swap('name = "america"', 'name = "europe"'),
        "scenario.toml: origins: 'europe' twice, expected distinct names",
    ),
    "unknown reference": (
        swap('datacenter = "north"\nnode', 'datacenter = "west"\nnode'),
        "pools.north-h100.datacenter: 'west', expected one of north, south",
    ),
    "text for a number": (
        swap("nodes = 6", 'nodes = "6"'),
        "pools[0].nodes: '6', expected a whole number (nodes of the pool, 1)",
    ),
    "true for a number": (
        swap("slo_ttft_s = 0.5", "slo_ttft_s = true"),
        "classes[0].slo_ttft_s: true, expected a number (time to first token promised, s)",
    ),
    "a number for a flag": (
        swap("reservoir_evaporation = false", "reservoir_evaporation = 1"),
        "accounting.reservoir_evaporation: 1, expected true or false (whether evaporation",
    ),
    "a number for a date": (
        swap("2024-03-20T00:00:00Z", "1710892800"),
        "horizon.start: 1710892800, expected a date such as 2023-07-01T00:00:00Z",
    ),
    "far future": (
        swap("2024-03-20T00:00:00Z", "9999-12-31T00:00:00Z"),
        "horizon: 24 epochs of 3600 s from 9999-12-31, expected a time from 1970 to 2199",
    ),
    "too large": (
        swap("slo_ttft_s = 0.5", "slo_ttft_s = 1e308"),
        "classes[0].slo_ttft_s: 1e+308, expected a number <= 3600 (time to first token promised",
    ),
    "too large for any machine": (
        swap("nodes = 6", f"nodes = {'9' * 400}"),
        f"pools[0].nodes: {'9' * 57}..., expected a number <= 10000000 (nodes of the pool, 1)",
    ),
    "next to nothing": (
        swap("water_stress = 0.34", "water_stress = 1e-320"),
        "datacenters[0].water_stress: 9.99989e-321, expected 0 or a number of at least 1e-30",
    ),
    "a section for a name": (
        swap('name = "europe"', 'name = ["europe"]'),
        "origins[0].name: a list, expected text (name)",
    ),
    "misspelled field": (
        swap("slo_ttft_s = 0.5", "slo_tfft_s = 0.5"),
        "(did you mean 'slo_ttft_s'?); 1 more error",
    ),
    "misspelled choice": (
        swap('begins = "free"', 'begins = "cylcic"'),
        "(nodes loaded before the first epoch: free (any), given (initial_nodes of the pools), "
        "cyclic (those of the last epoch)) (did you mean 'cyclic'?)",
    ),
    "misspelled kind of demand": (
        swap('kind = "table"', 'kind = "tables"'),
        "demand: 'tables', expected kind = groups, table, typical or trace (requests) (did you "
        "mean 'table'?)",
    ),
    "misspelled site": (
        swap('datacenter = "north"\nnode', 'datacenter = "nort"\nnode'),
        "pools.north-h100.datacenter: 'nort', expected one of north, south (did you mean 'north'?)",
    ),
    "unknown origin of a round trip": (
        swap(
            '{ origin = "europe", datacenter = "south"', '{ origin = "asia", datacenter = "south"'
        ),
        "latency.pairs[0].origin: 'asia', expected one of america, europe (name of the origin)",
    ),
    "unknown site of a round trip": (
        swap(
            '{ origin = "europe", datacenter = "south"', '{ origin = "europe", datacenter = "sout"'
        ),
        "latency.pairs[0].datacenter: 'sout', expected one of north, south (name of the datacenter)"
        " (did you mean 'south'?)",
    ),
    "round trip twice": (
        swap(
            '{ origin = "america", datacenter = "north"',
            '{ origin = "south", datacenter = "europe", ms = 3 },\n'
            '  { origin = "america", datacenter = "north"',
        ),
        "latency.pairs[1]: europe to south twice, expected one round trip",
    ),
    "list as folder": (
        swap("[accounting]", "[folders]\nmine = [1]\n[accounting]"),
        "scenario.toml: folders.mine: a list, expected a path",
    ),
    "list as base": (
        swap("schema = 1", 'schema = 1\nextends = ["tiny"]'),
        "scenario.toml: extends: a list, expected one of world-day, edge-day, ten-weeks, tiny, ",
    ),
    "misspelled base": (
        swap("schema = 1", 'schema = 1\nextends = "world-dya"'),
        "edge-day, ten-weeks, tiny, world-2026 (did you mean 'world-day'?)",
    ),
    "unknown base": (
        swap("schema = 1", 'schema = 1\nextends = "moon-day"'),
        "scenario.toml: extends: 'moon-day', expected one of world-day, edge-day, ten-weeks, ",
    ),
}

TABLES = {
    "missing file": (
        swap('file = "demand.csv"', 'file = "demands.csv"'),
        r"demands.csv: no such file, expected a CSV or Parquet table",
    ),
    "missing column": (
        swap('column = "carbon_g_per_kwh"', 'column = "carbon"'),
        r"signals.carbon \(north\): .*grid.csv: no column 'carbon', expected one of utc, site, ",
    ),
    "missing demand column": (
        swap("utc,origin,class,requests", "utc,origin,class,count", DEMAND),
        r"demand.csv: no column 'requests', expected one of utc, origin, class, count, prompt",
    ),
    "wrong unit": (
        swap('unit = "g/kWh"', 'unit = "L/kWh"'),
        r"signals.carbon \(north\): unit: 'L/kWh' \(water intensity\), expected one of kg/kWh",
    ),
    "unknown unit": (
        swap('unit = "g/kWh"', 'unit = "g per kWh"'),
        r"unit: 'g per kWh', expected one of kg/kWh",
    ),
    "wrong demand unit": (
        swap('unit = "request" ', 'unit = "kWh" '),
        r"demand.unit: 'kWh' \(energy\), expected one of request/s",
    ),
    "no zone": (
        swap('zone = "UTC"\nwhere', "where"),
        r"grid.csv:2: utc: '2024-03-20T00:00' without an offset, expected a stated zone",
    ),
    "no zone for demand": (
        swap('zone = "UTC"        #', "#"),
        r"demand.csv:2: utc: '2024-03-20T00:00' without an offset, expected a stated zone",
    ),
    "not a stamp": (
        line(4, "20.3.2024,north,300,80", GRID),
        r"grid.csv:4: utc: '20.3.2024', expected a date and time in ISO 8601",
    ),
    "not a number": (
        line(4, "2024-03-20T01:00,north,many,80", GRID),
        r"grid.csv:4: carbon_g_per_kwh: 'many', expected a number",
    ),
    "gap of a figure": (
        line(4, "2024-03-20T01:00,north,,80", GRID),
        r"grid.csv:4: no number for 2024-03-20T01:00Z, expected one for every epoch \(1 missing\)",
    ),
    "NaN": (
        line(4, "2024-03-20T01:00,north,nan,80", GRID),
        r"grid.csv:4: no number for 2024-03-20T01:00Z",
    ),
    "infinite": (
        line(4, "2024-03-20T01:00,north,inf,80", GRID),
        r"grid.csv:4: carbon_g_per_kwh: 'inf', expected a number",
    ),
    "negative carbon": (
        line(4, "2024-03-20T01:00,north,-4,80", GRID),
        r"signals.carbon \(north\): .*grid.csv:4: carbon_g_per_kwh: -0.004 kg/kWh \(1 such\), "
        "expected a number from 0 to 100 kg/kWh",
    ),
    "missing hour": (
        line(4, None, GRID),
        r"signals.carbon \(north\): nothing for 2024-03-20T01:00Z, expected a value for every "
        r"epoch \(1 without; the series spans 2024-03-20T00:00Z to 2024-03-21T00:00Z\)",
    ),
    "hour twice": (
        line(4, "2024-03-20T00:00,north,300,80", GRID),
        r"grid.csv:4: 2024-03-20T00:00Z twice, expected distinct time stamps",
    ),
    "unsorted": (
        line(8, "2024-03-20T01:30,north,300,80", GRID),
        r"grid.csv:8: 2024-03-20T01:30Z, expected equal steps of 3600 s \(or longest_step",
    ),
    "odd step": (
        line(8, "2024-03-20T02:30,north,300,80", GRID),
        r"grid.csv:8: 2024-03-20T02:30Z, expected equal steps of 3600 s",
    ),
    "no row": (
        swap('where = { site = "{name}" }', 'where = { site = "{zone}" }'),
        r"grid.csv: no row where site = DE-LU, expected site in north, south",
    ),
    "negative demand": (
        line(3, "2024-03-20T00:00,europe,code,-5,2000,30", DEMAND),
        r"demand.csv:3: requests: -5, expected a number >= 0 \(1 row\)",
    ),
    "NaN demand": (
        line(3, "2024-03-20T00:00,europe,code,7,,30", DEMAND),
        r"demand.csv:3: prompt: nan, expected a number >= 0",
    ),
    "unknown origin": (
        line(3, "2024-03-20T00:00,asia,code,5,2000,30", DEMAND),
        r"demand.csv:3: origin 'asia', expected one of europe, america",
    ),
    "unknown class": (
        line(3, "2024-03-20T00:00,europe,poetry,5,2000,30", DEMAND),
        r"demand.csv:3: class 'poetry', expected one of chat, code",
    ),
    "demand twice": (
        line(6, "2024-03-20T00:00,europe,chat,5,2000,30", DEMAND),
        r"demand.csv:6: 2024-03-20T00:00Z twice, expected distinct",
    ),
    "columns of a row": (
        line(3, "2024-03-20T00:00,europe,code,5,2000,30,1", DEMAND),
        r"demand.csv: CSV parse error: Expected 6 columns, got 7",
    ),
    "empty table": (
        lambda files: files.write(DEMAND, "utc,origin,class,requests,prompt,output\n"),
        r"demand.csv: no rows, expected at least one",
    ),
    "empty file": (lambda files: files.write(DEMAND, ""), r"demand.csv: .*[Ee]mpty"),
    "column twice": (
        swap("utc,site,carbon", "utc,utc,carbon", GRID),
        r"grid.csv: column 'utc' twice, expected distinct names",
    ),
    "missing signal": (
        swap("wue = { value = 0.2, unit", "renewable = { value = 0.2, unit"),
        r"datacenters.north.wue: missing, expected a series here or in \[signals\]",
    ),
    "wrong count": (
        swap("value = 1.25,", "values = [1.25, 1.3],"),
        r"datacenters.north.pue: values: 2 figures, expected one an epoch \(24\)",
    ),
    "PUE below 1": (
        swap("value = 1.25,", "value = 0.25,"),
        r"datacenters.north.pue: 0.25 \(1 such\), expected a number from 1 to 100",
    ),
    "unknown folder": (
        swap('file = "grid.csv"', 'file = "data:grid.csv"'),
        r"data:grid.csv: unknown folder 'data', expected one of slit \(section folders\)",
    ),
    "refused estimate": (
        swap("[latency]", '[latency]\nmissing = "refuse"'),
        r"latency: no round trip from europe to north, expected one for every pair",
    ),
    "table of records": (
        swap('"context_tokens", ', ""),
        r"services.csv:2: context_tokens: unknown field, expected one of node_type, variant, ",
    ),
    "digits in groups": (
        line(4, "2024-03-20T01:00,north,1_000,80", GRID),
        r"grid.csv:4: carbon_g_per_kwh: '1_000', expected a number",
    ),
    "impossible carbon": (
        line(4, "2024-03-20T01:00,north,1e15,80", GRID),
        r"grid.csv:4: .*1e\+12 kg/kWh \(1 such\), expected a number from 0 to 100",
    ),
    "impossible price": (
        line(4, "2024-03-20T01:00,north,300,-1e7", GRID),
        r"-10000 USD/kWh \(1 such\), expected a number from -1000 to 1000",
    ),
    "impossible requests": (
        line(3, "2024-03-20T00:00,europe,code,1e300,2000,30", DEMAND),
        r"demand.csv:3: requests: 1e\+300, expected a number <= 1e\+13 \(1 row\)",
    ),
    "impossible tokens": (
        line(3, "2024-03-20T00:00,europe,code,5,1e9,30", DEMAND),
        r"demand.csv:3: prompt: 1e\+09, expected a number <= 1e\+08 \(1 row\)",
    ),
    "score twice": (
        lambda files: files.replace("slit:tables/quality.csv", "scores.csv").write(
            "scores.csv",
            "variant,class,score\nllama-3-8b,chat,0.5\nllama-3-8b,code,0.5\nllama-3-8b,chat,0.6\n",
        ),
        r"quality: .*scores.csv:4: llama-3-8b for chat twice, expected one score",
    ),
    "no score": (
        swap('[quality]\nfile = "slit:tables/quality.csv"', ""),
        r"variants.csv:2: quality: missing, expected a value \(share of answers",
    ),
    "no score of a class": (
        swap('name = "code"', 'name = "prose"'),
        r"demand.csv:3: class 'code', expected one of chat, prose",
    ),
}


@pytest.mark.parametrize("case", FIELDS)
def test_mistakes_in_the_file(files: Files, case: str) -> None:
    spoil, expected = FIELDS[case]
    spoil(files)
    with pytest.raises(SlitError, match=re.escape(expected)) as caught:
        files.load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", TABLES)
def test_mistakes_in_tables(files: Files, case: str) -> None:
    spoil, expected = TABLES[case]
    spoil(files)
    with pytest.raises(SlitError, match=expected) as caught:
        files.load()
    assert re.match(r"/\S+\.(toml|csv)[:0-9]*: ", str(caught.value))


def test_toml_syntax(files: Files) -> None:
    files.replace("nodes = 6", "nodes 6")
    number = 1 + files.text[: files.text.index("nodes 6")].count("\n")
    with pytest.raises(SlitError, match=rf"scenario.toml:{number}: expected '=' .*, expected TOML"):
        files.load()


def test_toml_that_breaks_off(files: Files) -> None:
    last = files.text.count("\n") + 1
    files.write("scenario.toml", files.text + "\nx = [1,")
    with pytest.raises(SlitError, match=rf"scenario.toml:{last + 1}: .*, expected TOML"):
        files.load()


@pytest.mark.parametrize("name", ["scenario.toml", GRID, DEMAND])
def test_not_utf8(files: Files, name: str) -> None:
    path = files.folder / name
    lines = path.read_bytes().splitlines()
    lines[6] = lines[6] + b"\xfc"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(SlitError, match=rf"{name}(:7|: line 7): byte 0xfc, expected UTF-8 text"):
        files.load()


def test_parquet_with_text_that_is_no_utf8(files: Files) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    offsets = pa.py_buffer(np.array([0, 2], dtype=np.int32).tobytes())
    text = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(b"\xff\xfe"))
    parquet.write_table(pa.table({"utc": text}), files.folder / "grid.parquet")
    files.replace("grid.csv", "grid.parquet")
    with pytest.raises(SlitError, match=r"grid.parquet: .*UTF8.*, expected a Parquet table"):
        files.load()


def test_damaged_parquet(files: Files) -> None:
    files.replace("grid.csv", "grid.parquet").write("grid.parquet", "no parquet at all")
    with pytest.raises(SlitError, match=r"grid.parquet: .*Parquet magic bytes not found"):
        files.load()


def test_no_such_scenario(tmp_path: Path) -> None:
    with pytest.raises(
        SlitError, match="nowhere: no such scenario, expected a path of a TOML file"
    ):
        load_scenario("nowhere")
    with pytest.raises(SlitError, match="a folder, expected a scenario file"):
        load_scenario(tmp_path)


def test_a_table_may_have_a_byte_order_mark_and_windows_lines(files: Files) -> None:
    before = files.load()
    path = files.folder / GRID
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert (files.load().signals.carbon == before.signals.carbon).all()
