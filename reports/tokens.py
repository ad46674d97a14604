"""Language models in a report: a row for each phase of each model, and what there is to note besides; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from powermeter.analysis.tokens.table import ModelTokens, TokenPhase, TokenTable
from powermeter.errors import plural
from powermeter.footprint.sci_ai import of_tokens
from powermeter.result import Result, plain
from powermeter.units import format_count, format_number, format_percent

from . import wording
from .report_data import ReportData
from .wording import show

DASH = "–"
HEADS = (
    "model",
    "phase",
    "n",
    "tokens",
    "total",
    "per",
    "energy",
    "above idle",
    "tokens/s",
    "tokens/J",
    "time",
)


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One row.

    Attributes:
        model, phase: Whose, and which: `prefill`, `decode`, `first token`, `request`, `load`, `whole requests`, `by regression`.
        events: How many.
        tokens: Of the phase.
        total, each, net: In J: all, one, one above idle.
        per: What one is: `prompt token`, `generated token`, `request`, `load`.
        per_second: Tokens per second.
        per_joule: Tokens per joule.
        seconds: Mean time of one event.
    """

    model: str
    phase: str
    events: int | None
    tokens: float | None
    total: Result | None
    per: str
    each: Result | None
    net: Result | None = None
    per_second: float | None = None
    per_joule: Result | None = None
    seconds: float | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the texts under `HEADS`."""
        return (
            self.model,
            self.phase,
            DASH if self.events is None else f"{self.events:,}",
            format_count(self.tokens),
            show(self.total).text,
            self.per,
            show(self.each).text,
            show(self.net).text,
            format_number(self.per_second, 3) if self.per_second else DASH,
            DASH if self.per_joule is None else format_number(self.per_joule.value, 3),
            wording.seconds(self.seconds),
        )


def lines(table: TokenTable) -> list[TokenLine]:
    """Return the rows of all models."""
    return [line for model in table.models for line in _of(model)]


def _of(m: ModelTokens) -> Iterator[TokenLine]:
    name = m.model or DASH
    if m.load is not None or m.load_s is not None:
        yield TokenLine(name, "load", None, None, m.load, "load", m.load, seconds=m.load_s)
    if m.prefill is not None:
        yield _phase(name, "prefill", m.prefill, "prompt token")
        if m.first_token is not None or m.first_token_s is not None:
            yield TokenLine(
                name,
                "to first token",
                m.requests,
                None,
                None,
                "request",
                m.first_token,
                seconds=m.first_token_s,
            )
    if m.decode is not None:
        yield _phase(name, "decode", m.decode, "further token")
    if m.whole is not None:
        yield _phase(name, "request", m.whole, "generated token")
    if m.slopes is not None and m.slopes.prompt is not None:
        yield TokenLine(name, "by regression", m.requests, m.prompt, None, "prompt token", m.slopes.prompt)
        yield TokenLine(
            name, "by regression", m.requests, m.generated, None, "generated token", m.slopes.generated
        )
    if m.per_generated is not None and m.generated and m.whole is None:
        yield TokenLine(
            name, "whole requests", m.requests, m.generated, None, "generated token", m.per_generated
        )


def _phase(model: str, name: str, p: TokenPhase, per: str) -> TokenLine:
    rates = p.per_second, p.per_joule, p.seconds / p.events if p.events else None
    return TokenLine(model, name, p.events, p.tokens, p.energy, per, p.per_token, p.net_per_token, *rates)


def columns(rows: Sequence[TokenLine]) -> tuple[int, ...]:
    """Return which of `HEADS` hold anything."""
    cells = [row.cells() for row in rows]
    return tuple(i for i in range(len(HEADS)) if i < 2 or any(row[i] not in ("", DASH) for row in cells))


def sentences(data: ReportData) -> list[str]:
    """Return what belongs to the table in words."""
    table = data.tokens
    assert table is not None
    found = [
        f"gross energy of {table.rail} ({table.covers}); one request's first token comes with its prefill"
    ]
    if table.idle is not None:
        power = f"{show(table.idle.power).text}, {table.idle.origin}"
        found.append(f"above idle: less {power}")
    for m in table.models:
        words = []
        if m.cached:
            words.append(f"{format_count(m.cached)} prompt tokens came from a cache and are not counted")
        if m.drafted is not None:
            share = f" ({format_percent(m.acceptance)} accepted)" if m.acceptance is not None else ""
            words.append(
                f"{plural(m.drafted, 'token was', 'tokens were')} drafted{share}; what they cost is in the decode"
            )
        if m.slopes is not None and m.slopes.why:
            words.append(f"no energy per prompt token apart: {m.slopes.why}")
        name = f"{m.model}: " if m.model and len(table.models) > 1 else ""
        found += [f"{name}{text}" for text in (*words, *m.notes)]
    if table.run_per_generated is not None:
        found.append(
            f"the whole run, idle and loading included: {show(table.run_per_generated).text} per generated token"
        )
    found += table.notes
    holds = data.tokens_per_charge
    if holds is not None:
        found.append(
            f"a charge of {data.battery_name} holds {show(holds).text} generated tokens, of requests like these"
        )
    found += carbon_lines(data)
    return found


def carbon_lines(data: ReportData) -> list[str]:
    """Return the carbon per token of the run in the units of SCI for AI, without the disclosure that `footprint` prints."""
    table, whole = data.tokens, data.footprint
    if table is None or whole is None or not table.generated or not whole.carbon.value >= 0:
        return []
    digits = whole.digits("carbon")
    scores = [
        replace(score, digits=digits) for score in of_tokens(whole.carbon, table.generated, table.prompt)
    ]
    found = [f"{score.lines()[0]}: {score.notes[0]}" for score in scores]
    return [
        *found,
        "not an SCI score: a measured window, not a period with all that SCI counts (powermeter footprint --ai llm)",
    ]


def record(table: TokenTable) -> dict[str, Any]:
    """Return all of it as plain values: SI, unrounded."""
    return {
        "rail": table.rail,
        "covers": table.covers,
        "idle": None
        if table.idle is None
        else {"power": plain(table.idle.power), "origin": table.idle.origin},
        "run_per_generated_token": plain(table.run_per_generated),
        "prompt_tokens": table.prompt,
        "generated_tokens": table.generated,
        "models": [_model(m) for m in table.models],
        "notes": list(table.notes),
    }


def _model(m: ModelTokens) -> dict[str, Any]:
    return {
        "model": m.model or None,
        "requests": m.requests,
        "prompt_tokens": m.prompt,
        "cached_tokens": m.cached,
        "generated_tokens": m.generated,
        "drafted_tokens": m.drafted,
        "accepted_tokens": m.accepted,
        "acceptance": m.acceptance,
        "prefill": _plain_phase(m.prefill),
        "decode": _plain_phase(m.decode),
        "request": _plain_phase(m.whole),
        "regression": None
        if m.slopes is None
        else {
            "per_prompt_token": plain(m.slopes.prompt),
            "per_generated_token": plain(m.slopes.generated),
            "per_request": plain(m.slopes.fixed),
            "why_not": m.slopes.why or None,
        },
        "to_first_token": plain(m.first_token),
        "to_first_token_s": m.first_token_s,
        "load": plain(m.load),
        "load_s": m.load_s,
        "requests_per_generated_token": plain(m.per_generated),
        "notes": list(m.notes),
    }


def _plain_phase(p: TokenPhase | None) -> dict[str, Any] | None:
    if p is None:
        return None
    return {
        "events": p.events,
        "tokens": p.tokens,
        "seconds": p.seconds,
        "energy": plain(p.energy),
        "per_token": plain(p.per_token),
        "above_idle_per_token": plain(p.net_per_token),
        "tokens_per_second": p.per_second,
        "tokens_per_joule": plain(p.per_joule),
        "without_a_count": p.uncounted,
    }


def table(data: ReportData) -> Mapping[str, list[Any]]:
    """Return the rows as a table of plain columns, SI unit last."""
    rows = lines(data.tokens) if data.tokens is not None else []

    def ends(name: str, unit: str, of: list[Result | None]) -> dict[str, list[Any]]:
        return {
            f"{name}_{unit}": [r.value if r else None for r in of],
            f"{name}_low_{unit}": [r.low if r else None for r in of],
            f"{name}_high_{unit}": [r.high if r else None for r in of],
        }

    return {
        "model": [row.model if row.model != DASH else None for row in rows],
        "phase": [row.phase for row in rows],
        "events": [row.events for row in rows],
        "tokens": [row.tokens for row in rows],
        "per": [row.per for row in rows],
        **ends("energy", "j", [row.total for row in rows]),
        **ends("energy_per_unit", "j", [row.each for row in rows]),
        **ends("above_idle_per_unit", "j", [row.net for row in rows]),
        "tokens_per_second": [row.per_second for row in rows],
        "tokens_per_joule": [row.per_joule.value if row.per_joule else None for row in rows],
        "mean_time_s": [row.seconds for row in rows],
        "grade": [row.each.grade.value if row.each else None for row in rows],
    }
