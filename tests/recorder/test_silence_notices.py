"""What is printed of a source that sends nothing any more, and how often."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from powermeter.recorder.silence_notices import SilenceWatch


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr("powermeter.recorder.silence_notices.notice", lines.append)
    return lines


def reader(name: str) -> Any:
    source, health = SimpleNamespace(name=name), SimpleNamespace(last_error="gone")
    return SimpleNamespace(
        source=source,
        health=health,
        ended=threading.Event(),
        failure="",
        quiet_ns=0,
        patience_ns=1_400_000_000,
        is_lost=False,
        other_instrument="",
    )


def test_silence_and_return_are_printed_once_each_time(said: list[str]) -> None:
    watch, one = SilenceWatch(), reader("a")
    for quiet in (0, 1_600_000_000, 2_600_000_000, 0, 0, 1_700_000_000):
        one.quiet_ns = quiet
        watch.look([one])
    assert said == [
        "a: nothing for 1.6 s; a gap begins",
        "a: it is back",
        "a: nothing for 1.7 s; a gap begins",
    ]


@pytest.mark.parametrize(("failure", "why"), [("", ""), ("another instrument", " (another instrument)")])
def test_an_end_is_printed_once_and_is_not_silence(said: list[str], failure: str, why: str) -> None:
    watch, one, other = SilenceWatch(), reader("a"), reader("b")
    one.ended.set()
    one.failure, one.quiet_ns = failure, 5_000_000_000
    watch.look([other, one])
    watch.look([other, one])
    assert said == [f"a: it has ended{why}; what follows is a gap, events are recorded"]


def test_another_instrument_is_printed_once_each_time_it_is_connected(said: list[str]) -> None:
    watch, one = SilenceWatch(), reader("a")
    for other in ("", "a: another one answers", "a: another one answers", "", "a: another one answers"):
        one.other_instrument = other
        watch.look([one])
    assert said == ["a: another one answers"] * 2
