"""The report as one HTML file that needs nothing else: no script, no network, print-friendly, dark and light."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from powermeter.analysis.labels import LabelRow
from powermeter.analysis.uncertainty import WORDS
from powermeter.errors import NotInstalledError
from powermeter.formatting import DASH, Shown
from powermeter.result import Grade, Result, worst
from powermeter.units import format_count, format_duration, format_number, format_quantity

from . import figures, svg, wording
from .instruments import Instrument
from .machine_facts import machine
from .method import limits, method, stated
from .report_data import ReportData
from .terminal import health_text
from .wording import GRADE_TEXT, MARKS, footprint_amount, show

ACCOUNTS = (("carbon", "Carbon"), ("water", "Water consumed"), ("adpe", "Minerals (ADPe)"))


class HTMLReport:
    """One self-contained page."""

    suffix = ".html"
    binary = False
    summary = "one self-contained page with figures, for reading and printing"

    def render(self, data: ReportData) -> str:
        """Return the page.

        Raises:
            NotInstalledError: Jinja2 is missing.
        """
        try:
            from jinja2 import Environment, StrictUndefined
        except ImportError as error:
            raise NotInstalledError(
                "the HTML report needs Jinja2; run: pip install 'powermeter[report]'"
            ) from error
        from markupsafe import Markup

        folder = files("powermeter.reports").joinpath("templates")
        environment = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        template = environment.from_string(folder.joinpath("report.html").read_text(encoding="utf-8"))
        style = folder.joinpath("report.css").read_text(encoding="utf-8")
        drawn = {name: Markup(text) for name, text in _figures(data).items()}
        return template.render(style=Markup(style + svg.style()), figures=drawn, **content(data))


def _figures(data: ReportData) -> dict[str, str]:
    drawn = {
        "close": "",
        "items": "",
        "run": svg.power_figure(figures.run_panel(data), "Power over the whole run, events below"),
    }
    close = figures.close_panel(data)
    if close is not None:
        drawn["close"] = svg.power_figure(close, "Power around one typical event", "the event began")
    row = data.headline
    if row is not None:
        items = figures.items_of(data, row)
        if items is not None:
            colour = next((i for i, r in enumerate(data.analysis.rows) if r is row), 0)
            drawn["items"] = svg.items_figure(items, f"Energy per {data.item}, event by event", colour % 8)
    return drawn


def _drawn(data: ReportData) -> str:
    row = data.headline
    if row is None or row.events <= figures.MAX_POINTS:
        return ""
    return f" {figures.MAX_POINTS:,} of {row.events:,} events are drawn, evenly picked."


def content(data: ReportData) -> dict[str, Any]:
    """Return everything the page prints, as text; the template escapes it."""
    a, fp = data.analysis, data.footprint
    return {
        "title": data.title,
        "subtitle": " · ".join(_subtitle(data)),
        "lede": _lede(data),
        "grade": _grade(a.energy.grade),
        "rail": a.line.rail.name,
        "covers": a.covers,
        "cards": list(_cards(data)),
        "run": list(_run(data)),
        "rows": [_row(data, row) for row in a.rows],
        "attributes": list(dict.fromkeys(key for row in a.rows for key in row.group)),
        "baseline": a.baseline is not None,
        "with_items": any(row.items != row.events for row in a.rows),
        "charge_grade": _grade(
            worst(c.grade for c in (data.charge_of(r) for r in a.rows) if c) if a.rows else None
        ),
        "drawn": _drawn(data),
        "headline": data.headline.title if data.headline else "",
        "item": data.item,
        "battery": list(_battery(data)),
        "battery_text": data.battery.convention_text,
        "accounts": list(_accounts(data)),
        "place": fp.place.name if fp and fp.place else "place not known: world range",
        "boundary": fp.boundary if fp else "an energy below zero has no footprint",
        "parts": list(_parts(data)),
        "published": _published(data),
        "sources": [_source(i) for i in data.instruments],
        "disagreements": [
            {
                "names": f"{d.left} and {d.right}",
                "left": show(d.energy_left).text,
                "right": show(d.energy_right).text,
                "difference": DASH if d.ratio is None else f"{(d.ratio - 1) * 100:+.2f} %",
                "verdict": d.verdict,
            }
            for d in a.disagreements
        ],
        "method": method(data),
        "limits": limits(data),
        "machine": list(machine(data)),
        "factors": [
            {
                "name": f.name + ("" if f.geography == "WLD" else f" ({f.geography})"),
                "value": f"{f.central:.4g} {'' if f.unit == '1' else f.unit}".strip(),
                "range": DASH if f.exact else f"{f.low:.4g} to {f.high:.4g}",
                "year": f.year or DASH,
                "basis": f.basis,
                "source": f.source.title,
                "url": f.source.url if f.source.url.startswith("https://") else "",
                "licence": f.source.licence,
            }
            for f in (fp.factors_used if fp else ())
        ],
        "warnings": data.warnings,
        "notes": data.notes,
        "recording": data.path.name,
        "version": str(data.metadata.get("powermeter") or ""),
        "grades": [_grade(grade) for grade in Grade],
        "dash": DASH,
    }


def _grade(grade: Grade | None) -> dict[str, str] | None:
    if grade is None:
        return None
    return {"name": grade.value, "mark": MARKS[grade], "text": GRADE_TEXT[grade]}


def _subtitle(data: ReportData) -> Iterator[str]:
    if data.machine:
        yield data.machine
    yield format_duration(data.analysis.duration.value)
    yield data.started.strftime("%d %B %Y, %H:%M UTC") if data.started else "time of day not known"
    for name, value in data.noted("attributes").items():
        yield f"{name} {value}"


def _lede(data: ReportData) -> str:
    """Return the one sentence to remember."""
    row, a = data.headline, data.analysis
    verb = "is estimated to use" if a.energy.grade is Grade.ESTIMATED else "used"
    if row is None or row.energy_per_item is None:
        return f"The run {verb.replace('is', 'was')} {show(a.energy).text} in {format_duration(a.duration.value)}."
    which = ", ".join(f"{name} {value}" for name, value in row.group.items() if value is not None)
    sentence = f"One {data.item}{f' ({which})' if which else ''} {verb} {show(row.energy_per_item).text}"
    count = data.per_charge(row)
    if count is not None and row.items is not None and row.items > 1:
        sentence += f"; a charge of {data.battery_name} holds {show(count).text} of them"
    return sentence + "."


def _card(title: str, shown: Shown, result: Result | None, beside: str) -> dict[str, Any]:
    return {
        "title": title,
        "value": shown.value,
        "half": shown.half,
        "unit": shown.unit,
        "span": shown.span,
        "beside": beside,
        "grade": _grade(result.grade if result is not None else None),
    }


def _cards(data: ReportData) -> Iterator[dict[str, Any]]:
    row, a, budget = data.headline, data.analysis, data.budget
    rail = f"on {a.line.rail.name}"
    if row is not None:
        each = (
            f"{format_count(row.items)} in {row.events:,} events"
            if row.items != row.events
            else f"mean of {row.events:,}"
        )
        yield _card(
            f"Energy per {data.item}", show(row.energy_per_item), row.energy_per_item, f"{each}, {rail}"
        )
    else:
        yield _card("Energy of the run", show(a.energy), a.energy, rail)
    whole = data.charge
    used = budget.share_used if budget else None
    share = f"{show(used, '1', 100).bare} % of {data.battery_name}" if used else "of the whole run"
    yield _card("Charge of the run", show(whole, "Ah", 1 / 3600), whole, share)
    count = budget.count if budget else None
    if row is not None:
        name = "inferences" if data.item == "inference" else "items"
        yield _card(f"{name.capitalize()} per charge", show(count), count, data.battery_name)
    else:
        yield _card(
            "Hours per charge",
            show(budget.hours if budget else None),
            budget.hours if budget else None,
            "at this run's mean power",
        )
    about = data.item_footprint or data.footprint
    what = f"per {data.item}" if data.item_footprint else "of the run"
    for name, title in ACCOUNTS:
        if about is not None and name in about.accounts:
            result = about.accounts[name].result
            yield _card(title, footprint_amount(result, about.digits(name)), result, what)


def _run(data: ReportData) -> Iterator[dict[str, Any]]:
    a = data.analysis

    def line(name: str, result: Result | None, shown: Shown, beside: str = "") -> dict[str, Any]:
        return {
            "name": name,
            "value": shown.text,
            "beside": beside,
            "grade": _grade(result.grade if result else None),
        }

    yield line("Energy", a.energy, show(a.energy), show(a.energy, "Wh", 1 / 3600).text)
    charge = data.charge
    yield line(
        "Charge",
        charge,
        show(charge, "Ah", 1 / 3600),
        "" if a.charge is not None else f"at {data.rail_voltage_v:.4g} V",
    )
    yield line("Mean power", a.power, show(a.power), f"peak {format_quantity(a.peak_w, 'W', 3)}")
    if a.baseline is not None:
        yield line("Baseline", a.baseline.power, show(a.baseline.power), a.baseline.origin)
        yield line("Above the baseline", a.above, show(a.above))


def _row(data: ReportData, row: LabelRow) -> dict[str, Any]:
    per_charge = data.per_charge(row)
    return {
        "label": row.label,
        "group": [DASH if value is None else str(value) for value in row.group.values()],
        "events": f"{row.events:,}",
        "count": format_count(row.items),
        "per_item": show(row.energy_per_item).text,
        "above": show(row.above_per_item).text,
        "median": show(row.energy_median).bare,
        "p95": show(row.energy_p95).bare,
        "spread": format_quantity(row.spread_j, "J", 2),
        "total": show(row.energy).bare,
        "charge": show(data.charge_of(row), "Ah", 1 / 3600).bare,
        "power": show(row.power).bare,
        "per_charge": show(per_charge).bare,
        "mean_s": wording.seconds(row.latency_mean),
        "p50_s": wording.seconds(row.latency_p50),
        "p95_s": wording.seconds(row.latency_p95),
        "p99_s": wording.seconds(row.latency_p99),
        "memory": wording.size(row.peak_memory),
        "unresolved": not row.verdict.resolved and row.energy is not None,
    }


def _battery(data: ReportData) -> Iterator[dict[str, Any]]:
    budget = data.budget
    entries = (
        ("Used by this run", budget.share_used if budget else None, "%", 100.0),
        ("Lasts at this power", budget.hours if budget else None, "h", 1.0),
        (f"Holds × one {data.item}", budget.count if budget else None, "", 1.0),
    )
    for name, result, unit, factor in entries:
        if name.startswith("Holds") and data.headline is None:
            continue
        shown = show(result, unit or "1", factor)
        yield {"name": name, "shown": shown, "grade": _grade(result.grade if result else None)}


def _accounts(data: ReportData) -> Iterator[dict[str, Any]]:
    for name, title in ACCOUNTS:
        if data.footprint is None or name not in data.footprint.accounts:
            continue
        digits = data.footprint.digits(name)
        whole = data.footprint.accounts[name].result
        item = data.item_footprint.accounts[name].result if data.item_footprint else None
        yield {
            "name": title,
            "run": footprint_amount(whole, digits),
            "item": footprint_amount(item, digits),
            "grade": _grade(whole.grade),
        }


def _parts(data: ReportData) -> Iterator[dict[str, Any]]:
    result = stated(data)
    if result is None:
        return
    kinds = result.by_kind()
    total = sum(part * part for part in kinds.values())
    for kind, part in kinds.items():
        share = part * part / total if total else 0.0
        if share >= 0.001:
            what, remedy = WORDS.get(kind, (kind, ""))
            yield {
                "what": what,
                "remedy": remedy,
                "share": f"{100 * share:.1f}",
                "value": format_quantity(part, result.unit, 2),
            }


def _published(data: ReportData) -> dict[str, Any] | None:
    found = data.published
    if found is None:
        return None
    return {
        "text": found.text or found.rule,
        "rows": [
            {
                "label": p.event.name,
                "count": format_count(p.event.count),
                "mean": f"{format_number(p.mean_w, 8)} W",
                "per_item": format_quantity(p.per_item_j, "J", 8),
                "trapezoid": f"{format_number(p.trapezoid_mean_w, 8)} W",
                "difference": f"{p.difference * 1e6:+.0f} ppm",
            }
            for p in found.values
        ],
    }


def _source(instrument: Instrument) -> dict[str, Any]:
    return {
        "name": instrument.name,
        "url": instrument.url,
        "rails": "; ".join(f"{name}: {covers}" for name, covers in instrument.rails),
        "grade": _grade(instrument.grade),
        "health": health_text(instrument),
        "accuracy": "; ".join(instrument.accuracy) or DASH,
    }
