"""Events that have begun and not ended: announced once, and named once in the account."""

from __future__ import annotations

from powermeter.marking.mark_account import MAX_LISTED
from powermeter.marking.unfinished_events import Begun, names_of, unannounced


def begun(name: bytes, uid: int = 1) -> Begun:
    return Begun(name, 0, uid, 0, 0, 0, 1, b"")


def test_each_event_that_runs_is_announced_once() -> None:
    first, second = begun(b"a"), begun(b"b", 2)
    assert list(unannounced([first])) == [first]
    assert list(unannounced([first, second])) == [second]
    assert list(unannounced([first, second])) == []


def test_a_name_is_listed_once_and_no_more_names_than_an_account_holds() -> None:
    assert names_of([begun(b"a"), begun(b"a", 2), begun(b"\xff")]) == ["a", "\N{REPLACEMENT CHARACTER}"]
    many = [begun(str(i).encode(), i) for i in range(MAX_LISTED + 1)]
    assert names_of(many) == [str(i) for i in range(MAX_LISTED)]
