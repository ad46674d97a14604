"""The numbers of a report as plain values for JSON: SI, unrounded, None where something is not known."""

from __future__ import annotations

import math
from typing import Any

from powermeter.analysis.advice import advise
from powermeter.analysis.label_row import LabelRow
from powermeter.recording.facts import STATUS
from powermeter.result import Result, plain

from . import tokens
from .event_tree import tree_of
from .instruments import Instrument
from .report_data import ReportData
from .wording import highest_w, items_counted, left_out

VERSION = 1
"""Of the layout of `record`; raised when a name changes its meaning."""

_PLAIN = frozenset((str, int, bool, type(None)))


def record(data: ReportData) -> dict[str, Any]:
    """Return everything `powermeter show` prints, unrounded; an interval without an end is null there."""
    whole: dict[str, Any] = _finite(_record(data))
    return whole


def _finite(value: Any) -> Any:
    """Put None for what JSON cannot hold as a number."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:  # most values are
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): inner if type(inner) in _PLAIN else _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _record(data: ReportData) -> dict[str, Any]:
    analysis, budget = data.analysis, data.budget
    return {
        "version": VERSION,
        "recording": str(data.path),
        "started_utc": data.started.isoformat() if data.started else None,
        "metadata": dict(data.metadata),
        "rail": {
            "name": analysis.line.rail.name,
            "key": analysis.line.key,
            "boundary": analysis.line.rail.boundary.value,
            "covers": analysis.covers,
            "grade": analysis.line.grade.value,
        },
        "run": {
            "duration_s": analysis.duration.value,
            "energy": plain(analysis.energy),
            "charge": plain(data.charge),
            "power": plain(analysis.power),
            "peak_w": highest_w(analysis),
            "trapezoid_j": analysis.plain_energy,
            "gap_s": analysis.gap_s,
            "status": data.metadata.get(STATUS),
            "baseline": None
            if analysis.baseline is None
            else {"power": plain(analysis.baseline.power), "origin": analysis.baseline.origin},
            "above_baseline": plain(analysis.above),
            "items": analysis.run_items,
            "energy_per_item": plain(analysis.run_per_item),
            "advice": _advice(data, None),
        },
        "rails": [use.record() for use in data.rails],
        "labels": [_label(data, row) for row in analysis.rows],
        "raised": [one.to_dict() for one in analysis.raised],
        "headline": None if data.headline is None else data.headline.title,
        "battery": {
            "spec": data.battery.spec,
            "convention": data.battery.convention,
            "rail_voltage_v": data.rail_voltage_v,
            "rail_voltage_known": data.voltage_known,
            "share_used": plain(budget.share_used) if budget else None,
            "remaining": plain(budget.remaining) if budget else None,
            "hours": plain(budget.hours) if budget else None,
            "items_per_charge": plain(budget.count) if budget else None,
            "item": data.item,
        },
        "footprint": data.footprint.record() if data.footprint else None,
        "item_footprint": data.item_footprint.record() if data.item_footprint else None,
        "lifetime": None if data.lifetime is None else data.lifetime.record(),
        "nesting": tree_of(analysis).record(),
        "tokens": None if data.tokens is None else tokens.record(data.tokens),
        "published": _published(data),
        "sources": [_instrument(instrument) for instrument in data.instruments],
        "disagreements": [
            {
                "left": d.left,
                "right": d.right,
                "seconds": d.seconds,
                "energy_left": plain(d.energy_left),
                "energy_right": plain(d.energy_right),
                "difference": plain(d.difference),
                "ratio": d.ratio,
                "agree": d.agree,
                "same": d.same,
            }
            for d in analysis.disagreements
        ],
        "own_cost": None
        if data.own_cost is None
        else {
            "cpu_s": data.own_cost.cpu_s,
            "share_of_core": data.own_cost.share,
            "peak_memory": data.own_cost.peak_memory,
        },
        "warnings": list(data.warnings),
        "notes": list(data.notes),
        "remarks": [note.to_dict() for note in (*data.warnings, *data.notes)],
    }


def _advice(data: ReportData, row: LabelRow | None) -> dict[str, object] | None:
    found = advise(data.analysis, row)
    return None if found is None else found.to_dict()


def _label(data: ReportData, row: LabelRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "group": dict(row.group),
        "events": row.events,
        "outside": row.outside,
        "warmup": left_out(row),
        "items": items_counted(row),
        "seconds": row.seconds,
        "energy": plain(row.energy),
        "energy_per_item": plain(row.energy_per_item),
        "energy_median": plain(row.energy_median),
        "energy_p95": plain(row.energy_p95),
        "standard_deviation_j": row.spread_j,
        "expected_per_item": plain(row.expected_per_item),
        "next_event_per_item": plain(row.next_event_per_item),
        "charge": plain(data.charge_of(row)),
        "charge_per_item": plain(_per_item(data.charge_of(row), row.items)),
        "expected_charge_per_item": plain(data.charge_each(row)),
        "power": plain(row.power),
        "above_baseline": plain(row.above),
        "above_baseline_per_item": plain(row.above_per_item),
        "expected_above_baseline_per_item": plain(row.expected_above_per_item),
        "above_baseline_power": plain(row.above_power),
        "latency_s": {
            "mean": row.latency_mean,
            "p50": row.latency_p50,
            "p95": row.latency_p95,
            "p99": row.latency_p99,
        },
        "peak_memory": row.peak_memory,
        "sample_mean_w": row.sample_power,
        "sample_mean_energy_j": row.sample_energy,
        "trapezoid_j": row.plain_energy,
        "gap_s": row.gap_s,
        "method": row.method,
        "overlapping": row.overlapping,
        "share": row.share,
        "per_item": plain(row.per_item),
        "total": plain(row.total),
        "resolved": row.verdict.resolved,
        "samples_per_event": row.verdict.samples,
        "repeats_needed": row.verdict.repeats_needed,
        "advice": _advice(data, row),
        "per_charge": plain(data.per_charge(row)),
    }


def _per_item(total: Result | None, items: float | None) -> Result | None:
    return total.scaled(1 / items) if total is not None and items else None


def _published(data: ReportData) -> dict[str, Any] | None:
    found = data.published
    if found is None:
        return None
    return {
        "rule": found.rule,
        "text": found.text,
        "median_j": found.median_j,
        "printed_median_j": found.printed_median_j,
        "windows": [
            {
                "label": p.event.name,
                "items": p.event.count,
                "energy_j": p.energy_j,
                "mean_w": p.mean_w,
                "per_item_j": p.per_item_j,
                "printed_j": p.printed_j,
                "trapezoid_j": p.trapezoid_j,
            }
            for p in found.values
        ],
    }


def _instrument(instrument: Instrument) -> dict[str, Any]:
    health = instrument.health
    return {
        "name": instrument.name,
        "url": instrument.url,
        "driver": instrument.driver,
        "grade": instrument.grade.value,
        "rails": dict(instrument.rails),
        "accuracy_source": list(instrument.accuracy),
        "facts": dict(instrument.facts),
        "samples": health.samples,
        "seconds": health.seconds,
        "rate_hz": health.rate_hz,
        "interval_s": health.interval_s,
        "interval_asked_s": health.asked_s,
        "longest_interval_s": health.longest_s,
        "missed": instrument.missed,
        "repeats": health.repeats,
        "saturated": health.saturated,
        "errors": instrument.errors,
        "reopened": instrument.reopened,
        "failure": instrument.failure or None,
        "gap_s": health.gap_s,
        "bridged": health.bridged,
        "bridged_s": health.bridged_s,
        "gaps": [
            {
                "start_ns": g.start_ns,
                "end_ns": g.end_ns,
                "reason": g.reason,
                "detail": g.detail,
                "lost": g.lost,
            }
            for g in health.gaps
        ],
        "simulated": instrument.simulated,
    }
