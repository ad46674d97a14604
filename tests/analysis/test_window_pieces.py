"""Whole windows and the pieces that edges cut: which labels can be told apart."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.window_pieces import without_overlaps


@pytest.mark.parametrize(
    ("longer", "kept"),
    [
        (([30], [45]), [0, 1]),  # between the first and the second
        (([205], [260]), [0]),  # over the end of the last only
        (([12, 105], [90, 190]), [0]),  # one beside them, one over the second
        (([10, 110], [100, 200]), [0, 1]),  # abutting on both sides
    ],
)
def test_of_labels_that_overlap_the_longer_is_left_out(
    longer: tuple[list[int], list[int]], kept: list[int]
) -> None:
    starts, ends = [0, 100, 200], [10, 110, 210]
    start_ns, end_ns = np.array(starts + longer[0]), np.array(ends + longer[1])
    members = [np.arange(3), np.arange(3, 3 + len(longer[0]))]
    assert without_overlaps(start_ns, end_ns, members) == kept
