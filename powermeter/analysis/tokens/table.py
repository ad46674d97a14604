"""What language models used per token: a table of models and phases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from powermeter.analysis.above_baseline import Baseline
from powermeter.analysis.tokens.slopes import Slopes
from powermeter.result import Result
from powermeter.result.notes import Note


@dataclass(frozen=True, slots=True, eq=False)
class TokenPhase:
    """One phase over all requests of a model; None where not known.

    Attributes:
        events: How many of it.
        tokens: Prompt tokens processed, decode steps, or generated tokens of undivided requests.
        seconds: Sum of the phases' lengths.
        energy: Of all, in J.
        per_token: What a further token uses on average, in J.
        net_per_token: The same above idle.
        uncounted: How many of the events did not report their tokens; they are not in `tokens` nor `per_token`.
    """

    events: int
    tokens: float | None
    seconds: float
    energy: Result | None
    per_token: Result | None
    net_per_token: Result | None
    uncounted: int = 0

    @property
    def per_second(self) -> float | None:
        """Tokens per second of the phase."""
        return self.tokens / self.seconds if self.tokens and self.seconds and not self.uncounted else None

    @property
    def per_joule(self) -> Result | None:
        """Tokens per joule."""
        return None if self.per_token is None else inverse(self.per_token)


@dataclass(frozen=True, slots=True, eq=False)
class ModelTokens:
    """What one model did and used; None where not known.

    Attributes:
        model: Its name; empty where none was reported.
        requests: How many.
        prompt, cached: Prompt tokens that were processed, and that came from a cache.
        generated: Tokens, first ones included; `drafted` by a draft model, of them `accepted`.
        prefill, decode: The two phases; `whole` are requests of which nobody noted when their first token was.
        slopes: What those cost per prompt and per generated token, by regression.
        first_token: Energy from a request to its first token, mean, in J; `first_token_s` is the time.
        load: Energy of loading in J, and how long that took in s.
        per_generated: Energy of the requests, prefill included, over all generated tokens, in J.
        notes: What a reader must know.
    """

    model: str
    requests: int
    prompt: float | None
    cached: float | None
    generated: float | None
    drafted: float | None
    accepted: float | None
    prefill: TokenPhase | None
    decode: TokenPhase | None
    whole: TokenPhase | None
    slopes: Slopes | None
    first_token: Result | None
    first_token_s: float | None
    load: Result | None
    load_s: float | None
    per_generated: Result | None
    notes: tuple[Note, ...] = ()

    @property
    def acceptance(self) -> float | None:
        """Accepted over drafted tokens."""
        return self.accepted / self.drafted if self.accepted is not None and self.drafted else None


@dataclass(frozen=True, slots=True, eq=False)
class TokenTable:
    """The language models of a recording.

    Attributes:
        models: One entry each, in order of first appearance.
        rail: The counted rail, and what it covers.
        idle: Power between the requests with the model loaded, or None.
        run_per_generated: The whole run's energy, idle and loading included, over all generated tokens, in J.
        prompt, generated: Of all models.
        notes: What a reader must know.
    """

    models: tuple[ModelTokens, ...]
    rail: str
    covers: str
    idle: Baseline | None
    run_per_generated: Result | None
    prompt: float | None
    generated: float | None
    notes: tuple[Note, ...]


def inverse(result: Result) -> Result | None:
    """Return one over a result; None where it is not above zero."""
    if result.value <= 0:
        return None
    factor = 1 / result.value**2
    parts: dict[str, Any] = {name: -part * factor for name, part in result.parts.items()}
    low = 1 / result.high if math.isfinite(result.high) else 0.0
    high = 1 / result.low if result.low > 0 else math.inf
    return Result(1 / result.value, "1/J", low, high, result.grade, parts)
