"""What `powermeter show` prints of a current without a voltage: its charge, and what an energy needs."""

from __future__ import annotations

from typing import Any

from powermeter.analysis.charge_only import ChargeOnly
from powermeter.battery.battery import Battery
from powermeter.result import Result, plain
from powermeter.result.formatting import DASH
from powermeter.units import format_duration, format_quantity

from .wording import MARKS, show

NEEDS = "an energy needs the supply's voltage: --rail-voltage 3.7V"


def charge_text(found: ChargeOnly, title: str, battery: Battery | None = None) -> str:
    """Return the tables as plain text."""
    grade = found.charge.grade
    peak = "" if found.peak_a is None else f"   peak {format_quantity(found.peak_a, 'A', 3)}"
    lines = [
        f"{title}  {format_duration(found.seconds)}",
        "",
        f"The run: {_charge(found.charge)}; {NEEDS}.",
        "",
        f"Whole run  {MARKS[grade]} {grade.value} on {found.line.rail.name}: {found.line.covers}",
        f"charge        {_charge(found.charge)}",
        f"mean current  {show(found.current).text}{peak}",
        "energy        " + DASH,
    ]
    if battery is not None and battery.convention == "charge":
        share = battery.share_used(found.charge)
        lines.append(f"battery       {show(share, '%', 100).text} of one charge of {battery.capacity}")
        lines.append(f"lasts         {show(battery.hours(found.current), 'h').text} at this current")
    if found.rows:
        wide = max(len("label"), *(len(row.label) for row in found.rows))
        lines += ["", f"{'label':<{wide}}  {'n':>6}  per item  (total)"]
        for row in found.rows:
            lines.append(
                f"{row.label:<{wide}}  {row.events:>6,}  {_charge(row.per_item)}  ({_charge(row.total)})"
            )
    lines += ["", *(f"· {note}" for note in found.notes)] if found.notes else []
    return "\n".join(line.rstrip() for line in lines)


def _charge(result: Result | None) -> str:
    return show(result, "Ah", 1 / 3600).text


def charge_record(found: ChargeOnly) -> dict[str, Any]:
    """Return the same numbers unrounded, in SI units, as plain values for JSON."""
    return {
        "energy": None,
        "why_no_energy": {"code": "no-voltage", "text": NEEDS},
        "rail": found.line.key,
        "duration_s": found.seconds,
        "charge": plain(found.charge),
        "mean_current": plain(found.current),
        "peak_current_a": found.peak_a,
        "labels": [
            {
                "label": row.label,
                "events": row.events,
                "charge": plain(row.total),
                "charge_per_item": plain(row.per_item),
            }
            for row in found.rows
        ],
        "notes": list(found.notes),
    }
