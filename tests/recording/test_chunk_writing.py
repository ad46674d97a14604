"""Samples in pieces, parts and sums: the same as all at once, whatever the writer's rhythm was."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Recording, Writer, chunk_reading, chunk_writing, reader
from powermeter.source import REPEAT

RAIL = Rail("R", nominal_v=5.0)
CHANNELS = (Channel("v", Quantity.VOLTAGE, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-5, RAIL))


def made(n, seed=1):
    random = np.random.default_rng(seed)
    times = 10**12 + np.cumsum(random.integers(900_000, 1_100_000, n))
    codes = np.stack([random.integers(4900, 5100, n), random.integers(-50, 90_000, n)], axis=1)
    codes[random.random(n) < 0.01, 1] = MISSING
    flags = np.where(random.random(n) < 0.05, REPEAT, 0).astype(np.uint8)
    return times, codes, flags


def written(path, times, codes, flags, each, close=True):
    writer = Writer.create(path)
    source = writer.add_source("x://", "x", "x", CHANNELS)
    for start in range(0, len(times), each):
        part = slice(start, start + each)
        writer.append(source, times[part], codes[part], flags[part], 1000)
    writer.close() if close else writer.abandon()
    return source


@pytest.mark.thorough
@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize("each", [7, 500, 1024, 3000])
def test_pieces_put_together_are_everything(tmp_path, monkeypatch, each, close):
    monkeypatch.setattr(chunk_writing, "CHUNK", 1024)
    times, codes, flags = made(5000)
    source = written(tmp_path / "x.power", times, codes, flags, each, close)
    with Recording.open(tmp_path / "x.power") as recording:
        pieces = list(recording.stream(source))
        np.testing.assert_array_equal(np.concatenate([p.times_ns for p in pieces]), times)
        np.testing.assert_array_equal(np.concatenate([p.table() for p in pieces]), codes)
        np.testing.assert_array_equal(np.concatenate([p.flags for p in pieces]), flags)
        assert all(len(piece) <= 1 << 17 for piece in pieces)
        only = list(recording.stream(source, channels=["i"]))
        assert [list(piece.codes) for piece in only] == [["i"]] * len(only)
        np.testing.assert_array_equal(np.concatenate([p.codes["i"] for p in only]), codes[:, 1])
        assert recording.count(source) == 5000 and recording.read_ns(source) == 1000


def test_a_stream_between_two_times_is_what_lies_there(tmp_path, monkeypatch):
    monkeypatch.setattr(chunk_writing, "CHUNK", 512)
    times, codes, flags = made(3000)
    source = written(tmp_path / "x.power", times, codes, flags, 100)
    with Recording.open(tmp_path / "x.power") as recording:
        for low, high in ((0, 2999), (511, 512), (700, 2100), (5, 5)):
            pieces = list(recording.stream(source, int(times[low]), int(times[high])))
            found = np.concatenate([piece.times_ns for piece in pieces])
            np.testing.assert_array_equal(found, times[low : high + 1])
        assert not any(len(p) for p in recording.stream(source, int(times[4]) + 1, int(times[5]) - 1))


def test_a_slice_has_neighbours_where_there_are(tmp_path, monkeypatch):
    """Across chunks, at both ends, between two samples, before and after all."""
    monkeypatch.setattr(chunk_writing, "CHUNK", 100)
    times, codes, flags = made(1000)
    source = written(tmp_path / "x.power", times, codes, flags, 40)
    with Recording.open(tmp_path / "x.power") as recording:
        for low in (0, 1, 99, 100, 101, 555, 998, 999):
            for count in (1, 2, 250):
                high = min(low + count - 1, 999)
                for around in (0, 1, 2, 150):
                    part = recording.slice(source, int(times[low]), int(times[high]), around)
                    first, last = max(0, low - around), min(1000, high + 1 + around)
                    np.testing.assert_array_equal(part.times_ns, times[first:last])
                    np.testing.assert_array_equal(part.table(), codes[first:last])
        between = recording.slice(source, int(times[99]) + 1, int(times[100]) - 1, 1)
        assert between.times_ns.tolist() == times[99:101].tolist()
        assert recording.slice(source, 0, 5, 1).times_ns.tolist() == [times[0]]
        assert recording.slice(source, 2 * 10**12, 3 * 10**12, 2).times_ns.tolist() == times[998:].tolist()
        assert len(recording.slice(source, 0, 5)) == 0


def test_samples_that_share_a_time_at_a_chunks_edge_all_belong_to_it(tmp_path, monkeypatch):
    monkeypatch.setattr(chunk_writing, "CHUNK", 4)
    times = np.array([1, 2, 3, 5, 5, 5, 6, 7, 8], np.int64)
    codes = np.arange(18).reshape(9, 2)
    source = written(tmp_path / "x.power", times, codes, np.zeros(9, np.uint8), 2)
    with Recording.open(tmp_path / "x.power") as recording:
        assert recording.slice(source, 5, 5).codes["v"].tolist() == [6, 8, 10]
        assert [p.codes["v"].tolist() for p in recording.stream(source, 5, 5)] == [[6, 8, 10]]
        assert recording.slice(source, 5, 5, 1).codes["v"].tolist() == [4, 6, 8, 10, 12]


@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize("each", [90, 1024])
def test_summaries_are_the_sums_of_the_pieces(tmp_path, monkeypatch, each, close):
    monkeypatch.setattr(chunk_writing, "CHUNK", 1024)
    times, codes, flags = made(5000)
    source = written(tmp_path / "x.power", times, codes, flags, each, close)
    with Recording.open(tmp_path / "x.power") as recording:
        found = recording.summaries(source)
        pieces = list(recording.stream(source))
        assert len(found) == len(pieces) and found.channels == ("v", "i")
        assert found.products == (("v", "i"),)
        with pytest.raises(ConfigurationError, match="there are v, i"):
            found.of("p")
        for position, piece in enumerate(pieces):
            assert (found.start_ns[position], found.end_ns[position]) == (
                piece.times_ns[0],
                piece.times_ns[-1],
            )
            assert found.count[position] == len(piece)
            keep = (piece.codes["i"] != MISSING) & (piece.flags == 0)
            t, v, i = piece.times_ns[keep], piece.codes["v"][keep], piece.codes["i"][keep]
            for values, entry in ((i, found.of("i")), (v * i, found.entries[:, 2])):
                steps = np.diff(t)
                assert entry["count"][position] == keep.sum()
                assert entry["left"][position] == pytest.approx(float((values[:-1] * steps).sum()), rel=1e-12)
                assert entry["right"][position] == pytest.approx(float((values[1:] * steps).sum()), rel=1e-12)
                assert entry["longest_ns"][position] == steps.max()
        keep = (codes[:, 1] != MISSING) & (flags == 0)
        t, i = times[keep], codes[keep, 1].astype(float)
        whole = float(((i[1:] + i[:-1]) / 2 * np.diff(t)).sum())
        one = found.of("i")
        inside = ((one["left"] + one["right"]) / 2).sum()
        between = (
            (one["last"][:-1] + one["first"][1:]) / 2 * (one["first_ns"][1:] - one["last_ns"][:-1])
        ).sum()
        assert inside + between == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("limit", [{"MAX_LOADED": 100}, {"_SMALL": 10, "memory_left": lambda: 1000}])
def test_too_much_at_once_is_refused_and_streams(tmp_path, monkeypatch, limit):
    for name, value in limit.items():
        monkeypatch.setattr(reader, name, value)
    source = written(tmp_path / "x.power", *made(100), 50)
    with Recording.open(tmp_path / "x.power") as recording:
        with pytest.raises(DataError, match="too many to be loaded at once"):
            recording.samples(source)
        assert sum(map(len, recording.stream(source))) == 100


def test_a_source_without_samples_has_none(tmp_path):
    written(tmp_path / "x.power", np.empty(0, np.int64), np.empty((0, 2), np.int64), np.empty(0, np.uint8), 1)
    with Recording.open(tmp_path / "x.power") as recording:
        assert len(recording.samples(1)) == 0 and list(recording.stream(1)) == []
        assert len(recording.summaries(1)) == 0 and len(recording.overview(1)) == 0
        assert recording.slice(1, 0, 10, 3).codes["v"].tolist() == []


def test_a_chunk_of_one_source_leaves_the_newest_samples_of_another(tmp_path, monkeypatch):
    monkeypatch.setattr(chunk_writing, "CHUNK", 1024)
    writer = Writer.create(tmp_path / "x.power")
    slow, fast = (writer.add_source(f"x://{name}", name, "x", CHANNELS) for name in ("slow", "fast"))
    times, codes, flags = made(1500)
    writer.append(slow, times[:10], codes[:10], flags[:10])
    writer.append(fast, times[:100], codes[:100], flags[:100])  # a tail of its own, which the chunk takes in
    writer.append(fast, times[100:], codes[100:], flags[100:])
    writer.abandon()
    with Recording.open(tmp_path / "x.power") as recording:
        assert (recording.count(slow), recording.count(fast)) == (10, 1500)
        np.testing.assert_array_equal(recording.samples(slow).table(), codes[:10])


def test_a_stream_ends_with_the_sample_at_its_end_also_where_that_begins_a_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(chunk_writing, "CHUNK", 512)
    monkeypatch.setattr(chunk_reading, "PIECE", 512)
    times, codes, flags = made(2048)
    source = written(tmp_path / "x.power", times, codes, flags, 512)
    with Recording.open(tmp_path / "x.power") as recording:
        assert len(list(recording.stream(source))) == 4
        for low, high in ((0, 512), (511, 1024), (1023, 1023), (1024, 1024)):
            pieces = list(recording.stream(source, int(times[low]), int(times[high])))
            found = np.concatenate([piece.times_ns for piece in pieces])
            np.testing.assert_array_equal(found, times[low : high + 1])


def test_what_waits_for_a_chunk_does_not_hold_the_block_that_it_came_in(tmp_path):
    """After a burst the recorder held a piece of 262,144 rows, 6.5 MB, for the few rows that filled no chunk."""
    times, codes, flags = made(3 * chunk_writing.CHUNK + 10)
    with Writer.create(tmp_path / "x.power") as writer:
        source = writer.add_source("x://", "x", "x", CHANNELS)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        writer.append(source, times, codes, flags, 1000)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert held - before < times.nbytes / 4


@pytest.mark.parametrize(
    ("rows", "step_ns", "waiting"),
    [(1201, 50_000_000, 0), (1200, 50_000_000, 1200), (1023, 60_000_000, 1023), (1024, 60_000_000, 0)],
)
def test_a_minute_of_a_thousand_samples_is_a_chunk(tmp_path, rows, step_ns, waiting):
    """From 60 s and 1024 samples on, what waits is a chunk: 1201 rows of 50 ms last 60.00 s, 1200 rows 59.95 s."""
    writer = Writer.create(tmp_path / "x.power")
    source = writer.add_source("x://", "x", "x", CHANNELS)
    writer.append(source, np.arange(rows, dtype=np.int64) * step_ns, np.ones((rows, 2), np.int64))
    (held,) = writer.connection.execute("SELECT coalesce(sum(count), 0) FROM tail").fetchone()
    assert held == waiting
    writer.close()
