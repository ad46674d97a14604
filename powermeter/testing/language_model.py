"""A stand-in for a language model: known joules per prompt token and per generated token, as a power and as a server.

`answers` returns the power of requests at random times and their events, for the proof of intervals.  `Server` answers over HTTP as
llama.cpp, OpenAI-like servers and Ollama do, in the time that its rates ask for, and counts for itself.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from powermeter.analysis.tokens import measures as names
from powermeter.events import Event
from powermeter.testing.simulation import NS, Truth


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """How fast it is, and what it costs above idle.

    Attributes:
        prompt_per_s, generated_per_s: Tokens per second of prefill and decode.
        prompt_j, generated_j: Of a token above idle, in J.
        idle_w: With the model loaded.
        scatter: Relative standard deviation of both costs from request to request.
        growth: By how much of its mean the decode's power rises from its begin to its end.
    """

    prompt_per_s: float = 400.0
    generated_per_s: float = 20.0
    prompt_j: float = 0.02
    generated_j: float = 0.4
    idle_w: float = 2.0
    scatter: float = 0.02
    growth: float = 0.1

    def gross(self) -> tuple[float, float]:
        """Return what a prompt token and a decode step cost with idle power, in J."""
        return (
            self.prompt_j + self.idle_w / self.prompt_per_s,
            self.generated_j + self.idle_w / self.generated_per_s,
        )


_PIECES = 8


def answers(
    model: LanguageModel,
    rng: np.random.Generator,
    count: int,
    *,
    prompt: tuple[int, int] = (16, 256),
    generated: tuple[int, int] = (16, 64),
    pause_s: tuple[float, float] = (0.5, 3.0),
    lead_s: float = 3.0,
    divided: bool = True,
) -> tuple[Truth, list[Event]]:
    """Return the power of `count` requests, and their events.

    Args:
        prompt, generated: Range of tokens of each.
        pause_s: Range of the idle time after each.
        lead_s: Idle time before the first and after the last.
        divided: Whether it is known when the first token was.
    """
    at, edges, levels, events = lead_s, [0.0], [model.idle_w], list[Event]()
    for number in range(1, count + 1):
        p, g = int(rng.integers(*prompt)), int(rng.integers(*generated))
        costs = np.array([model.prompt_j, model.generated_j]) * (1 + model.scatter * rng.standard_normal(2))
        first = at + p / model.prompt_per_s
        end = first + (g - 1) / model.generated_per_s
        edges += [at, *np.linspace(first, end, _PIECES + 1).tolist()]
        rise = 1 + model.growth * ((np.arange(_PIECES) + 0.5) / _PIECES - 0.5)
        levels += [
            model.idle_w + float(costs[0]) * model.prompt_per_s,
            *(model.idle_w + float(costs[1]) * model.generated_per_s * rise).tolist(),
            model.idle_w,
        ]
        phases = _phases((at, first, end), p, g) if divided else _whole((at, end), p, g)
        for name, start_s, end_s, items, measures in phases:
            events.append(
                Event(
                    name,
                    round(start_s * NS),
                    round(end_s * NS),
                    uid=len(events) + 1,
                    count=items,
                    attributes={"model": "stand-in"},
                    measures={names.PHASE: name, names.NUMBER: number, **measures},
                )
            )
        at = end + rng.uniform(*pause_s)
    return Truth.steps([*edges, at + lead_s], levels), events


_Phase = tuple[str, float, float, float, dict[str, int]]
"""Name, start, end, items and measures."""


def _phases(times_s: tuple[float, float, float], prompt: int, generated: int) -> list[_Phase]:
    start, first, end = times_s
    read = {names.PROMPT: prompt, names.CACHED: 0, names.FIRST: 1}
    return [
        (names.PREFILL, start, first, prompt, read),
        (names.DECODE, first, end, generated - 1, {names.GENERATED: generated}),
    ]


def _whole(times_s: tuple[float, float], prompt: int, generated: int) -> list[_Phase]:
    measures = {names.PROMPT: prompt, names.CACHED: 0, names.GENERATED: generated}
    return [(names.REQUEST, *times_s, generated, measures)]


class Server:
    """Answers on loopback until it is closed; a token is a word.

    Args:
        model: Its rates.

    Attributes:
        port: Where it listens.
        counts: What it has done, by the names of `powermeter.analysis.tokens.measures`.
    """

    def __init__(self, model: LanguageModel | None = None) -> None:
        self.model = model or LanguageModel(prompt_per_s=20_000, generated_per_s=2_000)
        self.counts = dict.fromkeys((names.PROMPT, names.CACHED, names.GENERATED), 0)
        self._lock = threading.Lock()
        self._last: list[str] = []
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def work(
        self, words: list[str], wanted: int, use_cache: bool, on_token: Callable[[int], None]
    ) -> dict[str, Any]:
        """Take the time of an answer, one at a time, and return llama.cpp's `timings` of it."""
        with self._lock:
            cached = 0
            if use_cache:
                pairs = zip(words[:-1], self._last, strict=False)
                cached = next(
                    (i for i, (a, b) in enumerate(pairs) if a != b), min(len(words) - 1, len(self._last))
                )
            self._last = words
            begun = time.monotonic_ns()
            time.sleep((len(words) - cached) / self.model.prompt_per_s)
            first = time.monotonic_ns()
            for i in range(wanted):
                if i:
                    time.sleep(1 / self.model.generated_per_s)
                on_token(i)
            end = time.monotonic_ns()
            for name, more in (
                (names.PROMPT, len(words) - cached),
                (names.CACHED, cached),
                (names.GENERATED, wanted),
            ):
                self.counts[name] += more
        return {
            "cache_n": cached,
            "prompt_n": len(words) - cached,
            "prompt_ms": (first - begun) / 1e6,
            "predicted_n": wanted,
            "predicted_ms": (end - first) / 1e6,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Answer a health check."""
        self._whole({"status": "ok"})

    def do_POST(self) -> None:
        """Answer a request for tokens."""
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length) or b"{}")
        if self.path.startswith("/api/"):
            self._ollama(asked)
        elif self.path.startswith("/v1/"):
            self._openai(asked)
        else:
            self._llama(asked)

    def _llama(self, asked: dict[str, Any]) -> None:
        words, wanted = str(asked.get("prompt", "")).split(), int(asked.get("n_predict", 8))
        end = {"content": "", "stop": True, "model": "stand-in", "tokens_predicted": wanted}
        cache = bool(asked.get("cache_prompt", True))
        if not asked.get("stream"):
            timings = self.owner.work(words, wanted, cache, lambda _: None)
            self._whole({**end, "content": "w " * wanted, "timings": timings})
            return
        self._stream("text/event-stream")
        timings = self.owner.work(
            words,
            wanted,
            cache,
            lambda i: self._event({"content": "w ", "stop": False, "tokens_predicted": i + 1}),
        )
        self._event({**end, "timings": timings})
        self._done()

    def _openai(self, asked: dict[str, Any]) -> None:
        text = " ".join(str(one.get("content", "")) for one in asked.get("messages", []))
        words, wanted = text.split(), int(asked.get("max_tokens", 8))
        base = {"model": "stand-in", "object": "chat.completion"}

        def usage(timings: dict[str, Any]) -> dict[str, Any]:
            whole = timings["prompt_n"] + timings["cache_n"]
            return {
                "prompt_tokens": whole,
                "completion_tokens": wanted,
                "prompt_tokens_details": {"cached_tokens": timings["cache_n"]},
            }

        if not asked.get("stream"):
            timings = self.owner.work(words, wanted, True, lambda _: None)
            message = {"role": "assistant", "content": "w " * wanted}
            self._whole({**base, "choices": [{"index": 0, "message": message}], "usage": usage(timings)})
            return
        self._stream("text/event-stream")
        timings = self.owner.work(
            words,
            wanted,
            True,
            lambda _: self._event({**base, "choices": [{"index": 0, "delta": {"content": "w "}}]}),
        )
        if (asked.get("stream_options") or {}).get("include_usage"):
            self._event({**base, "choices": [], "usage": usage(timings)})
        self._chunk(b"data: [DONE]\n\n")
        self._done()

    def _ollama(self, asked: dict[str, Any]) -> None:
        words = str(asked.get("prompt", "")).split()
        wanted = int((asked.get("options") or {}).get("num_predict", 8))
        streams = asked.get("stream", True)
        if streams:
            self._stream("application/x-ndjson")
        timings = self.owner.work(
            words,
            wanted,
            False,
            lambda _: self._line({"model": "stand-in", "response": "w ", "done": False}) if streams else None,
        )
        end = {
            "model": "stand-in",
            "response": "" if streams else "w " * wanted,
            "done": True,
            "total_duration": round((timings["prompt_ms"] + timings["predicted_ms"]) * 1e6),
            "load_duration": 5_000_000,
            "prompt_eval_count": timings["prompt_n"],
            "prompt_eval_duration": round(timings["prompt_ms"] * 1e6),
            "eval_count": wanted,
            "eval_duration": round(timings["predicted_ms"] * 1e6),
        }
        if not streams:
            self._whole(end)
            return
        self._line(end)
        self._done()

    def _whole(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _event(self, value: dict[str, Any]) -> None:
        self._chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _line(self, value: dict[str, Any]) -> None:
        self._chunk(json.dumps(value).encode() + b"\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _done(self) -> None:
        self.wfile.write(b"0\r\n\r\n")
