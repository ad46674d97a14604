"""A recording played back gives its own samples, gaps and description, moved to the present."""

from __future__ import annotations

import time

import numpy as np
import pytest

from powermeter import registry
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, OpenError, Reason
from powermeter.recording import Writer
from powermeter.source import REPEAT, Gap

CHANNELS = (Channel("p", Quantity.POWER, 1e-3, Rail("R")), Channel("q", Quantity.VOLTAGE, 1e-3, Rail("R")))
TIMES = 10**9 + np.arange(40) * 1_000_000
CODES = np.stack([np.arange(40), 5000 - np.arange(40)], axis=1)


@pytest.fixture(params=[1 << 16, 8], ids=["one piece", "many pieces"])
def path(tmp_path, monkeypatch, request):
    monkeypatch.setattr("powermeter.recording.chunk_writing.CHUNK", request.param)
    monkeypatch.setattr("powermeter.recording.chunk_reading.PIECE", request.param)
    path = tmp_path / "a b+c.power"
    with Writer.create(path, {}) as writer:
        writer.append(writer.add_source("x://", "first", "x", CHANNELS[:1]), TIMES[:3], CODES[:3, 0])
        second = writer.add_source("y://", "second", "y", CHANNELS, {"serial": "S1"})
        flags = np.where(np.arange(40) == 7, REPEAT, 0).astype(np.uint8)
        writer.append(second, TIMES, CODES, flags)
        writer.add_gap(second, Gap(int(TIMES[9]), int(TIMES[10]), "no answer", "cable", 2))
    return path


def played(source, path):
    source.open()
    blocks, started = [], time.monotonic_ns()
    while True:
        try:
            block = source.read_block(0.05)
        except EOFError:
            return blocks, started
        if block is not None:
            blocks.append(block)


def test_the_samples_come_back_in_the_present_at_their_own_pace(path):
    source = registry.source(f"replay://{path}?source=second")
    blocks, started = played(source, path)
    times = np.concatenate([block.times_ns for block in blocks])
    np.testing.assert_array_equal(np.concatenate([block.codes for block in blocks]), CODES)
    np.testing.assert_array_equal(np.diff(times), np.diff(TIMES))
    assert abs(int(times[0]) - started) < 10**11
    flags = np.concatenate([block.flags for block in blocks])
    assert flags.nonzero()[0].tolist() == [7]
    (gap,) = [gap for block in blocks for gap in block.gaps]
    assert (gap.start_ns, gap.end_ns) == (times[9], times[10]) and (gap.reason, gap.lost) == ("no answer", 2)
    assert source.channels == CHANNELS
    assert source.info()["serial"] == "S1" and source.info()["replay_of"] == "y://"


def test_speed_shrinks_the_time_between_samples(path):
    blocks, _ = played(registry.source(f"replay://{path}?source=second&speed=10"), path)
    times = np.concatenate([block.times_ns for block in blocks])
    assert set(np.diff(times).tolist()) == {100_000}


@pytest.mark.parametrize(("patience_s", "waited_s"), [(0.5, 0.02), (0.005, 0.005)])
def test_a_reader_that_has_time_waits_a_fiftieth_of_a_second(path, monkeypatch, patience_s, waited_s):
    """Rows that are due come soon, and not when its half second is over."""
    source = registry.source(f"replay://{path}?source=second&speed=1000")
    source.open()
    slept: list[float] = []
    monkeypatch.setattr("powermeter.drivers.replay.time.sleep", slept.append)
    block = source.read_block(patience_s)
    monkeypatch.undo()
    assert block is not None and slept == pytest.approx([waited_s])


def test_it_can_be_opened_again_and_starts_over(path):
    source = registry.source(f"replay://{path}")
    for _ in range(2):
        blocks, _ = played(source, path)
        assert sum(len(block.times_ns) for block in blocks) == 3


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("replay://", ConfigurationError),
        ("replay://x.power?speed=0", ConfigurationError),
        ("replay://x.power?speed=fast", ConfigurationError),
    ],
)
def test_nonsense_is_refused_before_anything_is_opened(url, error):
    with pytest.raises(error):
        registry.source(url)


def test_a_file_that_is_no_recording_cannot_be_opened(tmp_path):
    bad = tmp_path / "bad.power"
    bad.write_text("time,power")
    with pytest.raises(OpenError) as caught:
        registry.source(f"replay://{bad}").open()
    assert caught.value.reason is Reason.BAD_DATA


def test_a_source_that_is_not_in_it_is_named(path):
    with pytest.raises(ConfigurationError, match="it has first, second"):
        registry.source(f"replay://{path}?source=third").open()
