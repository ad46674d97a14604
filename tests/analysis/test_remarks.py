"""What is said of labels stays readable however many there are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from powermeter.analysis.remarks import _of_rows


def rows(count: int, events: int):
    """Return labels none of which the meter resolves."""
    verdict = SimpleNamespace(text="too short")
    common = {
        "share": None,
        "energy": None,
        "warmup": SimpleNamespace(count=0),
        "tail": None,
        "verdict": verdict,
    }
    return [SimpleNamespace(title=f"label {i}", events=events, **common) for i in range(count)]


def test_of_many_labels_a_few_are_named_and_the_rest_are_counted():
    texts = [note.text for note in _of_rows(rows(3000, 1))]
    assert len(texts) == 12 + 2
    assert texts[0] == "label 0: too short" and texts[11] == "label 11: too short"
    assert texts[12].startswith("2,988 more labels: ")
    assert texts[13].startswith("3,000 labels for 3,000 events: ") and "attribute" in texts[13]


@pytest.mark.parametrize(("count", "events"), [(12, 1), (200, 1), (3000, 5)])
def test_labels_that_name_kinds_of_work_are_no_matter(count, events):
    assert all(note.code != "many-labels" for note in _of_rows(rows(count, events)))
