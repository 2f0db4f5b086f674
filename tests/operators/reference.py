"""Slow twins of the operators in plain Python: they share no code with what they check."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, product

Point = Sequence[float]


def dominates(a: Point, b: Point, excess_a: float = 0.0, excess_b: float = 0.0) -> bool:
    """Deb 2002: less violation, or equal violation and no worse anywhere, better somewhere."""
    if excess_a != excess_b:
        return excess_a < excess_b
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(
        x < y for x, y in zip(a, b, strict=True)
    )


def front_ranks(points: Sequence[Point], excess: Sequence[float]) -> list[int]:
    """Peel off front after front."""
    ranks = [-1] * len(points)
    left = set(range(len(points)))
    rank = 0
    while left:
        front = {
            i
            for i in left
            if not any(dominates(points[j], points[i], excess[j], excess[i]) for j in left)
        }
        for i in front:
            ranks[i] = rank
        left -= front
        rank += 1
    return ranks


def crowding_distance(points: Sequence[Point]) -> list[float]:
    """Of one front; equal values stand in their first order."""
    n = len(points)
    if n <= 2:
        return [math.inf] * n
    distance = [0.0] * n
    for m in range(len(points[0])):
        order = sorted(range(n), key=lambda i: points[i][m])
        low, high = points[order[0]][m], points[order[-1]][m]
        distance[order[0]] = distance[order[-1]] = math.inf
        for before, i, after in zip(order, order[1:], order[2:], strict=False):
            if high > low:
                distance[i] += (points[after][m] - points[before][m]) / (high - low)
    return distance


def survivors(points: Sequence[Point], excess: Sequence[float], size: int) -> set[int]:
    """NSGA-II: whole fronts, the last by crowding, equal crowding by index."""
    ranks = front_ranks(points, excess)
    chosen: set[int] = set()
    for rank in range(len(points)):
        front = [i for i in range(len(points)) if ranks[i] == rank]
        crowding = crowding_distance([points[i] for i in front])
        order = sorted(range(len(front)), key=lambda k: (-crowding[k], front[k]))
        chosen |= {front[k] for k in order[: size - len(chosen)]}
    return chosen


def hypervolume(points: Sequence[Point], reference: Point) -> float:
    """Inclusion and exclusion over all subsets: up to about 12 points."""
    total = 0.0
    for count in range(1, len(points) + 1):
        for chosen in combinations(points, count):
            sides = [
                max(0.0, limit - max(point[m] for point in chosen))
                for m, limit in enumerate(reference)
            ]
            total += (-1) ** (count + 1) * math.prod(sides)
    return total


def igd_plus(points: Sequence[Point], front: Sequence[Point]) -> float:
    """Mean over the front of the distance to the nearest point, counting only what is worse."""
    return sum(
        min(
            math.sqrt(sum(max(x - z, 0.0) ** 2 for x, z in zip(point, target, strict=True)))
            for point in points
        )
        for target in front
    ) / len(front)


def excess_nodes(
    chromosome: Sequence[int],
    *,
    block_first: Sequence[int],
    load_row: Sequence[int],
    load: Sequence[Sequence[int]],
    resource: Sequence[int],
    quantum: Sequence[int],
    least: Sequence[int],
    limits: Sequence[Sequence[int]],
) -> list[int]:
    """Nodes above the limits in each block."""
    excess = []
    for block, limit in enumerate(limits):
        work: Counter[int] = Counter()
        for gene in range(block_first[block], block_first[block + 1]):
            work[chromosome[gene]] += load[load_row[gene]][chromosome[gene]]
        nodes: Counter[int] = Counter()
        for value, size in enumerate(quantum):
            nodes[resource[value]] += max(-(-work[value] // size), least[value])
        excess.append(sum(max(0, nodes[r] - room) for r, room in enumerate(limit)))
    return excess


def das_dennis(objectives: int, partitions: int) -> list[tuple[float, ...]]:
    """Every vector of multiples of 1/partitions, if it sums to 1."""
    return [
        tuple(k / partitions for k in steps)
        for steps in product(range(partitions + 1), repeat=objectives)
        if sum(steps) == partitions
    ]


def thin(points: Sequence[Point], protected: set[int], capacity: int) -> list[int]:
    """Who stays when the most crowded goes, one at a time, in objectives scaled to [0, 1]."""
    columns = list(zip(*points, strict=True))
    scaled = [
        [
            (x - min(c)) / (max(c) - min(c)) if max(c) > min(c) else 0.0
            for x, c in zip(p, columns, strict=True)
        ]
        for p in points
    ]
    left = list(range(len(points)))

    def crowded(i: int) -> tuple[float, float, int]:
        near: list[float] = sorted(
            sum((x - y) * (x - y) for x, y in zip(scaled[i], scaled[j], strict=True))
            for j in left
            if j != i
        )
        first, second, *_ = [*near, math.inf, math.inf]
        return first, second, -i

    while len(left) > capacity:
        left.remove(min((i for i in left if i not in protected), key=crowded))
    return left
