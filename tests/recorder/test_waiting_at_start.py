"""How long a program waits for the start of its recorder."""

from __future__ import annotations

import threading

import pytest

from powermeter.errors import DataError, OpenError
from powermeter.recorder import waiting_at_start


def wait(ready: threading.Event, *, runs: bool, opening: str, printed: list[str]) -> bool:
    """Wait with a recorder that runs or not and is at an instrument or not."""
    return waiting_at_start.wait(ready, lambda: runs, lambda: opening, printed.append)


def test_a_recorder_that_is_ready_or_has_ended_is_not_waited_for() -> None:
    """Neither prints a line."""
    ready, printed = threading.Event(), list[str]()
    assert wait(ready, runs=False, opening="x://", printed=printed)
    ready.set()
    assert wait(ready, runs=True, opening="x://", printed=printed)
    assert printed == []


def test_one_that_takes_too_long_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait ends by its limit, and the line is not repeated."""
    monkeypatch.setattr(waiting_at_start, "WAIT_S", 0.0)
    monkeypatch.setattr(waiting_at_start, "READY_S", 0.3)
    printed: list[str] = []
    assert not wait(threading.Event(), runs=True, opening="x://", printed=printed)
    assert printed == ["waiting for x:// to open"]


def test_the_error_names_what_held_the_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is being created comes first: no instrument was asked yet."""
    file = waiting_at_start.held_up("/mnt/run.power", "x://", ["x://", "y://"])
    assert isinstance(file, DataError) and str(file).startswith("/mnt/run.power could not be created")
    monkeypatch.setattr(waiting_at_start, "READY_S", 30.0)
    opening = waiting_at_start.held_up("", "y://", ["x://", "y://"])
    assert isinstance(opening, OpenError) and str(opening).startswith("y://: it did not open within 30 s")
    assert str(waiting_at_start.held_up("", "", ["x://", "y://"])).startswith("x://, y://: ")
