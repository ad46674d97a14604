"""What windows hold of stretches, by hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.layer_design import LayerDesign, Pieces, held_by

S = 1_000_000_000
T = np.array([0, 1, 2, 3, 4], np.int64) * S
"""Windows 1 to 4 of a second each; window 0 has no begin."""


def test_seconds_of_each_window_in_each_column() -> None:
    start = np.array([0.5, 1.5, 2.25, -1.0, 3.5, 9.0]) * S
    end = np.array([1.5, 1.75, 2.5, 0.25, 7.0, 9.5]) * S
    pieces = Pieces.of(T, start.astype(np.int64), end.astype(np.int64))
    found = pieces.seconds(np.array([0, 1, 1, 2, 2, 2]), 3)
    assert found[:, 0].tolist() == [0, 0.5, 0.5, 0, 0]
    assert found[:, 1].tolist() == [0, 0, 0.25, 0.25, 0]
    assert found[:, 2].tolist() == [
        0,
        0.25,
        0,
        0,
        0.5,
    ]  # before the first stamp and after the last nothing counts


def test_a_stretch_over_many_windows_and_one_without_length() -> None:
    pieces = Pieces.of(T, np.array([S // 2, S]), np.array([4 * S - S // 4, S]))
    found = pieces.seconds(np.array([0, 1]), 2)
    assert found[:, 0].tolist() == [0, 0.5, 1, 1, 0.75]
    assert found[:, 1].sum() == 0


def test_what_is_lopsided_is_the_integral_of_2u_minus_1_and_nothing_over_a_whole_stretch() -> None:
    pieces = Pieces.of(T, np.array([S // 2, 3 * S]), np.array([5 * S // 2, 4 * S]))
    found = pieces.lopsided(np.array([0, -1]), 1)[:, 0]
    # u at 0.5, 1, 2, 2.5 s is 0, 1/4, 3/4, 1; the integral of (2u − 1) 2 du is 2 (u² − u).
    assert found.tolist() == pytest.approx([0, -0.375, 0, 0.375, 0])
    assert found.sum() == pytest.approx(0)


def test_a_moment_belongs_to_the_stretch_that_holds_it_its_end_not() -> None:
    start, end = np.array([0, 2 * S, 3 * S]), np.array([S, 3 * S, 3 * S])
    assert held_by(T, start, end, np.array([0, 1, 1]), 2).tolist() == [[1, 0], [0, 0], [0, 1], [0, 0], [0, 0]]


def test_each_part_has_a_shape_those_of_a_layer_that_is_cut_too() -> None:
    """Of four layers the second is cut in two: five parts of a second, then what is between, behind and outside, then five shapes.

    Half of a second at u = 0 to 1/2 has u² − u = −1/4, the other half as much above.
    """
    spans = [(np.array([k * S]), np.array([(k + 1) * S])) for k in range(5)]
    parts = ((spans[0],), (spans[1], spans[2]), (spans[3],), (spans[4],))
    design = LayerDesign(
        "pass", np.array([0]), np.array([5 * S]), ("a", "b", "c", "d"), parts, (1, 1, 1, 1), (1, 1, 1, 1)
    )
    found = design.columns(np.arange(11) * (S // 2), 0, False)
    assert found.shape == (11, 13) and design.behind == 6
    for part in range(5):
        assert np.flatnonzero(found[:, part]).tolist() == [2 * part + 1, 2 * part + 2]
        expected = np.zeros(11)
        expected[2 * part + 1], expected[2 * part + 2] = -0.25, 0.25
        assert found[:, 8 + part] == pytest.approx(expected)
