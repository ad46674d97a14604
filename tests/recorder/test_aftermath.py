"""What is missing at the end of a recording whose recorder died."""

from __future__ import annotations

import time

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity
from powermeter.errors import DataError
from powermeter.recorder.aftermath import list_missing
from powermeter.recording import Recording, Writer


def test_each_source_gets_a_gap_to_this_moment(tmp_path):
    path = tmp_path / "run.power"
    now = time.monotonic_ns()
    with Writer.create(path) as writer:
        writer.add_clock_pair(now - 5 * 10**9, 10**18)
        first = writer.add_source("a://", "a", "a", [Channel("p", Quantity.POWER, 1.0)])
        writer.add_source("b://", "b", "b", [Channel("p", Quantity.POWER, 1.0)])
        writer.append(first, np.array([now - 2 * 10**9], np.int64), np.array([[1]], np.int64))
    assert list_missing(path, "killed") == pytest.approx(5, abs=1)
    with Recording.open(path) as recording:
        (a,), (b,) = recording.gaps(1), recording.gaps(2)
    assert a.start_ns == now - 2 * 10**9 and b.start_ns == now - 5 * 10**9, "no reading: from the start"
    assert (a.reason, a.detail) == ("failed", "killed") and a.end_ns == b.end_ns >= now


def test_a_file_that_cannot_be_read_is_an_error_of_ours(tmp_path):
    with pytest.raises(DataError):
        list_missing(tmp_path / "nothing.power", "killed")
