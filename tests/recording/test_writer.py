"""Writing a recording, adding to it later, and reading it back through the public interface."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from small_recording import write

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, ExistsError
from powermeter.events import Event
from powermeter.recording import Recording, Writer, append_to
from powermeter.source import Gap

ALIGNMENT = {"offset_ns": 5, "drift": 0.0, "origin_ns": 0}
POWER = (Channel("p", Quantity.POWER, 1e-3, Rail("R"), offset=0.5),)


def times(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.power"


@pytest.fixture(scope="module")
def many_chunks(tmp_path_factory):
    """400 chunks of four samples: only to be read, or copied."""
    return write(tmp_path_factory.mktemp("many") / "run.power", chunks=400, each=4)


def test_everything_written_is_read_back(recorded):
    with Recording.open(recorded.path) as recording:
        assert recording.warnings == [] and not recording.is_growing
        (source,) = recording.sources
        samples = recording.samples(source.id)
        np.testing.assert_array_equal(samples.times_ns, recorded.times_ns)
        np.testing.assert_array_equal(samples.table(), recorded.codes)
        np.testing.assert_array_equal(samples.flags, recorded.flags)
        assert recording.events() == sorted(recorded.events, key=lambda e: e.start_ns)
        assert recording.gaps(source.id) == recorded.gaps
        assert recording.clock_pairs() == recorded.pairs and recording.ticks(source.id) == recorded.ticks
        assert recording.metadata["host"] == {"name": "Prüfstand"}
        assert recording.facts("calibration") == [{"gain": 1.01}] and recording.facts("none") == []
        assert recording.count(source.id) == len(recorded.times_ns) and recording.read_ns(source.id) == 1500
        assert recording.span_ns(source.id) == (recorded.times_ns[0], recorded.times_ns[-1])


def test_a_part_in_time_is_exactly_the_samples_in_it(recorded):
    first, last = int(recorded.times_ns[60]), int(recorded.times_ns[140])
    with Recording.open(recorded.path) as recording:
        part = recording.samples(1, first, last)
        np.testing.assert_array_equal(part.times_ns, recorded.times_ns[60:141])
        np.testing.assert_array_equal(part.table(), recorded.codes[60:141])
        assert len(recording.samples(1, first + 1, first + 2).times_ns) == 0
        assert len(recording.samples(1, end_ns=int(recorded.times_ns[0]) - 1).times_ns) == 0
        assert len(recording.samples(1, start_ns=last).times_ns) == len(recorded.times_ns) - 140


def test_values_are_scaled_and_missing_is_not_a_number(path):
    with Writer.create(path) as writer:
        writer.append(writer.add_source("x://", "x", "x", POWER), times(1, 2), np.array([2000, MISSING]))
    with Recording.open(path) as recording:
        values = recording.samples(1).values(POWER[0])
    assert values[0] == 2.5 and np.isnan(values[1])


def test_sources_are_found_by_id_name_or_url(recorded):
    with Recording.open(recorded.path) as recording:
        assert recording.source().id == recording.source(1).id == recording.source("meter").id
        assert recording.source("virtual://").channel("vin.current").scale == 1e-5
        with pytest.raises(ConfigurationError, match="it has meter"):
            recording.source("other")
        with pytest.raises(ConfigurationError, match=r"vin\.voltage, vin\.current"):
            recording.source().channel("vin.power")


def test_a_closed_recording_says_so(recorded):
    with Recording.open(recorded.path) as recording:
        pass
    with pytest.raises(ValueError, match="is closed"):
        recording.events()
    with pytest.raises(ValueError, match="is closed"):
        recording.samples(1)


def test_an_existing_file_is_refused_and_replaced_by_force(path):
    path.write_text("precious")
    with pytest.raises(ExistsError, match="--force"):
        Writer.create(path)
    with pytest.raises(ConfigurationError, match="not a file that powermeter writes"):
        Writer.create(path, force=True)
    assert path.read_text() == "precious"
    path.unlink()
    Writer.create(path).close()
    Writer.create(path, force=True).close()
    with Recording.open(path) as recording:
        assert recording.sources == [] and recording.warnings == []


def test_a_link_is_replaced_and_not_followed(path, tmp_path):
    target = tmp_path / "target"
    target.write_text("precious")
    path.symlink_to(target)
    with pytest.raises(ExistsError):
        Writer.create(path)
    Writer.create(path, force=True).close()
    assert target.read_text() == "precious" and not path.is_symlink()


@pytest.mark.parametrize(
    ("at", "codes", "says"),
    [
        (times(3, 2), np.zeros((2, 1)), "run backwards"),
        (times(1), np.zeros((1, 2)), "has 1 channels, the samples have 2"),
    ],
)
def test_samples_that_do_not_fit_are_refused(path, at, codes, says):
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "x", "x", POWER)
        with pytest.raises(DataError, match=says):
            writer.append(source, at, codes)
        writer.append(source, times(5), np.array([1]))
        with pytest.raises(DataError, match="run backwards"):
            writer.append(source, times(4), np.array([1]))
        writer.append(source, times(), np.zeros((0, 1)))
        writer.append(source, times(5, 5), np.array([2, 3]))
    with Recording.open(path) as recording:
        assert recording.samples(1).codes["p"].tolist() == [1, 2, 3] and recording.warnings == []


def test_channels_must_be_there_and_differ(path):
    with Writer.create(path) as writer:
        for channels in ((), POWER * 2):
            with pytest.raises(DataError, match="different names"):
                writer.add_source("x://", "x", "x", channels)


def test_a_transaction_that_fails_leaves_no_trace(path):
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "x", "x", POWER)
        writer.append(source, times(1), np.array([1]))
        with pytest.raises(ZeroDivisionError), writer.transaction():
            writer.append(source, times(2), np.array([2]))
            writer.add_gap(source, Gap(1, 2, "missed"))
            raise ZeroDivisionError
        writer.append(source, times(2), np.array([3]))
    with Recording.open(path) as recording:
        assert recording.samples(1).codes["p"].tolist() == [1, 3]
        assert recording.gaps(1) == [] and recording.warnings == []


def test_a_failed_commit_can_be_tried_again(path, monkeypatch):
    """As on a full disk: nothing of the failed try may count, and the next one must find everything."""
    writer = Writer.create(path)
    source = writer.add_source("x://", "x", "x", POWER)
    real = writer.connection

    class Full:
        def __getattr__(self, name):
            return getattr(real, name)

        def execute(self, statement, *values):
            if statement == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return real.execute(statement, *values)

    writer.connection = Full()
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            writer.append(source, times(1, 2), np.array([1, 2]))
    writer.connection = real
    writer.append(source, times(1, 2), np.array([1, 2]))
    writer.close()
    with Recording.open(path) as recording:
        assert recording.samples(1).codes["p"].tolist() == [1, 2] and recording.warnings == []


def test_left_by_an_error_it_is_not_noted_as_whole(path):
    with pytest.raises(KeyError), Writer.create(path) as writer:
        writer.append(writer.add_source("x://", "x", "x", POWER), times(1), np.array([1]))
        raise KeyError
    with Recording.open(path) as recording:
        assert recording.samples(1).codes["p"].tolist() == [1]
        assert any("not closed properly" in text for text in recording.warnings)


def test_facts_added_later_keep_a_whole_recording_whole(recorded):
    with append_to(recorded.path) as writer:
        writer.add_fact("alignment", ALIGNMENT)
        writer.set_metadata({"clock": "shifted"})
    with Recording.open(recorded.path) as recording:
        assert recording.warnings == []
        assert recording.facts("alignment") == [ALIGNMENT] and recording.metadata["clock"] == "shifted"
        assert recording.facts("closed")[-1]["last_ns"] == {"1": int(recorded.times_ns[-1])}


def test_facts_added_later_do_not_make_an_unfinished_recording_whole(written):
    recorded = written(close=False)
    with append_to(recorded.path) as writer:
        writer.add_fact("alignment", ALIGNMENT)
    with Recording.open(recorded.path) as recording:
        assert any("not closed properly" in text for text in recording.warnings)


def test_nothing_is_added_to_what_is_no_recording(tmp_path):
    for name, content in (("log.csv", b"t,p\n"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError):
            append_to(tmp_path / name)
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.thorough
def test_an_overview_covers_everything_at_every_size(many_chunks):
    recorded = many_chunks
    with Recording.open(recorded.path) as recording:
        finest = recording.overview(1, 1600)
        chunks = recording.overview(1, 400)
        coarse = recording.overview(1, 3)
        assert [len(found) for found in (finest, chunks, coarse)] == [1600, 400, 400 // 64 + 1]
        fresh = int((recorded.flags == 0).sum())
        for found in (finest, chunks, coarse):
            assert found.count[:, 0].sum() == fresh
            assert (found.start_ns[0], found.end_ns[-1]) == recording.span_ns(1)
            assert np.nanmin(found.low[:, 0]) == recorded.codes[recorded.flags == 0, 0].min()
            mean = np.nansum(found.mean[:, 1] * found.count[:, 1]) / found.count[:, 1].sum()
            used = (recorded.flags == 0) & (recorded.codes[:, 1] != MISSING)
            assert mean == pytest.approx(recorded.codes[used, 1].mean(), rel=1e-12)
            assert (np.diff(found.start_ns) > 0).all()


def test_long_blocks_are_cut_into_chunks(path, monkeypatch):
    monkeypatch.setattr("powermeter.recording.chunk_writing.CHUNK", 10)
    with Writer.create(path) as writer:
        writer.append(writer.add_source("x://", "x", "x", POWER), np.arange(25), np.arange(25))
    with Recording.open(path) as recording:
        assert [len(samples.times_ns) for samples in recording.chunks(1)] == [10, 10, 5]
        assert recording.samples(1).codes["p"].tolist() == list(range(25))


def test_events_without_a_number_of_their_own_are_all_kept(path):
    with Writer.create(path) as writer:
        writer.add_events([Event("a", 1, 2), Event("a", 1, 2), Event("b", 0, None)])
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events()] == ["b", "a", "a"]
        assert recording.events()[0].duration_s is None and recording.events()[1].duration_s == 1e-9


@pytest.mark.thorough
@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM level WHERE level = 1 AND sequence = 5",
        "UPDATE level SET summary = zeroblob(length(summary)) WHERE level = 1 AND sequence = 5",
        "UPDATE level SET sequence = 6 WHERE level = 1 AND sequence = 5",
        "DELETE FROM level",
        "DELETE FROM level WHERE level = 1 AND sequence > 50",
    ],
)
def test_an_overview_does_without_a_level_that_lost_a_row(many_chunks, path, damage):
    recorded = replace(many_chunks, path=shutil.copyfile(many_chunks.path, path))
    db = sqlite3.connect(path)
    db.execute(damage)
    db.commit()
    db.close()
    with Recording.open(recorded.path) as recording:
        for least in (90, 30, 3):
            found = recording.overview(1, least)
            assert found.count[:, 0].sum() == (recorded.flags == 0).sum() and len(found) >= least
            assert (found.start_ns[0], found.end_ns[-1]) == (recorded.times_ns[0], recorded.times_ns[-1])
            assert (np.diff(found.start_ns) > 0).all()
