"""What was begun, finished and written, and the sentence for each difference."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from powermeter.analysis.event_accounts import differences


def said(begun: int = 5, finished: int = 5, written: int = 5, **details: object) -> list[str]:
    return differences({7: SimpleNamespace(begun=begun, finished=finished, written=written, details=details)})


def test_nothing_is_said_where_all_is_whole() -> None:
    assert said() == [] and said(waited_s=0.01) == [] and differences({}) == []


@pytest.mark.parametrize(
    ("details", "why"),
    [
        ({"left": True, "is_alive": True}, "because it left with them running"),
        ({"is_alive": True}, "because they were still running"),
        ({"is_alive": False}, "because it was killed"),
        ({}, "because it ended without a notice"),
    ],
)
def test_events_that_never_ended(details: dict[str, object], why: str) -> None:
    (text,) = said(5, 3, 3, **details)
    assert text.startswith("process 7: 2 of 5 events never ended, ") and why in text
    (named,) = said(5, 3, 3, running=["a", "b"], program="train.py")
    assert named.startswith("process 7 (train.py): 2 of 5 events never ended ('a', 'b')")


@pytest.mark.parametrize(
    ("details", "text"),
    [
        ({"lost": 1}, "1 mark was lost"),
        ({"lost": 3}, "3 marks were lost"),
        ({"torn": 2}, "2 marks were interrupted"),
        ({"refused": 2}, "2 marks were refused"),
        ({"strays": 1}, "1 event ended that had not begun here"),
        ({"waited_s": 0.011}, "it waited 11 ms"),
    ],
)
def test_each_thing_that_went_wrong_has_its_sentence(details: dict[str, object], text: str) -> None:
    (found,) = said(**details)
    assert text in found and found.startswith("process 7: ")


def test_finished_events_that_were_not_written() -> None:
    assert said(5, 5, 3) == ["process 7: 2 of 5 finished events could not be written"]
    assert len(said(6, 5, 3, lost=1, torn=1, refused=1, strays=1, waited_s=1.0)) == 7
