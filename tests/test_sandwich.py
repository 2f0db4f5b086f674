"""Where half-spaces and known points are farthest apart, by hand."""

import numpy as np

from slit.sandwich import lattice, loosest, points_within, unlike


def test_lattice_is_the_finest_within_the_number() -> None:
    assert [len(lattice(4, n)) for n in (1, 56, 164, 165, 455)] == [4, 56, 120, 165, 455]
    assert np.allclose(lattice(4, 50).sum(axis=1), 1)


def test_points_are_those_of_the_box_within_every_half_space() -> None:
    normals, offsets = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.5, 0.75])
    everywhere = points_within(normals, np.zeros(2), edge=2.0, power=8)
    inside = points_within(normals, offsets, edge=2.0, power=8)
    assert len(everywhere) == 256
    assert everywhere.max() < 2.0
    held = (everywhere[:, 0] >= 0.5) & (everywhere.sum(axis=1) >= 1.5)
    assert 0 < len(inside) < 256
    assert (inside == everywhere[held]).all()


def test_the_loosest_weights_are_those_that_may_cut_most() -> None:
    """Known are (0, 1) and (1, 0): below the line between them nothing is known."""
    points = points_within(np.eye(2), np.zeros(2), edge=1.1, power=10)
    candidates = np.array([[0.9, 0.1], [0.5, 0.5], [0.8, 0.2]])
    reached = candidates.min(axis=1)
    assert (loosest(candidates, reached, points, count=1) == [[0.5, 0.5]]).all()
    both = loosest(candidates, reached, points, count=2)
    assert (both == [[0.5, 0.5], [0.8, 0.2]]).all()


def test_no_weights_are_loose_where_nothing_can_be_cut() -> None:
    points = points_within(np.eye(2), np.zeros(2), edge=1.1, power=6)
    candidates = np.array([[0.5, 0.5]])
    assert not len(loosest(candidates, np.zeros(1), points, count=3))
    assert not len(loosest(candidates, np.ones(1), points[:0], count=3))


def test_weights_like_known_ones_are_left_out() -> None:
    candidates = np.array([[0.5, 0.5], [0.505, 0.495], [0.6, 0.4]])
    assert (unlike(candidates, candidates[:1]) == candidates[2:]).all()
