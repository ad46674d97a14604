"""`watch(og.Generator(...))`: ONNX Runtime GenAI's prefill and decode are events.

`append_tokens` computes the prompt; the first `generate_next_token` only samples the first token, each further one is a step.
"""

from __future__ import annotations

import time
from typing import Any

from powermeter.hooks.calls import Watch
from powermeter.hooks.tokens.prefill_and_decode import phases_of
from powermeter.hooks.tokens.request import Request
from powermeter.marking.past_events import mark_past_here


class WatchedGenerator:
    """A generator whose phases are marked once it is done, rewound, closed or given up."""

    def __init__(self, generator: Any, wanted: Watch) -> None:
        self._generator = generator
        self._wanted = wanted
        self._request: Request | None = None
        self._made = 0

    def append_tokens(self, tokens: Any) -> Any:
        """Compute a prompt."""
        self._mark()
        shape = tuple(getattr(tokens, "shape", ()))
        size = int(shape[0] * shape[1]) if len(shape) == 2 else len(tokens)
        self._request = Request(time.monotonic_ns(), 0, model=self._wanted.name or "", prompt=size)
        self._request.sequences = int(shape[0]) if len(shape) == 2 else 1
        return self._generator.append_tokens(tokens)

    def generate_next_token(self) -> Any:
        """Make a step."""
        result = self._generator.generate_next_token()
        if self._request is not None:
            self._request.end_ns = time.monotonic_ns()
            self._made += self._request.sequences
            if self._request.first_ns is None:
                self._request.first_ns = self._request.end_ns
        return result

    def is_done(self) -> bool:
        """Return whether it has come to an end, which is marked."""
        done = bool(self._generator.is_done())
        if done:
            self._mark()
        return done

    def rewind_to(self, length: int) -> Any:
        """Forget the tokens after a length."""
        self._mark()
        return self._generator.rewind_to(length)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def __del__(self) -> None:
        self._mark()

    def _mark(self) -> None:
        request, self._request = self._request, None
        made, self._made = self._made, 0
        if request is None or request.first_ns is None:
            return
        request.generated = made
        for one in phases_of(request):
            extra = {**one.attributes, **self._wanted.attributes}
            mark_past_here(one.name, one.start_ns, one.end_ns, one.count, extra)


def watch(generator: Any, wanted: Watch) -> Any:
    """Return the generator, whose phases are marked."""
    if not hasattr(generator, "generate_next_token"):
        return generator  # a model or a tokenizer: nothing of it lasts
    return WatchedGenerator(generator, wanted)
