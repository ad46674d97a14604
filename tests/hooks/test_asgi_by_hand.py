"""The middleware around applications written by hand: when the event of a request ends, and what is none."""

from __future__ import annotations

import asyncio
import contextvars
import time

import pytest

import powermeter
from powermeter.hooks.asgi import NO_WEBSOCKET, PowerMiddleware

START = {"type": "http.response.start", "status": 200, "headers": []}
CASES = {
    "one piece": [START, {"type": "http.response.body", "body": b"x"}],
    "two pieces": [
        START,
        {"type": "http.response.body", "body": b"x", "more_body": True},
        {"type": "http.response.body", "body": b"y"},
    ],
    "a path": [START, {"type": "http.response.pathsend", "path": "/x"}],
    "trailers": [
        {**START, "trailers": True},
        {"type": "http.response.body", "body": b"x"},
        {"type": "http.response.trailers", "headers": []},
    ],
}


def call(app, kind="http", times=1):
    async def receive():
        return {}

    async def send(message):
        sent.append((message["type"], time.monotonic_ns()))

    async def run():
        for _ in range(times):
            await app({"type": kind, "method": "GET", "path": "/"}, receive, send)

    sent = []
    contextvars.Context().run(asyncio.run, run())  # in which no other test's event runs
    return sent


@pytest.mark.parametrize("case", CASES)
def test_the_event_of_a_request_ends_with_its_last_byte_and_not_with_what_runs_behind_it(running, case):
    behind = []

    async def app(scope, receive, send):
        for message in CASES[case]:
            await send(message)
        behind.append(time.monotonic_ns())
        with powermeter.event("background"):
            pass

    sent = call(PowerMiddleware(app, "request"), times=2)
    found = running.end()
    requests = [event for event in found if event.name == "request"]
    messages = len(CASES[case])
    last = [at for _, at in sent[messages - 1 :: messages]]
    assert len(requests) == 2 and all(event.attributes == {"status": 200} for event in requests)
    for event, sent_ns, behind_ns in zip(requests, last, behind, strict=True):
        assert sent_ns <= event.end_ns <= behind_ns
    assert [event.parent for event in found] == [None] * 4


def test_a_request_without_a_last_byte_ends_with_the_application(running):
    async def app(scope, receive, send):
        await send(START)
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        call(PowerMiddleware(app, "request"))
    (event,) = running.end()
    assert event.end_ns is not None and event.attributes == {"status": 200, "error": "RuntimeError"}


def test_a_websocket_leaves_one_line_and_no_event(running, capsys):
    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})

    assert len(call(PowerMiddleware(app), "websocket", times=3)) == 3
    assert capsys.readouterr().err == f"powermeter: {NO_WEBSOCKET}\n"
    assert running.end() == []
