"""Recordings of schema 1 stay readable: the same samples, events, sums and overviews."""

from __future__ import annotations

import sqlite3

import numpy as np
import old_schema
import pytest

from powermeter.channel import MISSING
from powermeter.recording import Recording, append_to, verification
from powermeter.recording.salvage import salvage


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.power"
    return path, *old_schema.write(path)


def test_samples_of_an_old_recording_are_as_they_were(old):
    path, times, codes, flags = old
    with Recording.open(path) as recording:
        assert recording.warnings == [] and recording.metadata == {"clock": "monotonic"}
        samples = recording.samples(1)
        np.testing.assert_array_equal(samples.times_ns, times)
        np.testing.assert_array_equal(samples.table(), codes)
        np.testing.assert_array_equal(samples.flags, flags)
        assert recording.span_ns(1) == (times[0], times[-1]) and recording.read_ns(1) == 1500
        part = recording.slice(1, int(times[19]), int(times[20]), 1)
        np.testing.assert_array_equal(part.times_ns, times[18:22])
        assert [gap.reason for gap in recording.gaps(1)] == ["no answer"]
        assert recording.clock_pairs() and recording.ticks(1) == [(0, times[0])]
        assert recording.facts("recorder") == [{"pid": 1, "sources": {}}] and not recording.is_growing


def test_events_of_an_old_recording_are_one_each(old):
    path, times, *_ = old
    with Recording.open(path) as recording:
        events = recording.events()
    assert [event.uid for event in events] == list(range(1, 12))
    assert all(event.count == 8 and event.duration_s == 5e-3 for event in events[:10])
    assert events[0].attributes == {"model": "tiny"} and events[0].start_ns == times[0] + 10**7
    assert events[10].end_ns is None and events[10].parent == 10


def test_sums_of_an_old_recording_are_made_from_its_samples(old):
    path, times, codes, flags = old
    with Recording.open(path) as recording:
        (entry,) = recording.summaries(1).of("vin.current")
    keep = (flags == 0) & (codes[:, 1] != MISSING)
    steps, i = np.diff(times[keep]), codes[keep, 1].astype(float)
    assert entry["left"] == pytest.approx(float(i[:-1] @ steps), rel=1e-12)
    assert entry["count"] == keep.sum()


@pytest.mark.parametrize("least", [1, 2, 100, 131, 5000])
def test_an_overview_of_an_old_recording_covers_it(old, least):
    path, times, codes, _ = old
    with Recording.open(path) as recording:
        found = recording.overview(1, least)
        assert min(least, 2600) <= len(found) <= 2600
        assert (
            np.nanmin(found.low[:, 0]) == codes[:, 0].min()
            and np.nanmax(found.high[:, 0]) == codes[:, 0].max()
        )
        assert (found.start_ns[0], found.end_ns[-1]) == (times[0], times[-1])


def test_facts_can_be_added_to_an_old_recording(old):
    path, *_ = old
    with append_to(path) as writer:
        writer.add_fact("alignment", {"offset_ns": 5.0})
        writer.add_health(1, {"pid": 2})
    with Recording.open(path) as recording:
        assert recording.facts("alignment") == [{"offset_ns": 5.0}] and recording.warnings == []
        assert recording.facts("recorder")[-1] == {"pid": 2}


def test_an_old_recording_is_repaired_into_a_new_one(old, tmp_path):
    path, _, codes, flags = old
    assert salvage(path, tmp_path / "new.power") == []
    with Recording.open(path) as before, Recording.open(tmp_path / "new.power") as after:
        assert after.events() == before.events() and after.gaps(1) == before.gaps(1)
        np.testing.assert_array_equal(after.samples(1).table(), codes)
        np.testing.assert_array_equal(after.samples(1).flags, flags)
    assert verification.verify(tmp_path / "new.power").is_whole
    notes = verification.verify(path).notes
    assert any("schema 1" in text for text in notes)


def test_a_row_that_is_gone_from_an_old_recording_is_found(old):
    """It has no chain; only the numbers of its rows tell."""
    path, *_ = old
    db = sqlite3.connect(path)
    db.execute("DELETE FROM event WHERE id = 5")
    db.commit()
    db.close()
    findings = verification.verify(path).findings
    assert findings == ["event: rows between 4 and 6 are gone"]
