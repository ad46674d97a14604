"""The units of SCI for AI that a run is divided by: counted in its events, or typed in.

A consumer's kind (`llm`, `image`, …) takes its unit from the table of the specification; a provider's is one of
FLOP, training token and parameter, with how it was counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.result import Result

from .footprint_options import FootprintOptions
from .sci_ai import CONSUMER_UNITS, PROVIDER_UNITS, AiScore, consumer, of_tokens, provider

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject


def ai_scores(wanted: FootprintOptions, found: Subject, carbon: Result) -> tuple[AiScore, ...]:
    """Return the carbon of a run in the units of SCI for AI.

    Args:
        wanted: Kind, units, boundary and period as typed.
        found: What was measured, with what its events counted.
        carbon: Operational and embodied, in g.

    Raises:
        ConfigurationError: The kind is not known, or its units were not counted.
    """
    kind = (wanted.ai or "llm").replace("-", "_")
    if kind not in CONSUMER_UNITS and kind not in PROVIDER_UNITS:
        raise ConfigurationError(f"--ai {wanted.ai}: no such kind; {nearest(kind, KINDS)}")
    boundary, period = _boundary(wanted, kind), wanted.whole_period
    if kind in PROVIDER_UNITS:
        units = wanted.units
        if units is None and kind == "training_token":
            units = wanted.tokens if wanted.tokens is not None else found.tokens
        if units is None:
            raise ConfigurationError(f"--ai {kind}: how many {PROVIDER_UNITS[kind]}s? use --units 2.5e9")
        if wanted.counted is None:
            raise ConfigurationError(
                f"--ai {kind}: state how the units were counted, for example --counted 'gross: all weights'"
            )
        return (provider(carbon, units, kind, wanted.counted, boundary=boundary, whole_period=period),)
    if wanted.counted is not None:
        raise ConfigurationError(f"--counted is for {', '.join(PROVIDER_UNITS)}; --ai {kind} is a consumer's")
    if CONSUMER_UNITS[kind] != "token":
        units = wanted.units if wanted.units is not None else found.items
        if not units:
            raise ConfigurationError(f"--ai {kind}: how many? use --label, --items or --units")
        return (consumer(carbon, units, kind, boundary=boundary, whole_period=period),)
    tokens = next((n for n in (wanted.tokens, wanted.units, found.tokens) if n is not None), None)
    prompt = wanted.prompt_tokens if wanted.prompt_tokens is not None else found.prompt_tokens
    if not tokens:
        raise ConfigurationError(
            f"--ai {kind}: how many tokens were generated? no event carries generated_tokens; use --tokens"
        )
    return of_tokens(carbon, tokens, prompt, boundary=boundary, whole_period=period)


KINDS = (*CONSUMER_UNITS, *PROVIDER_UNITS)


def _boundary(wanted: FootprintOptions, kind: str) -> tuple[str, ...]:
    if wanted.boundary is not None:
        return tuple(part.strip() for part in wanted.boundary.split(",") if part.strip())
    if kind in PROVIDER_UNITS:
        return ()
    return ("client devices",) if wanted.pue is None else ("inference servers",)
