"""What programs around language models print of their work: formats of `--events-from`.

A line is stamped when it comes; the durations in it are laid before that.  How far that may be off goes into the event.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from powermeter.hooks.tokens.llama_bench import LlamaBench
from powermeter.hooks.tokens.prefill_and_decode import WARM_S, loading, phases_of
from powermeter.hooks.tokens.reported_counts import number
from powermeter.hooks.tokens.request import Request
from powermeter.marking.printed_lines import PrintedEvent, Reader

PRINTED_S = 0.003
"""How late the line about an answer comes after its last token."""
LOADED_S = 0.05
_MS, _NS = 1_000_000, 1e9
_OBSERVER = "PyTorchObserver "
_MOST_OPEN = 256


class ExecuTorch:
    """The observer line of ExecuTorch's runners for each answer: edges in ms since 1970, 0 where not measured.

    extension/llm/runner/stats.h.  Its `generated_tokens` are the steps after the first token, which it does not count
    (1.5.1: of 20 pieces handed out it reports 19); and each line repeats when the model was loaded.
    """

    def __init__(self) -> None:
        self._loaded_ms: tuple[float | None, ...] = ()

    def __call__(self, line: str, at_ns: int, offset_ns: int) -> list[PrintedEvent]:
        """Return the phases of an answer, and the model's loading before the first."""
        _, mark, text = line.partition(_OBSERVER)
        try:
            values = json.loads(text) if mark else None
        except (ValueError, RecursionError):
            return []
        if not isinstance(values, dict):
            return []

        def edge(name: str) -> int | None:
            value = number(values, name, 1e16)
            return int(value) * _MS + round(value % 1 * _MS) + offset_ns if value else None

        found = []
        begin, end = edge("model_load_start_ms"), edge("model_load_end_ms")
        loaded = number(values, "model_load_start_ms", 1e16), number(values, "model_load_end_ms", 1e16)
        if begin is not None and end is not None and begin <= end and loaded != self._loaded_ms:
            found.append(loading(begin, end, doubt_s=0.001))
            self._loaded_ms = loaded
        start, first, last = edge("inference_start_ms"), edge("prompt_eval_end_ms"), edge("inference_end_ms")
        if start is not None and first is not None and last is not None and start <= first <= last:
            request = Request(start, last, first_ns=first, doubt_s=0.001)
            request.prompt, steps = number(values, "prompt_tokens"), number(values, "generated_tokens")
            request.generated = None if steps is None else steps + 1
            found += phases_of(request)
        return found


class LlamaCpp:
    """The timings that llama-server, llama-cli, llama-cpp-python and the like print for each answer."""

    _TIME = re.compile(
        r"(?:id +(?P<slot>\d+) \| task +(?P<task>-?\d+) \|)?[^|]*?"
        r"\b(?P<what>prompt eval time|eval time|total time) *= *(?P<ms>[\d.]+) ms(?: */ *(?P<n>\d+) (?P<unit>tokens|runs))?"
    )
    _DRAFT = re.compile(r"draft acceptance\D*[\d.]+ *\( *(?P<accepted>\d+) accepted */ *(?P<drafted>\d+)")
    _CACHED = re.compile(r"Llama\.generate: (?P<n>\d+) prefix-match hit")
    _LOADING = re.compile(
        r"load_model: loading model '?(?P<a>[^']*)'?|llama_model_loader: loaded meta data .* from (?P<b>.+?) \("
    )
    _LOADED = re.compile(
        r"model loaded|server is listening|warming up the model|constructing llama_context|llama_new_context_with_model:"
    )

    def __init__(self) -> None:
        self._model = ""
        self._loading_ns: int | None = None
        self._cached: float | None = None
        self._open: dict[str, dict[str, Any]] = {}

    def __call__(self, line: str, at_ns: int, offset_ns: int) -> list[PrintedEvent]:
        """Return the events that have become complete with a line."""
        if "time" in line and (match := self._TIME.search(line)):
            return self._take(match, at_ns)
        done: list[PrintedEvent] = []
        if "draft acceptance" in line and (match := self._DRAFT.search(line)):
            for values in self._open.values():
                values.setdefault("drafted", float(match["drafted"]))
                values.setdefault("accepted", float(match["accepted"]))
            return []
        if match := self._CACHED.search(line):
            self._cached = float(match["n"])
        elif match := self._LOADING.search(line):
            self._model = PurePath((match["a"] or match["b"] or "").strip()).name or self._model
            self._loading_ns = at_ns if self._loading_ns is None else self._loading_ns
        elif self._loading_ns is not None and self._LOADED.search(line):
            done.append(loading(self._loading_ns, at_ns, self._model, LOADED_S))
            self._loading_ns = None
        return [*self.flush(), *done]

    def _take(self, match: re.Match[str], at_ns: int) -> list[PrintedEvent]:
        key = match["task"] or ""
        done: list[PrintedEvent] = []
        if match["what"] == "prompt eval time":
            done = self.flush() if key in self._open or len(self._open) >= _MOST_OPEN else []
            self._open[key] = {"at_ns": at_ns}
        values = self._open.setdefault(key, {"at_ns": at_ns})
        ms = float(match["ms"])
        values[match["what"]] = (ms if ms < 1e9 else 0.0, match["n"] and float(match["n"]), match["unit"])
        return done

    def flush(self) -> list[PrintedEvent]:
        """Return the answers of which all lines have come."""
        found = []
        for values in self._open.values():
            prompt, made = values.get("prompt eval time"), values.get("eval time")
            if prompt is None or made is None:
                continue
            end = values["at_ns"]
            first = end - round(made[0] * _MS)
            begin = first - round(prompt[0] * _MS)
            request = Request(begin, end, first_ns=first, model=self._model, doubt_s=PRINTED_S)
            request.prompt, request.cached = prompt[1], self._cached
            # "runs" are decode steps; "tokens" count the first, which came with the prompt.
            request.generated = made[1] if made[1] is None or made[2] == "tokens" else made[1] + 1
            request.drafted, request.accepted = values.get("drafted"), values.get("accepted")
            self._cached = None
            found += phases_of(request)
        self._open.clear()
        return found


