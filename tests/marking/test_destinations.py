"""Which recordings an event goes to: of the Meters around it, of the process's ancestors, of both or none."""

from __future__ import annotations

import threading

import pytest

from powermeter.marking import destinations, recordings
from powermeter.marking.event_log import EventLog


@pytest.fixture
def no_others(monkeypatch):
    monkeypatch.setattr(destinations, "own", [])
    monkeypatch.setattr(destinations, "inherited", [])


@pytest.fixture
def log(tmp_path, no_others):
    return lambda name: EventLog(str(tmp_path / name), f"{name}.power")


def test_nothing_is_chosen_where_nothing_is_recorded(no_others):
    assert destinations.chosen() is None and destinations.logs_here() == []


def test_one_recording_is_chosen_itself_and_of_two_the_context_decides(log):
    one, two = log("one"), log("two")
    first = destinations.add(one)
    assert destinations.chosen() is one
    second = destinations.add(two)
    assert destinations.chosen() not in (one, two, None)
    assert destinations.logs_here() == [one, two]
    destinations.remove(two, second)
    assert destinations.chosen() is one and destinations.logs_here() == [one]
    destinations.remove(one, first)
    assert destinations.chosen() is None


def test_a_thread_outside_of_all_meters_writes_to_every_recording(log):
    tokens = [(one, destinations.add(one)) for one in (log("one"), log("two"))]
    seen: list[list[EventLog]] = []
    thread = threading.Thread(target=lambda: seen.append(destinations.logs_here()))
    thread.start()
    thread.join()
    assert seen == [[one for one, _ in tokens]]
    for one, token in reversed(tokens):
        destinations.remove(one, token)


def test_what_a_joined_meter_adds_is_taken_back(no_others):
    token = destinations.add_attributes({"model": "tiny"})
    inner = destinations.add_attributes({"batch": 8})
    assert destinations.attributes() == {"model": "tiny", "batch": 8}
    destinations.remove_attributes(inner)
    assert destinations.attributes() == {"model": "tiny"}
    destinations.remove_attributes(token)
    assert destinations.attributes() == {}


def test_the_recording_of_an_ancestor_is_found_once(no_others, monkeypatch):
    monkeypatch.setattr(recordings, "find", lambda: ["/folder", "/without a recording"])
    monkeypatch.setattr(recordings, "recording_of", {"/folder": "run.power"}.get)
    destinations.find()
    destinations.find()
    assert [log.path for log in destinations.inherited] == ["run.power"]


def test_a_board_that_cannot_be_read_stops_no_program(no_others, monkeypatch):
    def unreadable() -> list[str]:
        raise OSError("gone")

    monkeypatch.setattr(recordings, "find", unreadable)
    destinations.find()
    assert destinations.inherited == []
