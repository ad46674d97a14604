"""What a write-up must state about the machine and the program, as far as the recording noted it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from powermeter.units import format_quantity

from . import wording
from .report_data import ReportData


def machine(data: ReportData) -> Iterator[tuple[str, str]]:
    """Return name and value of each fact, those that are not known left out."""
    m = data.metadata
    host = data.noted("host")
    memory = host.get("memory")
    cores = f", {host['cores']} cores" if host.get("cores") else ""
    frameworks = ", ".join(f"{name} {version}" for name, version in data.noted("frameworks").items())
    entries = (
        ("Board", host.get("board") or m.get("board")),
        ("Processor", f"{host['cpu']}{cores}" if host.get("cpu") else None),
        ("Memory", format_quantity(float(memory), "B", 3) if isinstance(memory, (int, float)) else None),
        ("System", " · ".join(str(host[k]) for k in ("os", "kernel", "architecture") if host.get(k)) or None),
        ("Python", m.get("python")),
        ("Frameworks installed", frameworks or None),
        ("Command", " ".join(data.command) or None),
        ("Revision", m.get("revision")),
        ("Imported from", _imported(m.get("imported"))),
        ("Attributes", ", ".join(f"{k} = {v}" for k, v in data.noted("attributes").items()) or None),
    )
    for name, value in entries:
        if value is not None:
            yield name, str(value)
    if data.own_cost is not None:
        cost = data.own_cost
        share = f" ({wording.percent(cost.share)} of one core)" if cost.share is not None else ""
        yield (
            "Cost of recording",
            f"{wording.seconds(cost.cpu_s)} of processor time{share}, {wording.size(cost.peak_memory)}",
        )


def _imported(found: Any) -> str | None:
    if not isinstance(found, dict) or "name" not in found:
        return None
    digest = f", SHA-256 {found['sha256']}" if found.get("sha256") else ""
    return f"{found['name']} ({found.get('format', 'unknown format')}){digest}"
