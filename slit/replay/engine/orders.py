"""Two orders that change all the time: the next sequence that ends, the least of many keys."""

from operators.types import Floats, Longs
from slit.replay.engine.compiling import kernel


@kernel
def push(ends: Longs, owners: Longs, row: int, count: int, end: int, owner: int) -> None:
    """Add an entry to the heap of `count` entries in a row of ends and owners (P, B)."""
    place = count
    while place > 0:
        above = (place - 1) >> 1
        if ends[row, above] <= end:
            break
        ends[row, place] = ends[row, above]
        owners[row, place] = owners[row, above]
        place = above
    ends[row, place] = end
    owners[row, place] = owner


@kernel
def remove(ends: Longs, owners: Longs, row: int, count: int, place: int) -> None:
    """Take the entry at `place` out of a heap of `count` entries."""
    last = count - 1
    end, owner = ends[row, last], owners[row, last]
    while place > 0 and ends[row, (place - 1) >> 1] > end:
        above = (place - 1) >> 1
        ends[row, place], owners[row, place] = ends[row, above], owners[row, above]
        place = above
    while True:
        below = 2 * place + 1
        if below >= last:
            break
        if below + 1 < last and ends[row, below + 1] < ends[row, below]:
            below += 1
        if ends[row, below] >= end:
            break
        ends[row, place], owners[row, place] = ends[row, below], owners[row, below]
        place = below
    ends[row, place], owners[row, place] = end, owner


@kernel
def settle(tree: Longs, keys: Floats, leaf: int) -> None:
    """Mend a tournament after the key of a leaf changed.

    tree (2 * L,) holds at i the leaf with the least key below i, the first of several; keys (L,), L
    a power of two; tree[1] is the winner.
    """
    place = (leaf + len(keys)) >> 1
    while place > 0:
        left, right = tree[2 * place], tree[2 * place + 1]
        winner = right if keys[right] < keys[left] else left
        if winner != leaf and tree[place] == winner:  # it did not win here before either
            break
        tree[place] = winner
        place >>= 1


@kernel
def seed_tournament(tree: Longs, keys: Floats) -> None:
    """Set up a tournament of all keys."""
    size = len(keys)
    for leaf in range(size):
        tree[size + leaf] = leaf
    for place in range(size - 1, 0, -1):
        left, right = tree[2 * place], tree[2 * place + 1]
        tree[place] = right if keys[right] < keys[left] else left
