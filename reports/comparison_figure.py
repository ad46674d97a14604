"""Two sides of a comparison as SVG: what each used per item, from 0, and the change with its interval; needs no library."""

from __future__ import annotations

import math

from powermeter.comparison.compare import Comparison
from powermeter.result import Result
from powermeter.result.formatting import DASH
from powermeter.units import prefix_of

from .comparison import TITLES, change
from .comparison_numbers import in_print
from .figure_data import ticks
from .svg import LETTER, NARROW, WIDE, Frame, escape, shortened
from .wording import verdict_text

UNITS = {"energy": "J", "power": "W", "time": "s"}
MOST, ROW, TOP, FOOT = 40, 46, 22, 40


def comparison_figure(found: Comparison, frame: Frame = WIDE) -> str:
    """Return the figure as an element; empty without a row that has numbers."""
    rows = [
        row
        for row in found.rows[:MOST]
        if math.isfinite(_end(row.contrast.mean_left) + _end(row.contrast.mean_right))
    ]
    if not rows:
        return ""
    letters = frame.letters + 4
    above = frame is not WIDE or any(len(row.title) > letters for row in rows)
    head, left, right = (
        (16, 14, frame.width - frame.right) if above else (0, frame.left + 30, frame.width - frame.right)
    )
    letters = (right - left) // LETTER if above else letters
    height = ROW + head
    most = max(max(_end(row.contrast.mean_left), _end(row.contrast.mean_right)) for row in rows) or 1.0
    step, prefix = prefix_of(most, UNITS[found.of])
    scale = (right - left) / (most * 1.05)
    bottom = TOP + height * len(rows)
    name = f"{TITLES[found.of]}: A {found.left}, B {found.right}"
    box = f'viewBox="0 0 {frame.width} {bottom + FOOT}" role="img" aria-label="{escape(name)}"'
    out = [f'<svg class="figure {frame.name}" {box}><title>{escape(name)}</title>']
    for tick in ticks(0.0, most * 1.05 / step, 6 if frame is WIDE else 3):
        x = left + tick * step * scale
        out.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
        out.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:,.6g}</text>')
    for number, row in enumerate(rows):
        y = TOP + number * height + head
        place = f'x="{left}" y="{y - 2}"' if above else f'x="{left - 8}" y="{y + 20}" text-anchor="end"'
        out.append(
            f'<text class="name" {place}>'
            f"<title>{escape(row.title)}</title>{escape(shortened(row.title, letters))}</text>"
        )
        numbers, results = in_print(row.contrast), (row.contrast.mean_left, row.contrast.mean_right)
        for side, (result, shown) in enumerate(zip(results, (numbers.left, numbers.right), strict=True)):
            tip = f"{'AB'[side]}: {shown.text}"
            out += _bar(result, tip, y + 4 + side * 15, left, scale, side)
        verdict = verdict_text(row.contrast)
        moved = change(row.contrast.ratio)
        text = verdict if moved == DASH else f"{moved}: {verdict}"
        out.append(f'<text x="{left + 4}" y="{y + 44}">{escape(text)}</text>')
    out.append(
        f'<text x="{right}" y="{bottom + 34}" text-anchor="end">{TITLES[found.of].lower()} ({prefix}{UNITS[found.of]})</text></svg>'
    )
    return "".join(out)


def figures_of(found: Comparison) -> str:
    """Return the figure in two frames; the style sheet shows the one that fits the screen."""
    return "".join(comparison_figure(found, frame) for frame in (WIDE, NARROW))


def _end(result: Result) -> float:
    return result.high if math.isfinite(result.high) else result.value


def _bar(result: Result, tip: str, y: float, left: float, scale: float, colour: int) -> list[str]:
    wide = max(result.value * scale, 0.0)
    found = [
        f'<rect class="c{colour}" x="{left}" y="{y}" width="{wide:.1f}" height="12" opacity=".8"><title>{escape(tip)}</title></rect>'
    ]
    if math.isfinite(result.high - result.low):
        low, high = (left + max(end * scale, 0.0) for end in (result.low, result.high))
        found.append(f'<line class="mean" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 6}" y2="{y + 6}"/>')
        found += [
            f'<line class="mean" x1="{x:.1f}" x2="{x:.1f}" y1="{y + 2}" y2="{y + 10}"/>' for x in (low, high)
        ]
    return found
