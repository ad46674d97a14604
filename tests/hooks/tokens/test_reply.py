"""Bodies of answers: events, lines, one JSON; compressed, cut, hostile."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from powermeter.hooks.tokens import reply
from powermeter.hooks.tokens.reply import Reply


def read(kind: str, data: bytes, coding: str = "", piece: int = 7) -> list[dict]:
    found: list[dict] = []
    body = Reply(kind, coding, found.append)
    for at in range(0, len(data), piece):
        body.feed(data[at : at + piece])
    body.end()
    return found


EVENTS = b': ping\n\ndata: {"a": 1}\n\nevent: x\ndata: {"b": 2}\r\n\r\ndata: [DONE]\n\ndata: {"c"'


@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_events_and_lines_are_read_as_they_come(piece: int) -> None:
    assert read("text/event-stream; charset=utf-8", EVENTS, piece=piece) == [{"a": 1}, {"b": 2}]
    assert read("application/x-ndjson", b'{"a": 1}\n{"b": 2}', piece=piece) == [{"a": 1}, {"b": 2}]
    assert read("application/json", b' {"a":\n 1}', piece=piece) == [{"a": 1}]


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_bodies_are_read_too(coding: str, pack) -> None:
    assert read("application/json", pack(b'{"a": 1}'), coding) == [{"a": 1}]


def test_what_cannot_be_read_is_left_alone() -> None:
    assert read("application/json", b'{"a": 1}', "br") == []
    assert read("application/json", b"not gzip at all", "gzip") == []
    assert read("text/html", b'{"a": 1}') == []
    assert read("application/json", b"[" * 100_000, piece=4096) == []
    assert read("application/json", b'{"a": ' + b"[" * 100_000, piece=4096) == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MOST_LINE", 64)
    monkeypatch.setattr(reply, "MOST_WHOLE", 256)
    long = json.dumps({"a": "x" * 500}).encode()
    assert read("text/event-stream", b"data: " + long + b'\ndata: {"b": 2}\n') == [{"b": 2}]
    assert read("application/json", long) == []
    body = Reply("application/json", "", lambda _: None)
    for _ in range(100):
        body.feed(b"x" * 1000)
    assert len(body.held) <= 257
