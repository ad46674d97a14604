"""Summaries of parts, merged, are the summary of the whole; what they say is what the samples say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.errors import DataError
from powermeter.recording import stretch_summary
from powermeter.source import REPEAT

CODES = arrays(
    np.int64,
    st.tuples(st.integers(1, 40), st.just(2)),
    elements=st.one_of(st.just(MISSING), st.integers(-(2**31), 2**31)),
)


def summarised(times, codes, flags):
    return stretch_summary.summarise(times, list(np.ascontiguousarray(codes.T)), flags, [(0, 1)])


@given(CODES, st.lists(st.integers(0, 40), max_size=4), st.integers(0, 2**32))
def test_merging_any_split_gives_the_whole(codes, cuts, seed):
    random = np.random.default_rng(seed)
    times = 10**12 + np.cumsum(random.integers(0, 10**6, len(codes)))
    flags = random.choice([0, 0, REPEAT], len(codes)).astype(np.uint8)
    edges = sorted({0, len(codes), *(cut for cut in cuts if cut < len(codes))})
    parts = [summarised(times[a:b], codes[a:b], flags[a:b])[0] for a, b in pairwise(edges)]
    merged = stretch_summary.merge(stretch_summary.stack(parts, 3))
    whole, _ = summarised(times, codes, flags)
    for name in ("count", "first_ns", "last_ns", "longest_ns", "low", "high", "first", "last"):
        np.testing.assert_array_equal(merged[name], whole[name], err_msg=name)
    size = float(np.nanmax(np.abs(whole["high"]), initial=0) + np.nanmax(np.abs(whole["low"]), initial=0)) + 1
    span = float(times[-1] - times[0]) + 1
    for name, scale in (("mean", size), ("spread", size**2), ("change", size**2), ("left", size * span)):
        np.testing.assert_allclose(merged[name], whole[name], rtol=1e-9, atol=1e-12 * scale, err_msg=name)


def test_an_entry_is_what_its_samples_say():
    """Three samples, 2 s and 1 s apart, of 4, 10 and 6: worked out by hand."""
    times = np.array([0, 2, 3], np.int64)
    (entry,), _ = stretch_summary.summarise(
        times, [np.array([4, 10, 6], np.int64)], np.zeros(3, np.uint8), []
    )
    assert (entry["count"], entry["first_ns"], entry["last_ns"], entry["longest_ns"]) == (3, 0, 3, 2)
    assert (entry["low"], entry["high"], entry["mean"]) == (4, 10, 20 / 3)
    assert (entry["first"], entry["last"]) == (4, 6)
    assert entry["left"] == 4 * 2 + 10 * 1 and entry["right"] == 10 * 2 + 6 * 1
    assert entry["spread"] == pytest.approx(16 + 100 + 36 - 400 / 3) and entry["change"] == 36 + 16


def test_missing_codes_and_repeats_do_not_count():
    codes = np.array([[5, MISSING], [7, 3], [9, 4]], np.int64)
    flags = np.array([0, 0, REPEAT], np.uint8)
    (volts, amps, watts), fine = summarised(np.arange(3), codes, flags)
    assert (volts["count"], volts["low"], volts["high"], volts["mean"]) == (2, 5, 7, 6)
    assert (amps["count"], amps["low"], amps["high"], amps["mean"]) == (1, 3, 3, 3)
    assert (watts["count"], watts["low"], watts["high"], watts["mean"]) == (1, 21, 21, 21)
    assert amps["longest_ns"] == 0 and amps["left"] == 0
    (stretch,) = stretch_summary.unpack_fine(fine, 3, 3)
    assert stretch["count"].tolist() == [2, 1, 1] and stretch["mean"].tolist() == [6, 3, 21]


def test_nothing_that_counts_is_no_number():
    (entry,), fine = stretch_summary.summarise(
        np.arange(2), [np.full(2, MISSING, np.int64)], np.zeros(2, np.uint8), []
    )
    assert entry["count"] == 0 and np.isnan(entry["mean"]) and np.isnan(entry["left"])
    assert np.isnan(stretch_summary.unpack_fine(fine, 1, 2)["low"]).all()
    assert stretch_summary.merge(np.array([[entry], [entry]]))["count"].tolist() == [0]


@pytest.mark.parametrize("n", [1, 511, 512, 513, 1024, 3000])
def test_fine_stretches_cover_every_sample(n):
    codes = np.arange(n, dtype=np.int64)
    _, fine = stretch_summary.summarise(np.arange(n), [codes], np.zeros(n, np.uint8), [])
    found = stretch_summary.unpack_fine(fine, 1, n)[:, 0]
    assert found["count"].sum() == n and found["low"][0] == 0 and found["high"][-1] == n - 1
    assert found["mean"][0] == (min(n, 512) - 1) / 2


def test_products_are_of_rails_without_a_power_channel():
    a, b, c = Rail("A"), Rail("B"), Rail("C")
    channels = [
        Channel("a.v", Quantity.VOLTAGE, 1, a),
        Channel("t", Quantity.TEMPERATURE, 1),
        Channel("b.v", Quantity.VOLTAGE, 1, b),
        Channel("b.i", Quantity.CURRENT, 1, b),
        Channel("a.i", Quantity.CURRENT, 1, a),
        Channel("b.p", Quantity.POWER, 1, b),
        Channel("c.v", Quantity.VOLTAGE, 1, c),
    ]
    assert stretch_summary.products(channels) == [(0, 4)]


def test_half_an_entry_is_an_error():
    for unpack in (
        lambda: stretch_summary.unpack_stretches(bytes(29)),
        lambda: stretch_summary.unpack_entries(bytes(103), 1),
        lambda: stretch_summary.unpack_fine(bytes(28), 1, 513),
    ):
        with pytest.raises(DataError, match=r"cut short|wrong length"):
            unpack()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", 4),
        ("count", -1),
        ("first_ns", -1),
        ("last_ns", 9),
        ("left", np.inf),
        ("low", 5.0),
        ("mean", np.nan),
    ],
)
def test_what_cannot_be_is_not_believed(field, value):
    entries, _ = stretch_summary.summarise(
        np.array([0, 2, 3], np.int64), [np.array([4, 10, 6], np.int64)], np.zeros(3, np.uint8), []
    )
    assert stretch_summary.are_plausible(entries, 0, 3, 3)
    entries[field] = value
    assert not stretch_summary.are_plausible(entries, 0, 3, 3)
