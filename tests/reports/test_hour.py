"""An hour at 1 kHz with 100 000 events opens, integrates and renders in the time it takes to say so."""

from __future__ import annotations

import time

import numpy as np
import pytest

from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.html import HTMLReport
from powermeter.reports.report_data import gather

SECONDS, RATE = 3600, 1000
EVENTS = 100_000
LIMIT_S = 3.0


@pytest.mark.slow
def test_an_hour_opens_integrates_and_renders_within_three_seconds(tmp_path):
    path = tmp_path / "hour.power"
    rail = Rail("BOARD", covers="the whole board")
    accuracy = Accuracy(gain=0.005)
    channels = (
        Channel("v", Quantity.VOLTAGE, 1e-3, rail, accuracy=accuracy),
        Channel("i", Quantity.CURRENT, 1e-5, rail, accuracy=accuracy),
    )
    random = np.random.default_rng(1)
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://", "meter", "test", channels)
        for second in range(SECONDS):
            times = (
                second * 10**9
                + np.arange(RATE, dtype=np.int64) * 10**6
                + random.integers(-20_000, 20_000, RATE)
            )
            codes = np.stack(
                [random.integers(4997, 5003, RATE), random.integers(39_000, 41_000, RATE)], axis=1
            )
            writer.append(source, np.maximum(times, 0), codes)
        writer.add_events(
            [
                Event(
                    "infer",
                    k * 36_000_000 + 5_000_000,
                    k * 36_000_000 + 23_000_000,
                    uid=k + 1,
                    attributes={"model": "ab"[k % 2]},
                )
                for k in range(EVENTS - 1)
            ]
        )
    samples = SECONDS * RATE * len(channels)
    assert path.stat().st_size - EVENTS * 150 < 4 * samples  # at most four bytes a sample, events apart
    took = []
    for _ in range(3):  # processor time, the best of three: other programs on the machine do not count
        begin = time.process_time()
        with Recording.open(path) as recording:
            page = HTMLReport().render(gather(recording))
        took.append(time.process_time() - begin)
        assert f"{EVENTS - 1:,}" in page
    assert min(took) <= LIMIT_S, took
