"""Alignment by a marker line (PPK2 logic input, GPIO) that both the program and the meter saw: what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from alignment_scene import S

from powermeter.calibration.markers import align_markers
from powermeter.errors import DataError


def test_a_marker_line_aligns_although_edges_are_missing_on_both_sides() -> None:
    rng = np.random.default_rng(4)
    host = np.cumsum(rng.uniform(0.05, 0.4, 200) * S).astype(np.int64)
    drift, offset = 120e-6, -1234 * S
    meter = np.rint((host - offset) / (1 + drift)).astype(np.int64) + rng.integers(0, 10_000, host.size)
    alignment = align_markers(np.delete(meter, [3, 50, 51]), np.delete(host, [7, 120]))
    assert np.abs(alignment.to_host(meter) - host).max() < 50_000
    assert alignment.drift == pytest.approx(drift, abs=1e-6)
    assert alignment.places >= 190


def test_markers_with_an_even_beat_are_refused() -> None:
    beat = np.arange(50, dtype=np.int64) * S
    with pytest.raises(DataError, match="two ways"):
        align_markers(beat, beat[5:40] + 77 * S)


def test_three_edges_are_enough_and_two_are_not() -> None:
    """Uneven edges at 0, 1 and 3 s on both clocks, 77 s apart."""
    edges = np.array([0, 1, 3], np.int64) * S
    found = align_markers(edges, edges + 77 * S)
    assert found.offset_ns == pytest.approx(77 * S) and found.drift == pytest.approx(0.0, abs=1e-9)
    assert (found.places, found.offset_u_ns) == (3, pytest.approx(0.0, abs=1e-3))
    for marks, events in ((edges[:2], edges), (edges, edges[:2])):
        with pytest.raises(
            DataError, match=f"{marks.size} marker edges and {events.size} events are too few"
        ):
            align_markers(marks, events)


def test_edges_that_scatter_leave_the_offset_as_sure_as_their_number_allows() -> None:
    """100 edges each 5 µs early or late in pairs: s² = Σ d² ⁄ 98, of the offset s ⁄ √100, of the drift s ⁄ √Σ (x - mean)²."""
    rng = np.random.default_rng(7)
    edges = np.cumsum(rng.uniform(0.05, 0.4, 100) * S).astype(np.int64)
    late = 5_000 * np.tile([1, -1, -1, 1], 25)
    found = align_markers(edges, edges + 77 * S + late)
    away = late + 77 * S - (found.offset_ns + found.drift * (edges - found.origin_ns))
    spread = np.sqrt(np.sum(away**2) / 98)
    assert spread == pytest.approx(5_000 * np.sqrt(100 / 98), rel=0.05)
    assert found.residual_ns == pytest.approx(spread, rel=1e-3) and found.places == 100
    assert found.offset_u_ns == pytest.approx(spread / 10, rel=1e-3)
    lever = np.sqrt(np.sum((edges - edges.mean()) ** 2.0))
    assert found.drift_u == pytest.approx(spread / lever, rel=1e-3)
