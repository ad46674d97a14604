"""Where one event ends as the next begins, the row across the edge lies between both levels if readings are means, and at one if they are moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.edges_between_labels import edges_between_labels
from powermeter.analysis.reading_kind import as_events_show
from powermeter.channel import Kind, Quantity
from powermeter.signals.trace import Trace, median_interval_ns

S = 1_000_000_000


def log(kind: str, noise: float = 2.0) -> tuple[Trace, np.ndarray, np.ndarray]:
    """Return rows each 10 s of twelve epochs that alternate, 310 W for about 270 s and 190 W for about 40 s, and their marks."""
    rng = np.random.default_rng(5)
    lengths = np.ravel([[rng.uniform(240, 300), rng.uniform(38, 52)] for _ in range(6)])
    edges = np.concatenate([[100.0], 100 + np.cumsum(lengths)])
    levels = np.concatenate([[55.0], np.tile([310.0, 190.0], 6), [55.0]])
    corners = np.concatenate([[0.0], edges, [edges[-1] + 100]])
    total = np.concatenate([[0.0], np.cumsum(levels * np.diff(corners))])
    t = np.arange(13.0, corners[-1], 10.0)
    values = levels[np.searchsorted(edges, t, side="right")]
    if kind == "means":
        values = (np.interp(t, corners, total) - np.interp(t - 10, corners, total)) / 10
    times = (t * S).astype(np.int64)
    trace = Trace(
        times,
        values + rng.normal(0, noise, t.size),
        Quantity.POWER,
        kind=Kind.INSTANT,
        interval_ns=median_interval_ns(times),
    )
    return trace, np.rint(edges[:-1] * S).astype(np.int64), np.rint(edges[1:] * S).astype(np.int64)


def test_rows_across_eleven_edges_between_epochs_are_looked_at() -> None:
    found = edges_between_labels(*log("means"))
    assert found is not None and found.count == 11
    assert np.abs(found.seen - found.since).max() < 0.1


@pytest.mark.parametrize(("kind", "shown"), [("means", Kind.MEAN), ("moments", Kind.INSTANT)])
def test_means_of_abutting_epochs_are_found_and_moments_are_not(kind: str, shown: Kind) -> None:
    assert as_events_show(*log(kind)).kind is shown


def test_few_edges_or_steps_within_the_noise_show_nothing() -> None:
    trace, start, end = log("means")
    assert edges_between_labels(trace, start[:8], end[:8]) is None
    assert edges_between_labels(*log("means", noise=90.0)) is None


def test_a_level_that_never_changes_has_no_step() -> None:
    trace, start, end = log("moments", noise=0.0)
    assert edges_between_labels(replace(trace, values=np.full(len(trace), 5.0)), start, end) is None
