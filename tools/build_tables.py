"""Compute the tables of figures of slit/scenario/tables from the reference data.

Usage: python tools/build_tables.py [--output FOLDER]

The data is found through SLIT_SHARED_DATA or in ../shared/data beside the checkout. The output is
deterministic; LICENSE.md and SOURCES.md in the folder are written by hand.
"""

import argparse
from pathlib import Path

from table_demand import build_demand_shape
from table_files import TABLES, shared_data
from table_fleet import build_fleet_nodes, build_fleet_services, build_fleet_variants
from table_grid import build_typical_day
from table_preference import build_preference
from table_regions import build_regions, build_round_trips
from table_services import build_services
from table_variants import build_node_types, build_quality, build_variants


def main() -> None:
    """Write every table and say how many rows each has."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=TABLES)
    output = parser.parse_args().output
    data = shared_data()
    output.mkdir(parents=True, exist_ok=True)
    for build in (
        build_typical_day,
        build_regions,
        build_round_trips,
        build_node_types,
        build_variants,
        build_services,
        build_quality,
        build_demand_shape,
        build_fleet_nodes,
        build_fleet_variants,
        build_fleet_services,
        build_preference,
    ):
        print(f"{build.__name__}: {build(data, output)} rows")


if __name__ == "__main__":
    main()
