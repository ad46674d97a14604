"""What was not measured at the end of a recording is named with its numbers, and no verdict rests on the remainder."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.unrecorded_time import unrecorded
from powermeter.channel import Channel, Gap, Quantity, Rail
from powermeter.comparison.compare import compare
from powermeter.comparison.verdict import Verdict
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.headline_sentence import quality, sentence
from powermeter.reports.method import method
from powermeter.reports.report_data import gather

SECOND = 10**9
RAIL = Rail("VIN", covers="the board", nominal_v=5.0)


def record(path, seen_s: float = 10.0, watts: float = 2.0, total_s: int = 10):
    """Events of 0.2 s at `watts`, 1 W between them, read at 100 Hz for the first `seen_s`."""
    rows = round(100 * seen_s)
    times = np.arange(rows, dtype=np.int64) * (SECOND // 100)
    draw = np.random.default_rng(5)
    levels = np.where(np.arange(rows) % 50 < 20, watts, 1.0) * 1e6 + draw.normal(0, 2000, rows)
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        channel = Channel("p", Quantity.POWER, 1e-6, RAIL)
        source = writer.add_source("x://", "meter", "x", [channel], {"serial": "7"})
        writer.append(source, times, np.rint(levels).astype(np.int64)[:, None])
        if seen_s < total_s:
            writer.add_gap(
                source, Gap(int(times[-1]), total_s * SECOND, "no answer", "a read never returned")
            )
        writer.add_events(
            [
                Event("infer", round((k * 0.5 - 0.005) * SECOND), round((k * 0.5 + 0.195) * SECOND), uid=k)
                for k in range(1, 2 * total_s)
            ]
        )
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return record(tmp_path_factory.mktemp("whole") / "a.power")


@pytest.mark.thorough
def test_half_a_recording_is_named_where_its_number_stands(tmp_path, whole):
    half = record(tmp_path / "b.power", 5.0)
    with Recording.open(half) as recording:
        data = gather(recording)
    found = quality(data)
    assert found.word == "rough"
    assert "of the first 4.990 s; the last 5.010 s and 10 of 19 events were not measured" in found.text
    assert "10 more lie outside" in sentence(data)
    assert "The last 5.010 s and 10 of 19 events were not measured" in method(data)
    assert any(note.code == "unseen-end" for note in data.warnings)
    with Recording.open(whole) as recording:
        data = gather(recording)
        assert unrecorded(data.analysis) is None
    assert quality(data).word == "good" and "not measured" not in method(data)


@pytest.mark.thorough
def test_no_verdict_rests_on_half_a_recording(tmp_path, whole):
    full = compare(whole, record(tmp_path / "c.power", watts=4.0)).row()
    assert full.found is Verdict.MORE
    found = compare(whole, record(tmp_path / "d.power", 5.0, watts=4.0))
    assert found.row().found is Verdict.CANNOT_TELL and found.row().p_value is None
    (note,) = [note for note in found.notes if note.code == "unseen-end"]
    assert note.text.startswith("d.power: the last 5.010 s and 10 of 19") and "no verdict" in note.text
    little = compare(whole, record(tmp_path / "e.power", 19.2, watts=4.0, total_s=20))
    assert little.row().found is Verdict.MORE
    assert any(note.code == "unseen-end" and "no verdict" not in note.text for note in little.notes)


def test_a_meter_that_stands_still_up_to_the_end_did_not_measure_it(tmp_path):
    path = tmp_path / "f.power"
    draw = np.random.default_rng(6)
    codes = np.rint(draw.normal(2e6, 2000, 1000)).astype(np.int64)
    codes[400:] = codes[400]
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "meter", "x", [Channel("p", Quantity.POWER, 1e-6, RAIL)])
        writer.append(source, np.arange(1000, dtype=np.int64) * (SECOND // 100), codes[:, None])
    missing = unrecorded(analyse(path))
    assert missing is not None and missing.is_much
    assert missing.seconds == pytest.approx(5.99) and missing.seen_s == pytest.approx(4.0)
