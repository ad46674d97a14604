"""An answer as it comes through a stream: its tokens by what the engine reports, else one for each id; pieces of text are not tokens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from powermeter.hooks.tokens.prefill_and_decode import WARM_S, loading, phases_of
from powermeter.hooks.tokens.reported_counts import Usage, has_text, is_begun
from powermeter.hooks.tokens.request import Request
from powermeter.marking.past_events import mark_past_here
from powermeter.marking.printed_lines import PrintedEvent


class Answer:
    """An answer while it comes: what was counted, and when.

    Args:
        started_ns: When the request was made.
        model: The model's name; found in the answer where empty.
        prompt: Prompt tokens that are processed, where the engine does not report them.
        count: Tokens of a piece: a number or a function of it; None where the engine reports them.
    """

    def __init__(
        self,
        started_ns: int,
        model: str = "",
        prompt: float | None = None,
        count: float | Callable[[Any], float] | None = None,
    ) -> None:
        self.usage = Usage(model=model)
        self._start_ns = started_ns
        self._prompt = prompt
        self._count = count
        self._counted = 0.0
        self._is_counted = True
        self._first_ns: int | None = None
        self._last_ns = started_ns
        self._is_over = False

    def take(self, piece: Any) -> None:
        """Take in a piece that has just come."""
        now = time.monotonic_ns()
        size = self._size(piece)
        if size is not None or isinstance(piece, (str, bytes)):
            if self._first_ns is None:
                self._first_ns = now
            self._last_ns = now
            if size is None:
                self._is_counted = False
            else:
                self._counted += size
            return
        self.usage.take(piece)
        if self._first_ns is None and is_begun(piece):
            self._first_ns = now
        if has_text(piece) or self._first_ns is None:
            self._last_ns = now

    def _size(self, piece: Any) -> float | None:
        """Return how many tokens a piece is; None where that is for the engine to report."""
        if self._count is not None:
            return float(self._count(piece) if callable(self._count) else self._count)
        if isinstance(piece, bool):
            return None
        if isinstance(piece, int):
            return 1.0
        if isinstance(piece, (list, tuple)):
            return float(len(piece)) if piece and all(isinstance(one, int) for one in piece) else None
        kind = str(getattr(piece, "dtype", ""))
        return float(piece.size if isinstance(piece.size, int) else piece.numel()) if "int" in kind else None

    def end(self, error: str = "") -> None:
        """Mark the phases, once."""
        if self._is_over:
            return
        self._is_over = True
        for one in self._found(error):
            mark_past_here(one.name, one.start_ns, one.end_ns, one.count, one.attributes)

    def whole(self, reply: Any) -> None:
        """Take in an answer that came as one: its first token was when its timings report it, if they do."""
        self._last_ns = time.monotonic_ns()
        self.usage.take(reply)
        made = self.usage.generated_s
        if made is not None and self.usage.prompt_s is not None:
            self._first_ns = max(self._last_ns - round(made * 1e9), self._start_ns)

    def _found(self, error: str) -> list[PrintedEvent]:
        usage = self.usage
        request = Request(self._start_ns, self._last_ns, first_ns=self._first_ns, model=usage.model)
        request.prompt = usage.prompt if self._prompt is None else self._prompt
        request.cached, request.generated = usage.cached, usage.generated
        request.drafted, request.accepted, request.error = usage.drafted, usage.accepted, error
        if request.generated is None and self._is_counted and self._counted:
            request.generated = self._counted
        found = []
        if usage.load_s is not None and usage.load_s > WARM_S:
            ready = self._start_ns + round(usage.load_s * 1e9)
            if self._first_ns is None or ready < self._first_ns:
                found.append(loading(self._start_ns, ready, usage.model, 0.01))
                request.prefill_ns = ready
        if usage.prompt_s is not None and self._first_ns is not None and usage.generated_s is not None:
            began = self._first_ns - round(usage.prompt_s * 1e9)
            request.prefill_ns = max(began, request.prefill_ns or self._start_ns)
        return [*found, *phases_of(request)]
