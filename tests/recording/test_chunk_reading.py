"""The chunks of one source in order, which of them are damaged, and their samples: what it promises."""

from __future__ import annotations

import threading

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
