"""One request to a language model as it was observed: its moments and what was counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Request:
    """A request; times in monotonic ns, counts None where not known.

    Attributes:
        start_ns: It was accepted.
        end_ns: Its last token was there.
        prefill_ns: Its prompt began to be processed; as `start_ns` where None.
        first_ns: Its first token was there; None where nobody reported it.
        model: The model's name; empty where not known.
        prompt: Prompt tokens that were processed; `cached` more were not.
        generated: Tokens, the first included.
        drafted, accepted: Of a draft model.
        sequences: How many answers are made at the same time.
        doubt_s: How far the edges may be off.
        error: What ended it early; empty where nothing did.
    """

    start_ns: int
    end_ns: int
    prefill_ns: int | None = None
    first_ns: int | None = None
    model: str = ""
    prompt: float | None = None
    cached: float | None = None
    generated: float | None = None
    drafted: float | None = None
    accepted: float | None = None
    sequences: int = 1
    doubt_s: float = 0.0
    error: str = ""
