"""`TokenStreamer`: what `transformers`' `generate(streamer=…)` hands its tokens to, so that prefill and decode are events.

The first that comes is the prompt, before it is processed; each further one is a step's tokens, of all sequences; then the end.
"""

from __future__ import annotations

import time
from typing import Any

from powermeter.hooks.tokens.prefill_and_decode import phases_of
from powermeter.hooks.tokens.request import Request
from powermeter.marking import span as spans
from powermeter.marking.past_events import mark_past_here


class TokenStreamer:
    """Marks the phases of each `generate`; it can be used again.

    ::

        model.generate(**inputs, streamer=powermeter.TokenStreamer(model=name))

    Args:
        model: The model's name.
        streamer: Another streamer that is to have the tokens too.
    """

    def __init__(self, model: str = "", streamer: Any = None) -> None:
        self._model = model
        self._next = streamer
        self._clear()

    def _clear(self) -> None:
        self._start_ns: int | None = None
        self._first_ns = self._last_ns = 0
        self._prompt: int | None = None
        self._sequences = 1
        self._generated = 0

    def put(self, value: Any) -> None:
        """Take the prompt's ids, or those of a step."""
        now = time.monotonic_ns()
        if self._start_ns is None:
            self._prompt = _size(value)
            shape = tuple(getattr(value, "shape", ()))
            self._sequences = int(shape[0]) if len(shape) > 1 else 1
            self._start_ns = now
        else:
            if not self._generated:
                self._first_ns = now
            self._last_ns = now
            self._generated += _size(value)
        if self._next is not None:
            self._next.put(value)

    def end(self) -> None:
        """Mark what was generated."""
        if self._start_ns is not None and self._generated and spans.attached() is not None:
            request = Request(self._start_ns, self._last_ns, first_ns=self._first_ns, model=self._model)
            request.prompt, request.generated, request.sequences = (
                self._prompt,
                self._generated,
                self._sequences,
            )
            for one in phases_of(request):
                mark_past_here(one.name, one.start_ns, one.end_ns, one.count, one.attributes)
        self._clear()
        if self._next is not None:
            self._next.end()


def _size(value: Any) -> int:
    """Return how many ids a tensor, an array or a list holds; 1 for a number."""
    number = getattr(value, "numel", None)
    if callable(number):
        return int(number())
    size = getattr(value, "size", None)
    if isinstance(size, int):
        return size
    try:
        return len(value)
    except TypeError:
        return 1
