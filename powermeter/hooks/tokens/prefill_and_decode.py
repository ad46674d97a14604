"""The events of a request: prefill up to its first token and decode from there, or one where nobody reported that token."""

from __future__ import annotations

from itertools import count
from pathlib import PurePath
from typing import Any

from powermeter.analysis.tokens import measures as names
from powermeter.hooks.tokens.request import Request
from powermeter.marking.printed_lines import PrintedEvent

_numbers = count(1)
_LONGEST_NAME = 200
WARM_S = 0.2
"""A shorter load is looking up a model that is loaded already."""


def decode_steps(request: Request) -> float | None:
    """Return how many steps a decode has: a sequence's first token comes with the prefill; None where not counted."""
    return None if request.generated is None else max(request.generated - request.sequences, 0)


def phases_of(request: Request) -> list[PrintedEvent]:
    """Return the events that a request makes: prefill and decode, or the request as request."""
    common = {names.NUMBER: next(_numbers), names.DOUBT: request.doubt_s or None}
    attributes = _of_model(request.model)
    if request.error:
        attributes["error"] = request.error[:_LONGEST_NAME]
    prompt = {names.PROMPT: request.prompt, names.CACHED: request.cached}
    made = {
        names.GENERATED: request.generated,
        names.DRAFTED: request.drafted,
        names.ACCEPTED: request.accepted,
    }

    def phase(name: str, start: int, end: int, items: float | None, measures: dict[str, Any]) -> PrintedEvent:
        known = {names.PHASE: name} | common | measures
        kept = {key: value for key, value in known.items() if value is not None}
        return PrintedEvent(name, start, max(end, start), items, {**attributes, "@measures": kept})

    if request.first_ns is None:
        return [phase(names.REQUEST, request.start_ns, request.end_ns, request.generated, prompt | made)]
    begin = min(request.start_ns if request.prefill_ns is None else request.prefill_ns, request.first_ns)
    waited = max(begin - request.start_ns, 0) * 1e-9
    before = prompt | {names.FIRST: request.sequences, names.WAITED: waited or None}
    return [
        phase(names.PREFILL, begin, request.first_ns, request.prompt, before),
        phase(names.DECODE, request.first_ns, request.end_ns, decode_steps(request), made),
    ]


def loading(start_ns: int, end_ns: int, model: str = "", doubt_s: float = 0.0) -> PrintedEvent:
    """Return the event of a model's loading."""
    measures: dict[str, Any] = {names.PHASE: names.LOAD}
    if doubt_s:
        measures[names.DOUBT] = doubt_s
    attributes = _of_model(model)
    return PrintedEvent(names.LOAD, start_ns, max(end_ns, start_ns), 1, {**attributes, "@measures": measures})


def _of_model(name: str) -> dict[str, Any]:
    """Return the attribute that names a model; of a file's path its last part."""
    if name.startswith(("/", ".", "~")) or name.endswith(".gguf"):
        name = PurePath(name).name
    return {"model": name[:_LONGEST_NAME]} if name else {}
