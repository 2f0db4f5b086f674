"""What a file states and no plan depends on is said."""

from collections.abc import Callable

import pytest

from slit.scenario.builtin import builtin_names
from slit.scenario.check import check_and_load
from slit.scenario.lint_ignored import lint_ignored
from slit.scenario.load import load_scenario
from slit.scenario.toml_file import read_raw, scenario_path, validated
from tests.scenario.files import DEMAND, Files

Change = Callable[[Files], Files]

NODE_TYPES = """
[[node_types]]
name = "h100x8"
gpus = 8
gpu_memory_gb = 80
load_gb_per_s = 25
idle_w = 5200
prefill_w = 10200
decode_w = 7640
rental_usd_per_hour = 98
embodied_kg_per_hour = 0.25

[[node_types]]
name = "a100x8"
gpus = 8
gpu_memory_gb = 80
load_gb_per_s = 25
idle_w = 3804
prefill_w = 6500
decode_w = 5300

"""


def own_nodes(files: Files) -> Files:
    return files.replace_section("[node_types]", "[variants]", NODE_TYPES)


def stating(text: str, *, after: str) -> Change:
    return lambda files: files.replace(after, f"{after}\n{text}")


RULE = '[[residency]]\norigins = ["europe"]\ndatacenters = ["north", "south"]\n#'

CASES: dict[str, tuple[Change, str]] = {
    "rental": (
        own_nodes,
        "warning: node_types.rental_usd_per_hour: 98 USD/h of h100x8 do not count, expected "
        "accounting.rental = true to count them",
    ),
    "committed nodes": (
        stating("committed_nodes = 2", after="nodes = 6"),
        "warning: pools.committed_nodes: stated for north-h100, do not count, expected "
        "accounting.rental = true to count what they cost",
    ),
    "states of nodes": (
        lambda files: own_nodes(files).replace("idle_w = 5200", "idle_w = 5200\nboot_kwh = 0.2"),
        "warning: node_types.h100x8: boot_kwh do not count (no node may be off), expected "
        "pools.off_nodes to let nodes be off",
    ),
    "embodied carbon": (
        own_nodes,
        "warning: node_types.embodied_kg_per_hour: 0.25 kg CO2e/h of h100x8 do not count, expected "
        "accounting.embodied = true to count them",
    ),
    "egress": (
        stating("egress_usd_per_gb = 0.09", after="water_stress = 0.34"),
        "warning: datacenters.egress_usd_per_gb: up to 0.09 USD/GB do not count, expected "
        "accounting.egress_kb_per_token > 0 to count them",
    ),
    "egress without a price": (
        stating("egress_kb_per_token = 0.004", after="[accounting]"),
        "warning: accounting.egress_kb_per_token: no site has a price of outgoing data, expected "
        "datacenters.egress_usd_per_gb",
    ),
    "energy of water": (
        stating("wastewater_kwh_per_m3 = 0.7", after="[accounting]"),
        "warning: accounting: wastewater_kwh_per_m3 do not count, expected water_energy_carbon = "
        "true to count them",
    ),
    "a wet bulb": (
        stating('wet_bulb = { value = 11, unit = "degC" }', after="water_stress = 0.34"),
        "warning: datacenters.wet_bulb: not read at north (water_method published), expected a "
        "water_method that reads it",
    ),
    "a supply temperature for all": (
        stating(
            '[signals.supply_temperature]\nvalue = 20\nunit = "degC"\n\n[[pools]]\n'
            'name = "spare"\ndatacenter = "north"\nnode_type = "h100x8"\nnodes = 1\n',
            after='where = { site = "{name}" }\n\n[signals.price]\nfile = "grid.csv"\n'
            'column = "price_usd_per_mwh"\nunit = "USD/MWh"\ntime = "utc"\nzone = "UTC"\n'
            'where = { site = "{name}" }\n',
        ),
        "warning: signals.supply_temperature: read at no site, expected a method that reads it",
    ),
    "published water of a tower": (
        stating('water_method = "tower"', after="water_stress = 0.34"),
        "warning: datacenters.wue: not read at north (water_method tower), expected a water_method "
        "that reads it",
    ),
    "a published PUE": (
        stating(
            'pue_method = "cop"\nsupply_temperature = { value = 20, unit = "degC" }',
            after="water_stress = 0.34",
        ),
        "warning: datacenters.pue: not read at north (pue_method cop), expected a pue_method that "
        "reads it",
    ),
    "initial nodes": (
        stating('initial_nodes = { "llama-3-8b" = 2 }', after="nodes = 6"),
        "warning: pools.initial_nodes: stated for north-h100, not read (begins free), expected "
        'horizon.begins = "given" to begin with them',
    ),
    "a rule that allows all": (
        lambda files: files.replace("# [[residency]]", RULE),
        "note: residency[0]: forbids nothing to any group with requests, expected a rule that "
        "binds",
    ),
    "an idle site": (
        lambda files: files.replace("nodes = 8", "nodes = 0"),
        "note: datacenters: no nodes for south, expected that they are meant",
    ),
    "a class nobody asks for": (
        lambda files: files.write(
            DEMAND,
            "\n".join(
                one
                for one in (files.folder / DEMAND).read_text(encoding="utf-8").splitlines()
                if ",code," not in one
            ),
        ),
        "note: classes: no requests for code, expected that they are meant",
    ),
}


def said(files: Files) -> list[str]:
    raw = read_raw(scenario_path(files.path))
    scenario = load_scenario(files.path)
    return [f"{one.severity}: {one}" for one in lint_ignored(scenario, validated(raw))]


@pytest.mark.parametrize("case", CASES)
def test_it_is_said(files: Files, case: str) -> None:
    assert said(files) == []
    change, expected = CASES[case]
    change(files)
    assert expected in said(files)
    assert expected in [f"{one.severity}: {one}" for one in check_and_load(files.path)[0]]


def test_what_counts_is_not_mentioned(files: Files) -> None:
    own_nodes(files)
    files.replace("[accounting]", "[accounting]\nrental = true\nembodied = true")
    assert said(files) == []


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_scenarios_state_nothing_in_vain(name: str) -> None:
    raw = read_raw(scenario_path(name))
    assert list(lint_ignored(load_scenario(name), validated(raw))) == []
