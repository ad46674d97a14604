"""One request to a language model: when its phases were, what was counted, and the events that this makes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import PurePath
from typing import Any

from powermeter.analysis.tokens import measures as names
from powermeter.marking.printed import PrintedEvent

_numbers = count(1)
_LONGEST_NAME = 200


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

    @property
    def steps(self) -> float | None:
        """Decode steps: a sequence's first token comes with the prefill."""
        return None if self.generated is None else max(self.generated - self.sequences, 0)

    def found(self) -> list[PrintedEvent]:
        """Return the events that it makes."""
        number = next(_numbers)
        attributes = _of_model(self.model)
        if self.error:
            attributes["error"] = self.error[:_LONGEST_NAME]
        prompt = {names.PROMPT: self.prompt, names.CACHED: self.cached}
        made = {names.GENERATED: self.generated, names.DRAFTED: self.drafted, names.ACCEPTED: self.accepted}
        common = {names.NUMBER: number, names.DOUBT: self.doubt_s or None}

        def phase(
            name: str, start: int, end: int, items: float | None, measures: dict[str, Any]
        ) -> PrintedEvent:
            kept = {
                key: value
                for key, value in ({names.PHASE: name} | common | measures).items()
                if value is not None
            }
            return PrintedEvent(name, start, max(end, start), items, {**attributes, "@measures": kept})

        if self.first_ns is None:
            return [phase(names.REQUEST, self.start_ns, self.end_ns, self.generated, prompt | made)]
        begin = min(self.start_ns if self.prefill_ns is None else self.prefill_ns, self.first_ns)
        waited = max(begin - self.start_ns, 0) * 1e-9
        before = prompt | {names.FIRST: self.sequences, names.WAITED: waited or None}
        return [
            phase(names.PREFILL, begin, self.first_ns, self.prompt, before),
            phase(names.DECODE, self.first_ns, self.end_ns, self.steps, made),
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
