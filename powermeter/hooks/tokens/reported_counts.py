"""What engines report of an answer, in their own names (`usage`, `timings`): counts of tokens, and how long its phases took.

llama.cpp     `timings`: prompt_n, cache_n, predicted_n, prompt_ms, predicted_ms, draft_n, draft_n_accepted
OpenAI-like   `usage`: prompt_tokens with those from the cache inside, completion_tokens
Anthropic     `usage`: input_tokens without those from the cache, output_tokens
Ollama        prompt_eval_count, eval_count, durations in ns; fields of 0 are left out
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST = 1e9
"""A count or a duration in s above this is not believed."""
_DONE = ("content", "reasoning_content", "text", "tool_calls", "thinking", "response", "refusal")


@dataclass(slots=True)
class Usage:
    """What was reported so far; None where nothing was.

    Attributes:
        prompt: Prompt tokens that were processed, as far as known; `cached` more were not.
        generated: Tokens, the first included.
        prompt_s, generated_s: From the begin of the prefill to the first token, and from there to the last.
        load_s: Loading before.
    """

    model: str = ""
    prompt: float | None = None
    cached: float | None = None
    generated: float | None = None
    drafted: float | None = None
    accepted: float | None = None
    prompt_s: float | None = None
    generated_s: float | None = None
    load_s: float | None = None

    @property
    def is_counted(self) -> bool:
        """Whether tokens were counted."""
        return self.generated is not None

    def take(self, piece: Any) -> None:
        """Take in one piece of an answer: a mapping, or an object with such attributes."""
        model = field(piece, "model")
        if isinstance(model, str) and model and not self.model:
            self.model = model
        usage = field(piece, "usage")
        if usage is None:
            usage = field(field(piece, "message"), "usage")  # Anthropic's first event
        if usage is None:
            usage = field(field(piece, "response"), "usage")  # the last event of OpenAI's responses
        if usage is not None and not isinstance(usage, (str, int, float)):
            self._take_usage(usage)
        timings = field(piece, "timings")
        if timings is not None:
            self._take_timings(timings)
        elif number(piece, "tokens_predicted") is not None and field(piece, "stop") is not False:
            self._keep("generated", number(piece, "tokens_predicted"))
        if field(piece, "done") is True or number(piece, "eval_count") is not None:
            self._take_ollama(piece)

    def _keep(self, name: str, value: float | None) -> None:
        if value is not None:
            setattr(self, name, value)

    def _take_usage(self, usage: Any) -> None:
        whole = number(usage, "prompt_tokens")
        cached = number(field(usage, "prompt_tokens_details"), "cached_tokens")
        if whole is None:
            whole = number(usage, "input_tokens")
            cached = number(field(usage, "input_tokens_details"), "cached_tokens")
            apart = number(usage, "cache_read_input_tokens")
            if apart is not None:
                cached = apart
                whole = None if whole is None else whole + apart
        if whole is not None:
            self.prompt = whole if cached is None else max(whole - cached, 0)
        self._keep("cached", cached)
        generated = number(usage, "completion_tokens")
        self._keep("generated", number(usage, "output_tokens") if generated is None else generated)
        details = field(usage, "completion_tokens_details")
        accepted = number(details, "accepted_prediction_tokens")
        rejected = number(details, "rejected_prediction_tokens")
        if accepted is not None and rejected is not None and accepted + rejected:
            self.accepted, self.drafted = accepted, accepted + rejected

    def _take_timings(self, timings: Any) -> None:
        self._keep("prompt", number(timings, "prompt_n"))
        self._keep("cached", number(timings, "cache_n"))
        self._keep("generated", number(timings, "predicted_n"))
        self._keep("drafted", number(timings, "draft_n"))
        self._keep("accepted", number(timings, "draft_n_accepted"))
        self._keep("prompt_s", _scaled(number(timings, "prompt_ms"), 1e-3))
        self._keep("generated_s", _scaled(number(timings, "predicted_ms"), 1e-3))

    def _take_ollama(self, piece: Any) -> None:
        generated = number(piece, "eval_count")
        if generated is None and number(piece, "total_duration") is None:
            return
        self._keep("generated", generated or 0.0)
        prompt, cached = number(piece, "prompt_eval_count"), number(piece, "prompt_eval_cached_count")
        if (
            prompt is not None and cached is not None
        ):  # the first counts the whole prompt, its duration what is not cached
            prompt = max(prompt - cached, 0.0)
        self._keep("prompt", prompt)
        self._keep("cached", cached)
        for name, key in (
            ("prompt_s", "prompt_eval_duration"),
            ("generated_s", "eval_duration"),
            ("load_s", "load_duration"),
        ):
            self._keep(name, _scaled(number(piece, key, MOST * 1e9), 1e-9))


def has_text(piece: Any) -> bool:
    """Return whether a piece of an answer holds some of what was generated."""
    if _filled(piece, ("content", "text", "thinking")):
        return True
    if isinstance(field(piece, "response"), str):
        return bool(field(piece, "response"))
    choices = field(piece, "choices")
    if isinstance(choices, (list, tuple)):
        return any(
            _filled(choice, ("text",))
            or _filled(field(choice, "delta"), _DONE)
            or _filled(field(choice, "message"), _DONE)
            for choice in choices[:64]
        )
    kind = field(piece, "type")
    if isinstance(kind, str) and kind.endswith(("delta", "content_block_delta")):
        return True
    return _filled(field(piece, "message"), _DONE)


def is_begun(piece: Any) -> bool:
    """Return whether a piece shows that the first token is there: llama.cpp sends a role with it, before any text."""
    if field(piece, "prompt_progress") is not None:
        return False
    return has_text(piece) or (
        isinstance(field(piece, "choices"), (list, tuple)) and bool(field(piece, "choices"))
    )


def field(piece: Any, name: str) -> Any:
    """Return a value of a mapping or an attribute of an object; None where there is none."""
    if isinstance(piece, Mapping):
        return piece.get(name)
    if piece is None or isinstance(piece, (str, bytes, int, float, list, tuple)):
        return None
    try:
        return getattr(piece, name, None)
    except Exception:  # noqa: BLE001 – somebody else's object
        return None


def number(piece: Any, name: str, most: float = MOST) -> float | None:
    """Return a number that is not negative; None for anything else."""
    value = field(piece, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= most else None


def _filled(piece: Any, keys: tuple[str, ...]) -> bool:
    return any(bool(value) and isinstance(value, (str, list)) for key in keys if (value := field(piece, key)))


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