class Ollama:
    """What `ollama run --verbose` prints behind each answer."""

    _LINE = re.compile(
        r"^(?P<what>total duration|load duration|prompt eval count|prompt eval duration|eval count|eval duration|eval rate):"
        r"\s+(?P<value>\S+)"
    )
    _PART = re.compile(r"([\d.]+)(h|ms|m|µs|us|ns|s)")
    _SIZE: Mapping[str, float] = {
        "h": 3600,
        "m": 60,
        "s": 1,
        "ms": 1e-3,
        "µs": 1e-6,
        "us": 1e-6,
        "ns": 1e-9,
    }

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def __call__(self, line: str, at_ns: int, offset_ns: int) -> list[PrintedEvent]:
        """Return the events of an answer with its last line."""
        match = self._LINE.match(line.strip())
        if match is None:
            return []
        if match["what"] == "total duration":
            self._values = {}
        self._values[match["what"]] = match["value"]
        return self._answer(at_ns) if match["what"] == "eval rate" else []

    def flush(self) -> list[PrintedEvent]:
        """Return nothing: the last line is the rate."""
        return []

    def _answer(self, at_ns: int) -> list[PrintedEvent]:
        made, prompt = self._seconds("eval duration"), self._seconds("prompt eval duration")
        if made is None:
            return []
        first = at_ns - round(made * _NS)
        begin = first - round((prompt or 0.0) * _NS)
        request = Request(begin, at_ns, first_ns=first, doubt_s=PRINTED_S)
        request.generated, request.prompt = self._count("eval count"), self._count("prompt eval count")
        found = phases_of(request)
        load = self._seconds("load duration")
        if load is not None and load > WARM_S:
            found.insert(0, loading(begin - round(load * _NS), begin, doubt_s=LOADED_S))
        self._values = {}
        return found

    def _count(self, name: str) -> float | None:
        text = self._values.get(name, "")
        return float(text) if text.isdecimal() and len(text) < 10 else None

    def _seconds(self, name: str) -> float | None:
        parts = self._PART.findall(self._values.get(name, ""))
        try:
            seconds = sum(float(size) * self._SIZE[unit] for size, unit in parts)
        except ValueError:
            return None
        return seconds if parts and seconds < 1e7 else None


FORMATS: Mapping[str, Callable[[], Reader]] = {
    "executorch": ExecuTorch,
    "llama.cpp": LlamaCpp,
    "llama-bench": LlamaBench,
    "ollama": Ollama,
}
"""Name of a format → what makes its reader."""

PROGRAMS: Mapping[str, str] = {
    "llama-server": "llama.cpp",
    "llama-cli": "llama.cpp",
    "llama-completion": "llama.cpp",
    "llama-simple": "llama.cpp",
    "llama-bench": "llama-bench",
    "llama_main": "executorch",
    "ollama": "ollama",
}
"""Program → the format that it prints without being asked."""

ON_BOTH = ("llama-bench", "executorch")
"""Formats that come on standard output too; the others are on standard error only, and output stays the program's own."""


def program(command: Sequence[str]) -> str | None:
    """Return the format that a command prints by itself, by its program's name; None where none is known."""
    name = PROGRAMS.get(PurePath(command[0]).name.removesuffix(".exe")) if command else None
    return None if name == "ollama" and "--verbose" not in command else name
