"""The pass-through: bytes as they were, counts as the server's own, and nothing that a connection does ends it."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import CEILING_S

from powermeter.analysis.tokens import measures as names
from powermeter.errors import ConfigurationError, OpenError
from powermeter.events import Event
from powermeter.hooks.tokens.relay import Relay, parse
from powermeter.marking import recordings
from powermeter.marking.event_log import EventLog
from powermeter.marking.intake import Intake
from powermeter.recording import Recording, Writer
from powermeter.testing.language_model import Server


class Passing:
    """A relay in front of a server, and the recording that its marks go to."""

    def __init__(self, folder: Path, port: int) -> None:
        self.path = folder / "run.power"
        Writer.create(self.path, {}).close()
        self._folder = recordings.make(str(self.path))
        self._intake = Intake(self._folder, self.path)
        self._log = EventLog(self._folder, str(self.path), is_foreign=True)
        self.relay = Relay(0, "127.0.0.1", port)
        self.relay.start(self._log)

    def end(self) -> list[Event]:
        self.relay.close()
        self._log.close()
        self._intake.finish()
        recordings.withdraw(self._folder)
        with Recording.open(self.path) as recording:
            return recording.events()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def ask(port: int, path: str, body: dict, connection: http.client.HTTPConnection | None = None) -> bytes:
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=CEILING_S)
    own.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    data = own.getresponse().read()
    if connection is None:
        own.close()
    return data


PROMPT = "one two three four five six seven eight"
ASKED = [
    ("/completion", {"prompt": PROMPT, "n_predict": 9, "stream": True}),
    ("/completion", {"prompt": PROMPT + " nine", "n_predict": 4, "stream": False}),
    (
        "/v1/chat/completions",
        {
            "messages": [{"content": "a b c"}],
            "max_tokens": 6,
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    ),
    ("/v1/chat/completions", {"messages": [{"content": "x y"}], "max_tokens": 5}),
    ("/api/generate", {"prompt": "p q r s", "options": {"num_predict": 7}}),
    ("/api/generate", {"prompt": "p q", "options": {"num_predict": 3}, "stream": False}),
]


def test_the_counts_are_the_servers_own_for_every_kind_of_answer(server: Server, tmp_path: Path) -> None:
    passing = Passing(tmp_path, server.port)
    kept = http.client.HTTPConnection("127.0.0.1", passing.relay.listens_on, timeout=CEILING_S)
    began = time.monotonic()
    for number, (path, body) in enumerate(ASKED):
        ask(passing.relay.listens_on, path, body, kept if number % 2 else None)
    took_s = time.monotonic() - began
    kept.close()
    events = passing.end()
    for name in (names.PROMPT, names.CACHED, names.GENERATED):
        assert (names.total(events, name) or 0) == server.counts[name], name
    assert passing.relay.problem == ""
    phases = [event.measures[names.PHASE] for event in events]
    assert (phases.count("prefill"), phases.count("decode"), phases.count("request")) == (5, 5, 1)
    assert all(event.attributes["model"] == "stand-in" and event.peak_memory is None for event in events)
    decode = next(event for event in events if event.name == "decode")
    assert decode.count == 8 and 0 < (decode.duration_s or 0) <= took_s


def test_bytes_pass_as_they_are(tmp_path: Path) -> None:
    sent, answer = (
        b"POST /completion HTTP/1.1\r\nContent-Length: 3\r\n\r\n{} \x00odd",
        bytes(range(256)) * 5000,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    heard = bytearray()

    def serve() -> None:
        own, _ = listener.accept()
        with own:
            while len(heard) < len(sent):
                heard.extend(own.recv(65536))
            own.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    passing = Passing(tmp_path, listener.getsockname()[1])
    with socket.create_connection(("127.0.0.1", passing.relay.listens_on), timeout=CEILING_S) as client:
        client.sendall(sent)
        back = bytearray()
        while data := client.recv(65536):
            back += data
    thread.join(CEILING_S)
    assert bytes(heard) == sent and bytes(back) == answer
    assert passing.end() == []
    assert "could not be followed" in passing.relay.problem


def test_an_answer_that_is_cut_off_is_marked_as_far_as_it_came(tmp_path: Path) -> None:
    server = Server()
    passing = Passing(tmp_path, server.port)
    body = json.dumps({"prompt": "a b", "n_predict": 200_000, "stream": True}).encode()
    with socket.create_connection(("127.0.0.1", passing.relay.listens_on), timeout=CEILING_S) as client:
        client.sendall(b"POST /completion HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        came = b""
        while came.count(b"data:") < 3:
            came += client.recv(4096)
    events = passing.end()
    server.close()
    (decode,) = [event for event in events if event.name == "decode"]
    assert decode.count is None and decode.attributes["error"] == "cut off"
    assert passing.relay.unknown == 1


def test_sixteen_at_a_time_are_each_counted(server: Server, tmp_path: Path) -> None:
    passing = Passing(tmp_path, server.port)
    body = {"prompt": PROMPT, "n_predict": 5, "stream": True, "cache_prompt": False}
    threads = [
        threading.Thread(target=ask, args=(passing.relay.listens_on, "/completion", body)) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(CEILING_S)
    events = passing.end()
    assert names.total(events, names.GENERATED) == 80 == server.counts[names.GENERATED]
    assert names.total(events, names.PROMPT) == 128


def test_without_a_server_the_client_finds_its_connection_closed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    passing = Passing(tmp_path, port)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        ask(passing.relay.listens_on, "/completion", {})
    assert passing.end() == []
    assert "no answer" in passing.relay.problem


def test_the_option_is_checked() -> None:
    assert parse("8081:8080") == (8081, "127.0.0.1", 8080)
    assert parse("0:[::1]:80") == (0, "::1", 80)
    for wrong in ("", "8080", "8080:8080", "a:b", "1:2:3:4:x", "70000:80", "80:0", "-1:80"):
        with pytest.raises(ConfigurationError, match="--pass-through"):
            parse(wrong)
    with (
        contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken,
        pytest.raises(OpenError, match="another"),
    ):
        Relay(taken.getsockname()[1], "127.0.0.1", 1)
