"""How the energies of single events of a label are spread: a histogram from 0 with median and 95th percentile, as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.label_row import LabelRow
from powermeter.errors import plural
from powermeter.units import format_quantity

from .figure_data import ticks
from .report_data import ReportData
from .svg import NARROW, escape
from .wording import drawn_in, left_out, show

LEAST, MOST = 8, 8
"""Events that a distribution needs, and labels that are drawn."""

BINS = 80
WIDTH, LEFT, RIGHT, TOP, HEIGHT, FOOT = NARROW.width, 14, 10, 20, 64, 34


@dataclass(frozen=True, slots=True, eq=False)
class EnergySpread:
    """Energies per item of the single events of a label.

    Attributes:
        row: The label.
        joules: In order of start, warm-up among them.
        warmup: How many of the first are warm-up.
    """

    row: LabelRow
    joules: NDArray[np.floating[Any]]
    warmup: int


def spreads_of(data: ReportData) -> list[EnergySpread]:
    """Return the distributions that the table allows: labels whose single events the sampling resolves, most used first."""
    a, found = data.analysis, []
    for row in a.rows:
        per_item = row.per_item
        if not row.verdict.resolved or per_item is None or not np.isfinite(per_item.high):
            continue
        order = row.index[np.argsort(a.energies.start_ns[row.index], kind="stable")]
        known = order[a.energies.known[order]]
        if known.size < LEAST:
            continue
        counts = np.fmax(a.events.counts_at(known), 1)
        found.append(EnergySpread(row, a.divided[known] / counts, left_out(row)))
    by_use = sorted(
        found, key=lambda s: (s.row is not data.headline, -(s.row.energy.value if s.row.energy else 0.0))
    )
    return by_use[:MOST]


def distribution_figure(spread: EnergySpread, colour: int) -> str:
    """Return the histogram: steady events filled, warm-up hollow, a line at the median, a dashed one at p95."""
    joules, row = spread.joules, spread.row
    high = max(float(joules.max()), 0.0) * 1.06 or 1.0
    low = min(float(joules.min()), 0.0)
    edges = np.linspace(low, high, BINS + 1)
    steady, _ = np.histogram(joules[spread.warmup :], edges)
    warm, _ = np.histogram(joules[: spread.warmup], edges)
    most = max(int((steady + warm).max()), 1)
    scale = (WIDTH - LEFT - RIGHT) / (high - low)
    bottom = TOP + HEIGHT
    title = f"Energies of {plural(joules.size, 'event')} of {row.title}"
    box = f'viewBox="0 0 {WIDTH} {bottom + FOOT}" role="img" aria-label="{escape(title)}"'
    out = [f'<svg class="figure spread" {box}><title>{escape(title)}</title>']
    wide = (WIDTH - LEFT - RIGHT) / BINS
    for place, (filled, hollow) in enumerate(zip(steady.tolist(), warm.tolist(), strict=True)):
        x, tall, rest = LEFT + place * wide, HEIGHT * filled / most, HEIGHT * hollow / most
        span = f"{format_quantity(edges[place], 'J', 3)} to {format_quantity(edges[place + 1], 'J', 3)}"
        tip = f"<title>{span}: {plural(filled + hollow, 'event')}</title>"
        if filled:
            out.append(
                f'<rect class="c{colour}" x="{x + 0.5:.1f}" y="{bottom - tall:.1f}" width="{wide - 1:.1f}" height="{tall:.1f}">{tip}</rect>'
            )
        if hollow:
            out.append(
                f'<rect class="hollow s{colour}" x="{x + 1:.1f}" y="{bottom - tall - rest:.1f}" width="{wide - 2:.1f}" height="{rest:.1f}">{tip}</rect>'
            )
    out.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    for result, kind in ((row.energy_median, "mean"), (row.energy_p95, "earlier")):
        if result is not None and low <= result.value <= high:
            x = LEFT + (result.value - low) * scale
            out.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{bottom}"/>')
    step, unit = drawn_in(row.per_item) if row.per_item is not None else (1.0, "J")
    for tick in ticks(low / step, high / step, 4):
        x = LEFT + (tick * step - low) * scale
        out.append(f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{tick:,.6g}</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{bottom + 30}" text-anchor="end">{unit} per item</text></svg>')
    return "".join(out)


def caption_of(spread: EnergySpread) -> str:
    """Return median, p95 and how many events, in words."""
    row = spread.row
    counted = plural(spread.joules.size - spread.warmup, "event")
    text = f"median {show(row.energy_median).bare}, p95 {show(row.energy_p95).bare} of {counted}"
    return f"{text}; hollow: {spread.warmup:,} of the warm-up, left out of them" if spread.warmup else text
