"""Samples done: a pass over a recording reports every sample once, and nothing where nobody listens any more."""

from __future__ import annotations

from powermeter.recording import Recording, verification
from powermeter.recording.samples_done import listening, note_samples


def test_streaming_and_checking_report_every_sample(recorded):
    path = recorded.path
    seen: list[int] = []
    with Recording.open(path) as recording, listening(seen.append):
        total = sum(recording.count(source.id) for source in recording.sources)
        for source in recording.sources:
            list(recording.stream(source.id))
        assert sum(seen) == total > 0
        seen.clear()
        verification.verify(path)
        assert sum(seen) == total
    note_samples(5)
    assert 5 not in seen


def test_several_may_listen_and_an_error_ends_it():
    first: list[int] = []
    second: list[int] = []
    with listening(first.append):
        try:
            with listening(second.append):
                note_samples(3)
                raise ValueError
        except ValueError:
            note_samples(4)
    assert (first, second) == ([3, 4], [3])
