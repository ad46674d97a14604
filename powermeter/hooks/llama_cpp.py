"""`watch(Llama(...))`: the prefill and decode of each answer of llama-cpp-python are events.

Its `generate` is what all other calls go through: it evaluates what the prompt cache does not hold, then returns a token a step.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from powermeter.hooks.calls import Watch
from powermeter.hooks.tokens.prefill_and_decode import phases_of
from powermeter.hooks.tokens.request import Request
from powermeter.marking import span as spans
from powermeter.marking.past_events import mark_past_here


def watch(model: Any, wanted: Watch) -> Any:
    """Return the model, whose answers are marked from now on."""
    counted = _Evaluated(model.eval)
    model.eval = counted
    name = wanted.name or PurePath(str(getattr(model, "model_path", ""))).name
    generate = model.generate

    def marked(tokens: Any, *args: Any, **options: Any) -> Iterator[int]:
        if spans.attached() is None:
            yield from generate(tokens, *args, **options)
            return
        asked = len(tokens)
        counted.tokens = 0
        request = Request(time.monotonic_ns(), 0, model=name)
        made = 0
        stream = generate(tokens, *args, **options)
        sent = None
        try:
            while True:
                try:
                    token = next(stream) if sent is None else stream.send(sent)
                except StopIteration:
                    return
                request.end_ns = time.monotonic_ns()
                made += 1
                if request.first_ns is None:
                    request.first_ns = request.end_ns
                    request.prompt = counted.tokens
                    request.cached = max(asked - counted.tokens, 0)
                sent = yield token
        except Exception as error:
            request.error = type(error).__name__
            raise
        finally:
            stream.close()
            if request.first_ns is not None:
                request.generated = made
                for one in phases_of(request):
                    extra = {**one.attributes, **wanted.attributes}
                    mark_past_here(one.name, one.start_ns, one.end_ns, one.count, extra)

    model.generate = marked
    return model


class _Evaluated:
    """Counts the tokens that are evaluated."""

    def __init__(self, evaluate: Any) -> None:
        self._evaluate = evaluate
        self.tokens = 0

    def __call__(self, tokens: Any) -> Any:
        """Evaluate them."""
        self.tokens += len(tokens)
        return self._evaluate(tokens)
