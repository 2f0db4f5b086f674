"""NSGA-II survival (Deb et al. 2002): ranks, crowding and who stays, in one compiled call.

The kernels check nothing; `dominance`, `selection` and `nsga2` offer the same work with checks.
"""

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Genes, Longs

LARGEST = 1e300
"""Keys up to this size are sorted by buckets."""
CROWDED_BUCKETS = 16
"""Steps a key that insertion within the buckets may cost on average; else they are merged."""


@kernel
def sorted_order(keys: Floats) -> Longs:
    """Ascending order of `keys` (n,), equal keys in their first order.

    Keys are thrown into n buckets of equal width and then sorted by insertion, which for the few
    hundred points of a population takes a quarter of the time of merging.
    """
    n = keys.shape[0]
    order = np.arange(n)
    low, high = np.inf, -np.inf
    for key in keys:
        low, high = min(low, key), max(high, key)
    if low < -LARGEST or high > LARGEST or not high - low > 1.0 / LARGEST:
        return _merged_order(keys, order)
    scale = (n - 1) / (high - low)
    bucket, first = np.empty(n, np.int64), np.zeros(n + 1, np.int64)
    for i in range(n):
        bucket[i] = int((keys[i] - low) * scale)
        first[bucket[i] + 1] += 1
    steps = 0
    for b in range(n):
        steps += first[b + 1] * first[b + 1]
        first[b + 1] += first[b]
    if steps > CROWDED_BUCKETS * n:
        return _merged_order(keys, order)
    for i in range(n):
        order[first[bucket[i]]] = i
        first[bucket[i]] += 1
    for i in range(1, n):
        moved = order[i]
        j = i
        while j > 0 and keys[order[j - 1]] > keys[moved]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = moved
    return order


@kernel
def _merged_order(keys: Floats, order: Longs) -> Longs:
    """The same by merging, for keys that crowd in few buckets or are infinite."""
    n = keys.shape[0]
    other = np.empty(n, np.int64)
    width = 1
    while width < n:
        for start in range(0, n, 2 * width):
            middle, end = min(start + width, n), min(start + 2 * width, n)
            left, right = start, middle
            for k in range(start, end):
                if left == middle or (right < end and keys[order[right]] < keys[order[left]]):
                    other[k] = order[right]
                    right += 1
                else:
                    other[k] = order[left]
                    left += 1
        order, other = other, order
        width *= 2
    return order


@kernel
def lexicographic_order(objectives: Floats, violation: Floats) -> Longs:
    """Order of the points (n,) by violation, then first objective, then second and so on."""
    n, m = objectives.shape
    order, other, keys = np.arange(n), np.arange(n), np.empty(n)
    tied, violated = False, False
    for i in range(n):
        violated |= violation[i] > 0.0
    for step in range(m + 2):
        # The first objective alone; where it has ties, all from the last; then the violation.
        column = m - step if step > 0 else 0
        if step <= m:
            if step > 0 and not tied:
                continue
            for s in range(n):
                keys[s] = objectives[order[s], column]
        elif violated:
            for s in range(n):
                keys[s] = violation[order[s]]
        else:
            continue
        by_key = sorted_order(keys)
        for s in range(n):
            other[s] = order[by_key[s]]
        order, other = other, order
        if step == 0:
            for s in range(1, n):
                tied |= keys[by_key[s]] == keys[by_key[s - 1]]
    return order


@kernel
def same_point(objectives: Floats, i: int, j: int) -> bool:
    """Whether two points have the same objectives."""
    for m in range(objectives.shape[1]):
        if objectives[i, m] != objectives[j, m]:
            return False
    return True


@kernel
def rank_points(objectives: Floats, violation: Floats, distinct: bool) -> Longs:
    """Front of each point (n,), 0 = best, under constraint domination (Deb 2002, section VI).

    A point's front is the length of the longest chain of points that dominate one another above
    it. In lexicographic order only earlier points dominate, and the first objective needs no
    look; the inner loop is without branches. Points of equal violation are compared by their
    objectives. With `distinct` all but the first of equal points get rank n, behind every front.
    """
    n, m = objectives.shape
    order = lexicographic_order(objectives, violation)
    columns = np.zeros((max(m - 1, 3), n))
    for column in range(1, m):
        for s in range(n):
            columns[column - 1, s] = objectives[order[s], column]
    depth, rank = np.zeros(n, np.int64), np.zeros(n, np.int64)
    above = np.zeros(n, np.int64)
    start, base, top = 0, 0, 0
    for s in range(n):
        i = order[s]
        if s > 0 and violation[i] != violation[order[s - 1]]:
            start, base = s, top
        elif s > 0 and same_point(objectives, i, order[s - 1]):
            rank[i] = n if distinct else rank[order[s - 1]]
            continue
        if m <= 4:
            chain = _longest_of_three(columns, depth[start:s], s)
        else:
            chain = _longest(columns, depth[start:s], s, above)
        depth[s] = chain + 1
        rank[i] = base + chain
        top = max(top, rank[i] + 1)
    return rank


