"""What the phases of a language model used: per prompt token, per generated token, to the first token, loading, idle.

Every quotient is one of sums over whole requests.  A prefill is divided by the prompt tokens that were processed, those from a cache
not counted; a decode by its steps, since a request's first token comes with the prefill.  docs/tokens.md has the definitions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.above_baseline import Baseline
from powermeter.analysis.energy import Analysis
from powermeter.analysis.event_energies import measure
from powermeter.analysis.label_row import LabelRow, RowName, row
from powermeter.analysis.shares_of_overlapping import shares
from powermeter.analysis.student_t import student_95
from powermeter.analysis.tokens import measures as names
from powermeter.analysis.tokens.idle import power_of, stretches
from powermeter.analysis.tokens.slopes import slopes
from powermeter.analysis.tokens.table import ModelTokens, TokenPhase, TokenTable
from powermeter.errors import plural
from powermeter.events import Event
from powermeter.result import COVERAGE_95, Grade, Result, combine, worst
from powermeter.result.notes import Note

Indices = NDArray[np.int64]

_FEW_READINGS = 10
"""A phase with fewer readings in it, as a median, is graded estimated."""


def token_table(analysis: Analysis) -> TokenTable | None:
    """Return what language models used; None where no event is of one."""
    events = analysis.events
    carrying = events.having("measures")
    index = [
        i for i, event in zip(carrying.tolist(), events.at(carrying), strict=True) if names.is_of_model(event)
    ]
    if not index:
        return None
    found = _Gathering(analysis)
    by_model: dict[str, list[int]] = {}
    for i in index:
        by_model.setdefault(str(events[i].attributes.get("model") or ""), []).append(i)
    if len(by_model) == 2 and "" in by_model:  # a load, or a cut-off answer, whose line did not name it
        by_model[next(name for name in by_model if name)] += by_model.pop("")
    models = tuple(found.model(name, sorted(own)) for name, own in by_model.items())
    generated = _sum([one.generated for one in models])
    notes: list[Note] = []
    if found.base is None:
        text = "net figures need idle time with the model loaded: leave some seconds between requests, or use --baseline"
        notes.append(Note.withheld("no-idle", text))
    if found.in_flight > 1:
        text = (
            f"up to {plural(found.in_flight, 'request')} ran at a time: each instant's power is divided equally among them; "
            "tokens/J counts these parts, tokens/s the pace of one request"
        )
        notes.append(Note.info("requests-overlap", text))
    return TokenTable(
        models,
        analysis.line.rail.name,
        analysis.covers,
        found.base,
        analysis.energy.scaled(1 / generated) if generated else None,
        _sum([one.prompt for one in models]),
        generated,
        tuple(notes),
    )


class _Gathering:
    """Rows of an analysis' events, by phase and model."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.events = analysis.events
        self.energies = analysis.energies
        starts, ends = self.energies.start_ns, self.energies.end_ns
        self.shares = shares(analysis.integral, self.events, starts, ends)
        self.base = analysis.baseline or self._idle()
        self.in_flight = self._most_in_flight()

    def model(self, name: str, index: Sequence[int]) -> ModelTokens:
        """Return what one model used."""
        of = {
            phase: np.array([i for i in index if self.events[i].measures[names.PHASE] == phase], np.int64)
            for phase in (names.LOAD, names.PREFILL, names.DECODE, names.REQUEST)
        }
        notes: list[Note] = []
        prefill, decode = self.phase(names.PREFILL, of, notes), self.phase(names.DECODE, of, notes)
        whole = self.phase(names.REQUEST, of, notes)
        every = [self.events[i] for i in index]
        made = _counted(every, of, self.events)
        load = self._row(names.LOAD, of[names.LOAD]) if of[names.LOAD].size else None
        first, first_s = self._first_token(of[names.PREFILL], prefill)
        cached = names.total(every, names.CACHED)
        reported = sum(1 for e in every if names.CACHED in e.measures)
        requests = int(of[names.PREFILL].size + of[names.REQUEST].size) or int(of[names.DECODE].size)
        if 0 < reported < requests or (cached is None and requests > 1):
            text = "how many prompt tokens came from a cache is not known: they count as processed"
            notes.append(Note.warning("cache-unknown", text))
        return ModelTokens(
            model=name,
            requests=requests,
            prompt=names.total(every, names.PROMPT),
            cached=cached,
            generated=made,
            drafted=names.total(every, names.DRAFTED),
            accepted=names.total(every, names.ACCEPTED),
            prefill=prefill,
            decode=decode,
            whole=whole,
            slopes=slopes(self.analysis, of[names.REQUEST], self.base) if of[names.REQUEST].size else None,
            first_token=first,
            first_token_s=first_s,
            load=load.energy if load is not None else None,
            load_s=load.seconds if load is not None else None,
            per_generated=self._per_generated(
                [p for p in (prefill, decode, whole) if p is not None], index, made
            ),
            notes=tuple(notes),
        )

    def phase(self, phase: str, of: Mapping[str, Indices], notes: list[Note]) -> TokenPhase | None:
        """Return a phase over all of its events; None where there is none."""
        index = of[phase]
        if not index.size:
            return None
        whole = self._row(phase, index)
        counted = index[[self.events[i].count is not None for i in index.tolist()]]
        row = whole if counted.size == index.size else self._row(phase, counted) if counted.size else None
        tokens = row.items if row is not None else None
        energy = self._placed(self._own(whole), index)
        per_token = net = None
        if row is not None and row.items:
            per_token = row.per_item if row.shared is None else row.shared_per_item
            per_token = self._graded(self._placed(per_token, counted, row.items), counted)
            if self.base is not None and per_token is not None and row.shared is None:
                errors = self.energies.integral.trace.errors
                net = self.base.above(per_token, row.seconds / row.items, errors)
        if energy is None:
            text = f"{phase}: no energy is known: {whole.verdict.text or 'too short for this meter'}"
            notes.append(Note.withheld("no-energy", text))
        left = int(index.size - counted.size)
        if left:
            text = f"{phase}: {left} of {index.size} did not report their tokens"
            notes.append(Note.warning("tokens-unknown", text))
        return TokenPhase(int(index.size), tokens, whole.seconds, energy, per_token, net, left)

    def _per_generated(
        self, phases: Sequence[TokenPhase], index: Sequence[int], made: float | None
    ) -> Result | None:
        """Return the requests' energy over all their tokens, with the scatter from request to request."""
        used = [p.energy for p in phases if p.energy is not None]
        if not made or not used or len(used) < len(phases):
            return None
        found = combine([(1 / made, energy) for energy in used])
        joules: dict[tuple[int, Any], float] = {}
        tokens: dict[tuple[int, Any], float] = {}
        for i in index:
            event = self.events[i]
            if event.measures[names.PHASE] == names.LOAD:
                continue
            key = event.process, event.measures.get(names.NUMBER)
            own = 1.0 if self.shares is None else float(self.shares.own[i])
            joules[key] = joules.get(key, 0.0) + float(self.energies.value[i]) * own
            tokens[key] = tokens.get(key, 0.0) + (names.total([event], names.GENERATED) or 0.0)
        n = len(joules)
        if n < 2:
            return found
        e, g = np.array(list(joules.values())), np.array(list(tokens.values()))
        terms = e - found.value * g
        spread = math.sqrt(float(np.sum(terms**2)) * n / (n - 1)) / made if np.isfinite(terms).all() else 0.0
        own_noise = ("noise:", "gaps:")
        noise = math.sqrt(sum(p * p for key, p in found.parts.items() if key.startswith(own_noise)))
        if spread <= noise:
            return found
        parts = {key: part for key, part in found.parts.items() if not key.startswith(own_noise)}
        parts[f"repeats:{self.analysis.integral.trace.within('requests')}"] = (
            spread * float(student_95(n - 1.0)) / COVERAGE_95
        )
        return Result.of(found.value, found.unit, parts, found.grade)

    def _row(self, label: str, index: Indices) -> LabelRow:
        return row(RowName(label, {}), index, self.events, self.energies, None, None, self.shares)

    def _own(self, row: LabelRow) -> Result | None:
        return row.energy if row.shared is None else _at_best(row.shared, Grade.DERIVED)

    def _graded(self, result: Result | None, index: Indices) -> Result | None:
        """Grade what hardly any reading shows as estimated, and a share by a rule as derived."""
        if result is None:
            return None
        grade = (
            Grade.DERIVED if self.shares is not None and (self.shares.own[index] < 1 - 1e-9).any() else None
        )
        if float(np.median(self.energies.samples[index])) < _FEW_READINGS and index.size < _FEW_READINGS:
            grade = Grade.ESTIMATED
        return result if grade is None else _at_best(result, grade)

    def _placed(self, result: Result | None, index: Indices, items: float = 1.0) -> Result | None:
        """Add what a common shift of edges does that were not stamped by the program itself."""
        doubt = np.array([self._doubt(i) for i in index.tolist()])
        if result is None or not doubt.any():
            return result
        integral = self.analysis.integral
        start, end = self.energies.start_ns[index], self.energies.end_ns[index]
        shift = np.rint(doubt * 1e9).astype(np.int64)
        plain = integral.between(start, end)
        moved = max(
            abs(float(np.sum(integral.between(start + shift, end + shift) - plain))),
            abs(float(np.sum(integral.between(start - shift, end - shift) - plain))),
        )
        part = moved / math.sqrt(3) / items
        if not part:
            return result
        name = f"edges:placement {self.analysis.integral.trace.own}"
        return combine([(1.0, result), (1.0, Result.of(0.0, result.unit, {name: part}, result.grade))])

    def _doubt(self, i: int) -> float:
        value = self.events[i].measures.get(names.DOUBT)
        return float(value) if isinstance(value, (int, float)) and 0 <= value < 10 else 0.0

    def _first_token(self, index: Indices, prefill: TokenPhase | None) -> tuple[Result | None, float | None]:
        """Return the mean energy and time from a request to its first token."""
        if not index.size or prefill is None:
            return None, None
        waited = np.array(
            [float(self.events[i].measures.get(names.WAITED) or 0.0) for i in index.tolist()], np.float64
        )
        time_s = (prefill.seconds + float(waited.sum())) / index.size
        if prefill.energy is None:
            return None, time_s
        mean = prefill.energy.scaled(1 / index.size)
        if waited.sum() <= 0:
            return mean, time_s
        end = self.energies.start_ns[index]
        start = np.maximum(end - np.rint(waited * 1e9).astype(np.int64), self.analysis.start_ns)
        windows = measure(self.analysis.integral, start, end)
        if windows.known.all() and np.isfinite(windows.value).all():
            before = windows.combine(np.full(len(windows), 1 / index.size), "waiting")
        else:
            joules = float(np.abs(self.analysis.integral.between(start, end)).sum()) / index.size
            before = Result.of(
                joules, mean.unit, {f"noise:{self.analysis.integral.trace.own} waiting": joules}
            )
        return combine([(1.0, mean), (1.0, before)]), time_s

    def _idle(self) -> Baseline | None:
        """Return the power between requests, where there is time enough; after the model is loaded."""
        loads = (e.end_ns or 0 for e in self.events if e.measures.get(names.PHASE) == names.LOAD)
        busy = [(e.start_ns, e.end_ns or e.start_ns) for e in self.events if not is_container(e, self.events)]
        spans = stretches(
            busy,
            max(loads, default=self.analysis.start_ns),
            self.analysis.end_ns,
            self.analysis.power_trace.interval_ns,
        )
        return power_of(self.analysis.integral, spans) if spans else None

    def _most_in_flight(self) -> int:
        edges = []
        for event in self.events:
            if event.measures.get(names.PHASE) in (names.PREFILL, names.DECODE, names.REQUEST):
                edges += [(event.start_ns, 1), (event.end_ns or event.start_ns, -1)]
        most = running = 0
        for _, step in sorted(edges):
            running += step
            most = max(most, running)
        return most


def is_container(event: Event, events: Sequence[Event]) -> bool:
    """Return whether an event holds requests rather than being one: an event around a client's loop."""
    return not names.is_of_model(event) and any(
        names.is_of_model(one) and event.start_ns <= one.start_ns and (one.end_ns or 0) <= (event.end_ns or 0)
        for one in events[:2000]
    )


def _counted(every: Sequence[Event], of: Mapping[str, Indices], events: Sequence[Event]) -> float | None:
    """Return all generated tokens: of an answer of one token, the prefill is all that there is."""
    made = names.total(every, names.GENERATED)
    if made is None and not of[names.DECODE].size:
        return names.total((events[i] for i in of[names.PREFILL].tolist()), names.FIRST)
    return made


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _at_best(result: Result, grade: Grade) -> Result:
    return replace(result, grade=worst((result.grade, grade)))
