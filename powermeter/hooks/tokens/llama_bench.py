"""llama-bench: its progress lines are when, its results are what.

`--progress` prints a line just before each run; a result (`-o jsonl`, `json`, or a row of the table) names the test's tokens when its
runs are over.  A test of the prompt is prefill; one of generation is decode, whose steps are all counted: it has no first token.
"""

from __future__ import annotations

import json
import re
from typing import Any

from powermeter.analysis.tokens import measures as names
from powermeter.hooks.tokens.reported_counts import number
from powermeter.marking.printed_lines import PrintedEvent

_RUN = re.compile(r"llama-bench: benchmark \d+/\d+: (?P<what>[a-z ]+?)(?: run)? (?P<r>\d+)/(?P<of>\d+)")
_ANY = re.compile(r"llama-bench: benchmark \d+/\d+: ")
_TEST = re.compile(r"^\|.*\|\s*(?P<test>(?:pp\d+)?\+?(?:tg\d+)?)(?: @ d\d+)?\s*\|[^|]*\|\s*$")
_MOST_RUNS = 10_000
_MOST_TEXT = 1 << 20
_MOST_TOKENS = 1e9


class LlamaBench:
    """Pairs the runs with the result that follows them."""

    def __init__(self) -> None:
        self._runs: list[tuple[str, int]] = []
        self._object = ""

    def __call__(self, line: str, at_ns: int, offset_ns: int) -> list[PrintedEvent]:
        """Return the events of a test with the line of its result."""
        if _ANY.search(line):
            match = _RUN.search(line)
            what = match["what"].strip() if match and "warmup" not in line else ""
            kind = {"prompt": names.PREFILL, "generation": names.DECODE}.get(what, "")
            if len(self._runs) < _MOST_RUNS:
                self._runs.append((kind, at_ns))
            return []
        text = line.strip()
        if text.startswith("|"):
            return self._row(text, at_ns)
        return self._json(text, at_ns)

    def flush(self) -> list[PrintedEvent]:
        """Return nothing: runs without a result are not known to have ended."""
        return []

    def _row(self, text: str, at_ns: int) -> list[PrintedEvent]:
        match = _TEST.match(text)
        if match is None or not match["test"]:
            return []
        counts = {kind: float(n) for kind, n in re.findall(r"(pp|tg)(\d{1,9})", match["test"])}
        model = text.strip("|").split("|")[0].strip()
        return self._events(counts.get("pp", 0.0), counts.get("tg", 0.0), [], model, at_ns)

    def _json(self, text: str, at_ns: int) -> list[PrintedEvent]:
        if text.startswith("{"):
            self._object = ""
        elif not self._object:
            return []
        if len(self._object) < _MOST_TEXT:
            self._object += text
        if not text.endswith(("}", "},")):
            return []
        try:
            values = json.loads(self._object.rstrip(","))
        except (ValueError, RecursionError):
            return []
        self._object = ""
        prompt, made = number(values, "n_prompt", _MOST_TOKENS), number(values, "n_gen", _MOST_TOKENS)
        if prompt is None or made is None:
            return []
        lengths = values.get("samples_ns")
        lengths = [n for n in lengths if isinstance(n, int) and n > 0] if isinstance(lengths, list) else []
        model = str(values.get("model_filename") or values.get("model_type") or "").rpartition("/")[2]
        return self._events(prompt, made, lengths, model, at_ns)

    def _events(
        self, prompt: float, made: float, lengths: list[int], model: str, at_ns: int
    ) -> list[PrintedEvent]:
        """Return the events of the runs so far; a run ends where the next line begins, or by its own length."""
        runs, self._runs = self._runs, []
        found: list[PrintedEvent] = []
        wanted = {names.PREFILL: prompt, names.DECODE: made}
        sample = 0
        begun = 0
        for i, (kind, start) in enumerate(runs):
            if not kind or not wanted[kind]:
                continue
            last_of_sample = kind == names.DECODE or not made
            begun = start if kind == names.PREFILL or not prompt else begun
            end = runs[i + 1][1] if i + 1 < len(runs) else at_ns
            if last_of_sample:
                if sample < len(lengths):
                    end = max(min(begun + lengths[sample], end), start)
                sample += 1
            found.append(_event(kind, start, end, wanted[kind], sample, model))
        return found


def _event(kind: str, start: int, end: int, count: float, sample: int, model: str) -> PrintedEvent:
    measures: dict[str, Any] = {names.PHASE: kind, names.DOUBT: 0.001}
    measures[names.PROMPT if kind == names.PREFILL else names.GENERATED] = count
    attributes = {"model": model[:200]} if model else {}
    return PrintedEvent(kind, start, end, count, {**attributes, "@measures": measures})
