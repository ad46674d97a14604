"""Windows of a recording whose chunks are small: every sample inside, whichever chunk it lies in."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.errors import ConfigurationError
from powermeter.recording import Recording
from powermeter.recording.timed_rows import TimedRows
from powermeter.source import Gap


@pytest.mark.parametrize(("first", "last"), [(0.0, 1.0), (0.1, 0.9), (0.3, 0.3), (0.45, 0.55), (0.99, 1.0)])
def test_a_window_streams_what_lies_in_it(recorded, first: float, last: float) -> None:
    with Recording.open(recorded.path) as recording:
        for source in recording.sources:
            whole = recording.samples(source.id)
            n = len(whole.times_ns)
            start, end = (int(whole.times_ns[round(share * (n - 1))]) for share in (first, last))
            inside = (whole.times_ns >= start) & (whole.times_ns <= end)
            pieces = list(recording.stream(source.id, start, end))
            assert (
                np.concatenate([piece.times_ns for piece in pieces]).tolist()
                == whole.times_ns[inside].tolist()
            )
            for name, column in whole.codes.items():
                found = np.concatenate([piece.codes[name] for piece in pieces])
                assert found.tolist() == column[inside].tolist()
            cut = recording.slice(source.id, start, end)
            assert cut.times_ns.tolist() == whole.times_ns[inside].tolist()


def test_gaps_are_found_by_the_name_of_the_source_as_its_samples_are(recorded, monkeypatch) -> None:
    with Recording.open(recorded.path) as recording:
        source = recording.sources[0]
        noted = [Gap(1, 2, "dropped")]
        monkeypatch.setattr(TimedRows, "gaps", lambda _, which: noted if which == source.id else [])
        assert recording.gaps(source.name) == recording.gaps(source.id) == noted
        with pytest.raises(ConfigurationError):
            recording.gaps("no such source")
