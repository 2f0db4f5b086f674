"""What a recommended growth gives once it is optimized, against as many nodes spread evenly.

    python -m benchmarks.drivers.growth [--nodes 40] [--seeds 3] [--moves 500000]
                                       [--objectives cost,quality]

Each fleet of world-day (as it is, grown by `slit grow`, spread evenly) is searched with the same
seeds and moves; of each front the least weighted sum counts. The relaxed value
bounds it from below.
"""

import argparse

import slit
from slit.api.growing import GrowthSettings, grow
from slit.growth.fleet import change_of
from slit.growth.plan import Point


def main() -> None:
    """Print a line a fleet and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--moves", type=int, default=500_000)
    parser.add_argument("--objectives", default="cost,quality")
    given = parser.parse_args()
    names = given.objectives.split(",")
    growth, _ = grow("world-day", GrowthSettings(nodes=given.nodes), objectives=names)
    print("weights", dict(zip(growth.names, growth.weights.tolist(), strict=True)))
    points: dict[str, Point] = {"today": growth.today, "grown": growth.best, "even": growth.even}
    for name, point in points.items():
        choice = point.choice
        scenario = growth.fleet.grown(change_of(growth.fleet, choice.bought))
        added = {
            row.label: int(count)
            for row, count in zip(growth.fleet.rows, choice.bought, strict=True)
            if count
        }
        print(name, "relaxed", f"{point.bound:.6g}", added if name == "grown" else "")
        for seed in range(1, given.seeds + 1):
            result = slit.optimize(
                scenario,
                objectives=names,
                seed=seed,
                moves=given.moves,
                baselines=False,
                steady=False,
            )
            sums = result.front.F @ growth.weights
            best = result.front.F[sums.argmin()]
            print(name, "seed", seed, "searched", f"{sums.min():.6g}", best.tolist(), flush=True)


if __name__ == "__main__":
    main()
