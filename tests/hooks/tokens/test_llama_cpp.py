"""A real llama.cpp, with a model made on the spot: our token counts are its own, and nothing of it is changed.

xllamacpp is llama-server, built into a wheel; a script that starts it stands for the program.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from frameworks import need
from waiting import CEILING_S

from powermeter.analysis.tokens import measures as names
from powermeter.recording import Recording

need("xllamacpp", "gguf")

SERVER = """\
#!{python}
import pathlib, sys, time
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port, params.n_parallel = sys.argv[1], int(sys.argv[2]), 2
params.cpuparams.n_threads, params.n_ctx = 1, 1024
server = xllamacpp.Server(params)
stop = pathlib.Path(sys.argv[3])
while not stop.exists():
    time.sleep(0.02)
"""


class LlamaServer:
    """`record` around the server, asked until `end`."""

    def __init__(self, folder: Path, pass_through: bool) -> None:
        import tiny_gguf

        model = folder / "tiny.gguf"
        tiny_gguf.write(model)
        program = folder / "llama-server"
        program.write_text(textwrap.dedent(SERVER.format(python=sys.executable)))
        program.chmod(0o755)
        self.path, self._stop = folder / "run.power", folder / "stop"
        port, self.port = _free_port(), _free_port()
        options = ["--pass-through", f"{self.port}:{port}"] if pass_through else []
        self.port = self.port if pass_through else port
        record = [
            sys.executable,
            "-m",
            "powermeter",
            "record",
            "--no-live",
            "-q",
            "-s",
            "virtual://?rate=200Hz",
        ]
        command = [
            *record,
            *options,
            "-o",
            str(self.path),
            "--",
            str(program),
            str(model),
            str(port),
            str(self._stop),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + CEILING_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if self.ask("/health", None).get("status") == "ok":
                    break
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.05)

    def ask(self, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """Return an answer, or the last piece of a stream that has timings."""
        own = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CEILING_S)
        own.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body))
        data = own.getresponse().read().decode()
        own.close()
        if data.startswith("data:"):
            pieces = [json.loads(line[6:]) for line in data.splitlines() if line.startswith("data: {")]
            return next(piece for piece in reversed(pieces) if "timings" in piece)
        found: dict[str, Any] = json.loads(data)
        return found

    def end(self) -> str:
        """Return what was printed on standard error."""
        self._stop.touch()
        _, errors = self._process.communicate(timeout=CEILING_S)
        assert self._process.returncode == 0, errors
        return errors


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@pytest.fixture
def started(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LlamaServer]:
    one = LlamaServer(tmp_path, request.param)
    yield one
    one._stop.touch()


@pytest.mark.parametrize("started", [True, False], indirect=True, ids=["pass-through", "printed"])
def test_token_counts_equal_its_own(started: LlamaServer) -> None:
    own = dict.fromkeys((names.PROMPT, names.CACHED, names.GENERATED), 0)
    shapes: list[tuple[str, dict[str, Any]]] = [
        ("/completion", {"prompt": "abc def ghi", "n_predict": 12, "stream": True}),
        ("/completion", {"prompt": "abc def ghi jkl", "n_predict": 7}),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 9, "stream": True},
        ),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hello there"}], "max_tokens": 5}),
        ("/completion", {"prompt": "x", "n_predict": 1, "stream": True}),
    ]
    for path, body in shapes:
        timings = started.ask(path, {**body, "ignore_eos": True})["timings"]
        own[names.PROMPT] += timings["prompt_n"]
        own[names.CACHED] += timings["cache_n"]
        own[names.GENERATED] += timings["predicted_n"]
    printed = started.end()
    with Recording.open(started.path) as recording:
        events = recording.events()
        assert recording.warnings == []
    assert names.total(events, names.GENERATED) == own[names.GENERATED] == 34
    assert names.total(events, names.PROMPT) == own[names.PROMPT]
    decodes = [event for event in events if event.name == "decode"]
    assert [event.count for event in decodes] == [11, 6, 8, 4, 0]
    assert {event.attributes.get("model") for event in decodes} == {"tiny.gguf"}
    if "passing http" in printed:
        assert names.total(events, names.CACHED) == own[names.CACHED] > 0
    else:
        assert [event.name for event in events].count("load") == 1