@kernel
def _longest_of_three(columns: Floats, depth: Longs, s: int) -> int:
    before = depth.shape[0]
    x, y, z = columns[0, s], columns[1, s], columns[2, s]
    a = columns[0][s - before : s]
    b = columns[1][s - before : s]
    c = columns[2][s - before : s]
    longest = 0
    for j in range(before):
        above = depth[j] if (a[j] <= x) & (b[j] <= y) & (c[j] <= z) else 0
        longest = max(longest, above)
    return longest


@kernel
def _longest(columns: Floats, depth: Longs, s: int, above: Longs) -> int:
    before = depth.shape[0]
    for j in range(before):
        above[j] = depth[j]
    for column in range(columns.shape[0]):
        x = columns[column, s]
        values = columns[column][s - before : s]
        for j in range(before):
            above[j] = above[j] if values[j] <= x else 0
    longest = 0
    for j in range(before):
        longest = max(longest, above[j])
    return longest


@kernel
def fronts(rank: Longs) -> tuple[Longs, Longs]:
    """Points by rank: members (n,), front f being members[first[f] : first[f + 1]]."""
    n = rank.shape[0]
    first = np.zeros(n + 2, np.int64)
    for i in range(n):
        first[rank[i] + 1] += 1
    for f in range(n + 1):
        first[f + 1] += first[f]
    fill = first.copy()
    members = np.empty(n, np.int64)
    for i in range(n):
        members[fill[rank[i]]] = i
        fill[rank[i]] += 1
    return members, first


@kernel
def crowd(objectives: Floats, members: Longs, crowding: Floats) -> None:
    """Crowding distance (Deb 2002, section III.B) of one front's members into `crowding`.

    Infinite at the ends of each objective; objectives without a finite range count nothing.
    """
    k = members.shape[0]
    for i in members:
        crowding[i] = 0.0 if k > 2 else np.inf
    if k <= 2:
        return
    values = np.empty(k)
    for m in range(objectives.shape[1]):
        for s in range(k):
            values[s] = objectives[members[s], m]
        order = sorted_order(values)
        low, high = values[order[0]], values[order[k - 1]]
        crowding[members[order[0]]] = np.inf
        crowding[members[order[k - 1]]] = np.inf
        if -np.inf < low < high < np.inf:
            span = high - low
            for s in range(1, k - 1):
                gap = values[order[s + 1]] - values[order[s - 1]]
                crowding[members[order[s]]] += gap / span


@kernel
def choose_survivors(
    objectives: Floats, violation: Floats, size: int, distinct: bool
) -> tuple[Longs, Longs, Floats]:
    """NSGA-II survival: whole fronts, the last one by crowding; equals by index.

    Returns the chosen indices (size,) ascending, rank (n,), and crowding (n,), which is 0 in the
    fronts that nobody was taken from.
    """
    n = objectives.shape[0]
    rank = rank_points(objectives, violation, distinct)
    members, first = fronts(rank)
    crowding, taken = np.zeros(n), np.zeros(n, np.bool_)
    above_all = objectives.shape[1] + 1.0
    left, f = size, 0
    while left > 0:
        front = members[first[f] : first[f + 1]]
        k = front.shape[0]
        crowd(objectives, front, crowding)
        if k > left:
            keys = np.empty(k)
            for s in range(k):
                keys[s] = -min(crowding[front[s]], above_all)
            order = sorted_order(keys)
            for s in range(left):
                taken[front[order[s]]] = True
        else:
            for i in front:
                taken[i] = True
        left -= min(left, k)
        f += 1
    chosen = np.empty(size, np.int64)
    count = 0
    for i in range(n):
        if taken[i]:
            chosen[count] = i
            count += 1
    return chosen, rank, crowding


@kernel
def survive(
    population: Genes,
    objectives: Floats,
    violation: Floats,
    offspring: Genes,
    offspring_objectives: Floats,
    offspring_violation: Floats,
    rank: Longs,
    crowding: Floats,
    distinct: bool,
) -> int:
    """Keep the best N of N parents and K children, in place; returns how many children stay.

    Children that stay take the places of parents that go, so the order of the population means
    nothing; `rank` (N,) and `crowding` (N,) are written.
    """
    n, k = population.shape[0], offspring.shape[0]
    merged, merged_violation = np.empty((n + k, objectives.shape[1])), np.empty(n + k)
    for i in range(n + k):
        merged_violation[i] = violation[i] if i < n else offspring_violation[i - n]
        for m in range(objectives.shape[1]):
            merged[i, m] = objectives[i, m] if i < n else offspring_objectives[i - n, m]
    chosen, ranks, crowdings = choose_survivors(merged, merged_violation, n, distinct)
    stays = np.zeros(n, np.bool_)
    entered = 0
    for i in chosen:
        if i < n:
            stays[i] = True
        else:
            entered += 1
    place = 0
    for i in chosen:
        target = i
        if i >= n:
            while stays[place]:
                place += 1
            target = place
            place += 1
            for g in range(population.shape[1]):
                population[target, g] = offspring[i - n, g]
            for m in range(objectives.shape[1]):
                objectives[target, m] = merged[i, m]
            violation[target] = merged_violation[i]
        rank[target] = ranks[i]
        crowding[target] = crowdings[i]
    return entered
