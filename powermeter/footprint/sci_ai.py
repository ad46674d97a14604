"""Software Carbon Intensity for AI (Green Software Foundation, extends ISO/IEC 21031): who, per what, of what.

    consumer   C / R    operation and monitoring, per token, inference, image, page, second, character or run
    provider   C / R    inception, design, development and deployment, per FLOP, training token or 1e9 parameters

C holds everything inside the boundary in the period: idle, loading and failed requests too.  One
measured window is therefore not a score; it is printed as carbon of this run.  The draft's worked
examples contain errors of 1000 and 10 times: the arithmetic here is C / R and shows its numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.result import Result, plain
from powermeter.result.notes import Note

from .text import amount

CONSUMER_UNITS = {
    "llm": "token",
    "image": "image",
    "video": "second of video",
    "agent": "agent run",
    "ocr": "page",
    "inference": "inference",
    "translation": "character",
    "speech": "second of audio",
    "voice": "character",
}
PROVIDER_UNITS = {"flop": "FLOP", "training_token": "training token", "parameter": "parameter"}
SHOWN_PER = {"token": 1e6, "character": 1e6, "FLOP": 1e15, "training token": 1e9, "parameter": 1e9}
"""Units too small to print one by one: how many a printed figure is for."""
_MANY = {1e6: "million", 1e9: "billion", 1e15: "10^15"}

CONSUMER_BOUNDARY = (
    "inference servers",
    "gateways",
    "monitoring",
    "caches",
    "storage",
    "orchestration",
    "client devices",
)


@dataclass(frozen=True)
class AiScore:
    """Carbon of a period over what was done in it.

    Attributes:
        persona: `consumer` or `provider`.
        carbon: Operational and embodied g CO2e inside the boundary.
        units: How many of `unit` were done in the same period.
        unit: `token`, `inference`, `FLOP`, …
        boundary: What is inside, of the spec's list or in own words.
        whole_period: Whether C covers a whole period with its idle time; a benchmark's window does not.
        counted: How the units were counted (`gross` or `effective`, and why), asked of a provider.
        notes: What a reader must know.
        digits: Significant digits that the carbon deserves.
        of_next: Whether the carbon is that of as many further units, the warm-up of those measured left out.
    """

    persona: str
    carbon: Result
    units: float
    unit: str
    boundary: tuple[str, ...] = ()
    whole_period: bool = False
    counted: str = ""
    notes: tuple[Note, ...] = ()
    digits: int = 2
    of_next: bool = False

    @property
    def score(self) -> Result:
        """g CO2e per unit."""
        return self.carbon.scaled(1 / self.units)

    def per(self, many: float) -> Result:
        """Return g CO2e per that many units."""
        return self.carbon.scaled(many / self.units)

    def lines(self) -> list[str]:
        """Return the score with its disclosure."""
        many = SHOWN_PER.get(self.unit, 1.0)
        shown = self.per(many)
        of = self.unit if many == 1 else f"{_MANY[many]} {_plural(self.unit)}"
        what = f"mean carbon of further {_plural(self.unit)}" if self.of_next else "carbon of this run"
        name = "SCI for AI" if self.whole_period else f"{what}, in the units of SCI for AI"
        after = " after the warm-up" if self.of_next else ""
        span = f"{amount(shown.low, 'g', self.digits)} to {amount(shown.high, 'g', self.digits)}, 95 %"
        text = [
            f"{name} ({self.persona}): {amount(shown.value, 'g', self.digits)} per {of} ({span})",
            f"  = {amount(self.carbon.value, 'g', 4 if self.digits > 1 else 1)} / {self.units:,.10g} {_plural(self.unit)}{after}",
            f"  boundary: {', '.join(self.boundary) if self.boundary else 'as measured'}",
        ]
        if self.persona == "consumer":
            left = [part for part in CONSUMER_BOUNDARY if part not in self.boundary]
            if left:
                text.append(f"  the specification also counts, not in it here: {', '.join(left)}")
        if self.counted:
            text.append(f"  units counted: {self.counted}")
        if not self.whole_period:
            text.append("  a measured window, not a period with its idle time: not an SCI score")
        return [*text, *(f"  note: {note}" for note in self.notes)]

    def record(self) -> dict[str, Any]:
        """Return the same for JSON, unrounded."""
        return {
            "persona": self.persona,
            "unit": self.unit,
            "units": self.units,
            "score": plain(self.score),
            "is_score": self.whole_period,
            "boundary": list(self.boundary),
            "counted": self.counted or None,
            "notes": list(self.notes),
        }


def _plural(unit: str) -> str:
    head, of, rest = unit.partition(" of ")
    return f"{head}s{of}{rest}"


def _check(carbon: Result, units: float, unit: str) -> None:
    if carbon.unit != "g" or not carbon.value >= 0:
        raise ConfigurationError("SCI for AI: carbon in g CO2e must not be negative")
    if not 0 < units < 1e40:
        raise ConfigurationError(f"SCI for AI: {units:g} {_plural(unit)}: the number must be above zero")


def consumer(
    carbon: Result,
    units: float,
    kind: str = "llm",
    *,
    boundary: Sequence[str] = (),
    whole_period: bool = False,
) -> AiScore:
    """Return the consumer's score of a kind of system.

    Raises:
        ConfigurationError: The kind is not known, or the carbon or the units cannot be used.
    """
    if kind not in CONSUMER_UNITS:
        raise ConfigurationError(f"SCI for AI: no kind {kind!r}; {nearest(kind, CONSUMER_UNITS)}")
    unit = CONSUMER_UNITS[kind]
    _check(carbon, units, unit)
    return AiScore("consumer", carbon, units, unit, tuple(boundary), whole_period)


def of_tokens(
    carbon: Result,
    generated: float,
    prompt: float | None = None,
    *,
    boundary: Sequence[str] = (),
    whole_period: bool = False,
) -> tuple[AiScore, ...]:
    """Return the consumer's scores of a language model: per token processed, and per token generated.

    The specification divides by "tokens processed" and does not state whether prompt tokens are among
    them, so both quotients are returned where the prompt is known.

    Raises:
        ConfigurationError: The carbon or a number of tokens cannot be used.
    """
    per_generated = consumer(carbon, generated, "llm", boundary=boundary, whole_period=whole_period)
    one = replace(per_generated, notes=(Note.info("generated-only", "generated tokens only"),))
    if prompt is None:
        return (one,)
    if not 0 <= prompt < 1e40:
        raise ConfigurationError(f"SCI for AI: {prompt:g} prompt tokens cannot be counted")
    both = consumer(carbon, generated + prompt, "llm", boundary=boundary, whole_period=whole_period)
    return (replace(both, notes=(Note.info("prompt-and-generated", "prompt and generated tokens"),)), one)


def provider(
    carbon: Result,
    units: float,
    unit: str,
    counted: str,
    *,
    boundary: Sequence[str] = (),
    whole_period: bool = False,
) -> AiScore:
    """Return the provider's score.

    Args:
        carbon: All runs of the training, intermediate and abandoned ones too, in g.
        units: FLOP, training tokens, or parameters.
        unit: A key of `PROVIDER_UNITS`.
        counted: `gross: why` or `effective: why`, which the specification asks for.

    Raises:
        ConfigurationError: The unit is not one of three, or it is not stated how it was counted.
    """
    if unit not in PROVIDER_UNITS:
        raise ConfigurationError(f"SCI for AI: no provider unit {unit!r}; {nearest(unit, PROVIDER_UNITS)}")
    if not counted.startswith(("gross", "effective")):
        raise ConfigurationError(
            "SCI for AI: a provider states gross or effective units and why, for example 'gross: …'"
        )
    _check(carbon, units, PROVIDER_UNITS[unit])
    return AiScore("provider", carbon, units, PROVIDER_UNITS[unit], tuple(boundary), whole_period, counted)
