"""The chunks of one source in order, which of them are damaged, and their samples: what it promises."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording import Recording, Writer

POWER = (Channel("p", Quantity.POWER, 1e-3, Rail("R")),)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.power"


def test_chunks_and_tails_are_read_at_one_moment(path, monkeypatch):
    """The recorder turns tails into a chunk between the two questions of a reader."""
    monkeypatch.setattr("powermeter.recording.chunk_writing.CHUNK", 20)
    opened = Writer.create(path)
    source = opened.add_source("x://", "x", "x", POWER)
    opened.append(source, np.arange(15), np.arange(15))
    from powermeter.recording import chunk_reading

    real = chunk_reading.tails_of

    def late(rows):
        thread = threading.Thread(target=opened.append, args=(source, np.arange(15, 25), np.arange(15, 25)))
        thread.start()
        thread.join()
        yield from real(rows)

    monkeypatch.setattr(chunk_reading, "tails_of", late)
    with Recording.open(path) as recording:
        assert recording.samples(source).codes["p"].tolist() == list(range(15))
        assert not any("lost" in text for text in recording.warnings)
    opened.close()


def test_flags_of_samples_that_were_read_are_counted_without_reading_them_again(path, monkeypatch):
    """A day's data were read three times: for their checksums, for the samples, and for their flags."""
    monkeypatch.setattr("powermeter.recording.chunk_writing.CHUNK", 20)
    flags = np.zeros(50, np.uint8)
    flags[[3, 44]] = 2
    with Writer.create(path) as writer:
        writer.append(writer.add_source("x://", "x", "x", POWER), np.arange(50), np.arange(50), flags)
    with Recording.open(path) as recording:
        assert recording.flag_counts(1) == {0: 48, 2: 2}
    from powermeter.recording.chunk_reading import Chunks

    with Recording.open(path) as recording:
        assert sum(len(piece) for piece in recording.stream(1)) == 50
        monkeypatch.setattr(Chunks, "data", lambda *_: pytest.fail("it is read again"))
        assert recording.flag_counts(1) == {0: 48, 2: 2}


def test_a_closed_recording_keeps_no_chunk_decoded(path):
    """A report is written after its recording is closed: 10 MB of a day stayed beside it."""
    with Writer.create(path) as writer:
        writer.append(writer.add_source("x://", "x", "x", POWER), np.arange(50), np.arange(50))
    with Recording.open(path) as recording:
        codes = weakref.ref(recording.samples(1).codes["p"].base)
        assert codes() is not None
    assert codes() is None
