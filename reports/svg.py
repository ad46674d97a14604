"""Draws the panels of `figures` as SVG: no script, no font file, nothing fetched; colours come from a style sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape as _escaped
from importlib.resources import files

import numpy as np

from powermeter.errors import plural
from powermeter.units import format_number, format_quantity, prefix_of

from .figure_data import Items, Panel, ticks
from .html_elements import harmless
from .power_curve import PowerCurve

TOP = 16
TRACE_HEIGHT, LANE, FOOT = 232, 24, 40
ITEMS_HEIGHT = 280
_THIN = 6
"""Pixels of a band below which a line covers most of it."""
NAME, LETTER = 12, 8
"""Height of a name above its lane, and width of a letter of it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How wide a figure is, in pixels, and what is left beside it for names.

    Attributes:
        width, left, right: Of the figure and its margins.
        letters: The longest name in the left margin.
        name: The class that lets a style sheet choose between frames.
    """

    width: int
    left: int
    right: int
    letters: int
    name: str


WIDE = Frame(960, 126, 14, 16, "wide")
NARROW = Frame(340, 58, 8, 6, "narrow")


def style() -> str:
    """Return the style sheet of the figures."""
    return files("powermeter.reports").joinpath("templates/figure.css").read_text(encoding="utf-8")


def alone(figure: str) -> str:
    """Return a figure as a file of its own, its style inside."""
    return figure.replace(">", f' xmlns="http://www.w3.org/2000/svg"><style>{style()}</style>', 1)


def escape(text: str) -> str:
    """Return a text as markup, without characters that steer."""
    return _escaped(harmless(text))


class _Axes:
    """Seconds and units to pixels."""

    def __init__(
        self, frame: Frame, span: tuple[float, float], values: tuple[float, float], height: float
    ) -> None:
        self.frame = frame
        self.start, self.end = span
        self.low, self.high = low, high = values
        self.left, self.right = frame.left, frame.width - frame.right
        self.x_scale = (self.right - self.left) / ((self.end - self.start) or 1.0)
        self.y_scale = height / ((high - low) or 1.0)
        self.bottom = TOP + height

    def x(self, value: float) -> float:
        return min(max(self.left + (value - self.start) * self.x_scale, self.left), self.right)

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) * self.y_scale


def power_figure(panel: Panel, title: str, since: str = "the first sample", frame: Frame = WIDE) -> str:
    """Draw power over time, with gaps and the events under it."""
    top = max(panel.top_w, 0.0) * 1.06 or 1.0
    axes = _Axes(frame, (panel.start, panel.end), (panel.bottom_w * 1.06, top), TRACE_HEIGHT)
    lanes_top = axes.bottom + 12
    head = NAME if _names_above(panel, frame) else 0
    lane_height = LANE + head
    height = lanes_top + lane_height * len(panel.lanes) + FOOT
    out = [_open(height, title, frame)]
    step, prefix = prefix_of(max(abs(axes.high), abs(axes.low)), "W")
    out += _y_grid(axes, step, f"{prefix}W")
    out += _shading(panel, axes)
    for start, end, reason in panel.gaps:
        out.append(
            f'<rect class="gap" {_box(axes.x(start), TOP, axes.x(end), axes.bottom)}>{_tip(f"gap: {reason}")}</rect>'
        )
        out += [
            f'<line class="gapedge" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{axes.bottom:.1f}"/>'
            for x in (axes.x(start), axes.x(end))
        ]
        if axes.x(end) - axes.x(start) > 30:
            out.append(
                f'<text class="note" x="{(axes.x(start) + axes.x(end)) / 2:.1f}" y="{TOP + 14}" '
                'text-anchor="middle">gap</text>'
            )
    for curve in panel.curves:
        out += _curve(curve, axes)
    out += [
        f'<circle class="sample" cx="{axes.x(s):.1f}" cy="{axes.y(w):.1f}" r="2.2"/>'
        for s, w in panel.samples
    ]
    out += [
        f'<rect class="clipped" {_box(axes.x(s) - 1, TOP - 2, axes.x(s) + 1, TOP + 4)}/>'
        for s in panel.clipped
    ]
    for row, lane in enumerate(panel.lanes):
        y = lanes_top + row * lane_height + head
        colour = lane.colour % 8
        for bar in lane.bars:
            left = axes.x(bar.start)
            right = max(axes.x(bar.end), left + 1.0)
            text = lane.label if bar.events == 1 else f"{lane.label}: {plural(bar.events, 'event')}"
            text += f" · {format_quantity(bar.end - bar.start, 's', 3)}"
            text += f" · {format_quantity(bar.joules, 'J', 3)}" if bar.joules is not None else ""
            out.append(
                f'<rect class="c{colour}" rx="1.5" {_box(left, y + 2, right, y + 14)}>{_tip(text)}</rect>'
            )
        for mark in lane.marks:
            x = axes.x(mark)
            out.append(
                f'<path class="c{colour}" d="M{x:.1f} {y + 2} l5 6 l-5 6 l-5 -6z">{_tip(lane.label)}</path>'
            )
    out += _lane_names(panel, lanes_top, frame)
    out += _time_axis(axes, lanes_top + lane_height * len(panel.lanes) + 4, since)
    out.append("</svg>")
    return "".join(out)


def is_thin(items: Items) -> bool:
    """Return whether the bands of a mean are hardly wider than its line."""
    high = max(float(np.max(items.joules)), items.high)
    return math.isfinite(high) and (items.high - items.low) * ITEMS_HEIGHT < _THIN * high


def items_figure(items: Items, title: str, colour: int, frame: Frame = WIDE) -> str:
    """Draw the energy per item of each event from 0 in the order of the run: warm-up hollow, the mean, and two bands.

    The dark band is how well the meter knows these events; the light one holds the mean of further ones, repeats included.
    """
    open_ended = ~np.isfinite(items.half)  # the meter's range ended: only the lower end is known
    ends = [float(np.max(np.where(open_ended, items.joules, items.joules + items.half))), items.high]
    ends += [items.before.high] if items.before is not None else []
    lows = [float(np.min(np.where(open_ended, items.joules, items.joules - items.half))), 0.0]
    high, low = max(end for end in (*ends, items.mean) if math.isfinite(end)) * 1.06 or 1.0, min(lows)
    high *= 1.0 if math.isfinite(items.high) else 1.1  # room for what points up
    count = float(items.numbers[-1])
    axes = _Axes(frame, (0.5, count + 0.5), (low, high), ITEMS_HEIGHT)
    out = [_open(axes.bottom + FOOT, title, frame)]
    step, unit = items.unit
    out += _y_grid(axes, step, unit)
    kept = items.numbers[items.numbers > items.warmup]
    left = axes.x(float(kept[0]) if kept.size else items.warmup + 1)
    within = max(items.low, low), min(items.high, high)
    out.append(f'<rect class="within" {_box(left, axes.y(within[1]), axes.right, axes.y(within[0]))}/>')
    least, most = meter_ends(items)
    meter = max(least, low), min(most, high)
    out.append(f'<rect class="meter" {_box(left, axes.y(meter[1]), axes.right, axes.y(meter[0]))}/>')
    if items.before is not None:
        y, top, bottom = (
            axes.y(v) for v in (items.before.value, min(items.before.high, high), max(items.before.low, low))
        )
        out.append(
            f'<rect class="before" {_box(axes.left, top, axes.right, bottom)}>{_tip("the earlier run")}</rect>'
        )
        out.append(
            f'<line class="earlier" x1="{axes.left}" x2="{axes.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="note" x="{axes.left + 4}" y="{y - 4 if y <= axes.y(items.mean) else y + 13:.1f}">earlier</text>'
        )
    y = axes.y(items.mean)
    out.append(f'<line class="mean thin" x1="{left:.1f}" x2="{axes.right}" y1="{y:.1f}" y2="{y:.1f}"/>')
    few = items.numbers.size <= 300
    for number, joules, half in zip(
        items.numbers.tolist(), items.joules.tolist(), items.half.tolist(), strict=True
    ):
        x = axes.x(number)
        if few and math.isfinite(half) and half * axes.y_scale > 4:  # a shorter one ends behind its dot
            out.append(
                f'<line class="whisker s{colour}" x1="{x:.1f}" x2="{x:.1f}" y1="{axes.y(joules - half):.1f}" '
                f'y2="{axes.y(joules + half):.1f}"/>'
            )
        hollow = number <= items.warmup
        kind = f"hollow s{colour}" if hollow else f"c{colour}"
        warm = " (warm-up)" if hollow else ""
        tip = _tip(f"event {number:,.0f}{warm}: {format_number(joules / step, 4)} {unit}") if few else ""
        y, size = axes.y(joules), 3 if few else 1.5
        if math.isfinite(items.high):
            out.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{size}">{tip}</circle>')
        else:  # known from below only: it points up
            shape = f"M{x - size:.1f} {y:.1f}h{2 * size}l-{size} -{1.8 * size:.1f}z"
            out.append(f'<path class="hollow s{colour}" d="{shape}">{tip}</path>')
    for tick in ticks(1, count, 8 if frame is WIDE else 4):
        if tick == int(tick):
            anchor = "end" if axes.x(tick) > axes.right - 20 else "middle"
            out.append(
                f'<text x="{axes.x(tick):.1f}" y="{axes.bottom + 18:.1f}" text-anchor="{anchor}">{tick:,.0f}</text>'
            )
    out.append(
        f'<text x="{axes.right}" y="{axes.bottom + 34:.1f}" text-anchor="end">event number</text></svg>'
    )
    return "".join(out)


def meter_ends(items: Items) -> tuple[float, float]:
    """Return between what the meter alone leaves the mean, as skew as the whole interval, in which it lies."""
    half = (items.high - items.low) / 2
    if not 0 < half < math.inf:
        return items.mean - items.meter, items.mean + items.meter
    share = items.meter / half
    return items.mean - share * (items.mean - items.low), items.mean + share * (items.high - items.mean)


def _open(height: float, title: str, frame: Frame) -> str:
    return (
        f'<svg class="figure {frame.name}" viewBox="0 0 {frame.width} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>"
    )


def _tip(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _box(left: float, top: float, right: float, bottom: float) -> str:
    return f'x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 0.3):.1f}" height="{max(bottom - top, 0.3):.1f}"'


def _y_grid(axes: _Axes, step: float, unit: str) -> Iterable[str]:
    for tick in ticks(axes.low / step, axes.high / step, 5):
        y = axes.y(tick * step)
        yield f'<line class="grid" x1="{axes.left}" x2="{axes.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        number = (
            format_number(tick, 6).rstrip("0").rstrip(".")
            if "." in format_number(tick, 6)
            else f"{tick:,.0f}"
        )
        yield f'<text x="{axes.left - 8}" y="{y + 4:.1f}" text-anchor="end">{number}</text>'
    yield f'<text class="name" x="{axes.left}" y="{TOP - 4}">{unit}</text>'


def _shading(panel: Panel, axes: _Axes) -> Iterable[str]:
    """Shade the events behind the power, where they are few enough to distinguish."""
    for lane in panel.lanes:
        if len(lane.bars) <= 60:
            for bar in lane.bars:
                yield f'<rect class="under c{lane.colour % 8}" {_box(axes.x(bar.start), TOP, axes.x(bar.end), axes.bottom)}/>'


def _curve(curve: PowerCurve, axes: _Axes) -> Iterable[str]:
    def path(times: Iterable[float], values: Iterable[float]) -> str:
        return "L".join(f"{axes.x(t):.1f} {axes.y(v):.1f}" for t, v in zip(times, values, strict=True))

    seconds = curve.seconds.tolist()
    if not seconds:
        return
    line = path(seconds, curve.watts.tolist())
    zero = axes.y(0.0)
    yield f'<path class="area" d="M{axes.x(seconds[0]):.1f} {zero:.1f}L{line}L{axes.x(seconds[-1]):.1f} {zero:.1f}Z"/>'
    if curve.low is not None and curve.high is not None:
        back = path(reversed(seconds), reversed(curve.low.tolist()))
        yield f'<path class="band" d="M{path(seconds, curve.high.tolist())}L{back}Z"/>'
    yield f'<path class="trace" d="M{line}"/>'


def _names_above(panel: Panel, frame: Frame) -> bool:
    """Return whether the names of lanes stand above them, since one does not fit beside."""
    return any(len(lane.name) > frame.letters for lane in panel.lanes)


def _lane_names(panel: Panel, top: float, frame: Frame) -> Iterable[str]:
    above = _names_above(panel, frame)
    letters = (frame.width - frame.left) // LETTER if above else frame.letters
    place = f'x="{frame.left}"' if above else f'x="{frame.left - 10}" text-anchor="end"'
    for row, lane in enumerate(panel.lanes):
        y = top + row * (LANE + NAME) + 9.5 if above else top + row * LANE + 12.5
        yield (
            f'<text class="name" {place} y="{y:.1f}">'
            f"{_tip(lane.label)}{escape(shortened(lane.name, letters))}</text>"
        )


def shortened(text: str, letters: int = WIDE.letters) -> str:
    """Return a label that fits the left margin, its middle left out."""
    end = max(letters // 3, 1)
    return text if len(text) <= letters else f"{text[: letters - end - 1]}…{text[-end:]}"


def _time_axis(axes: _Axes, y: float, since: str) -> Iterable[str]:
    span = axes.end - axes.start
    step, unit = next(
        (
            (s, u)
            for s, u in ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))
            if span >= 2.5 * s
        ),
        (1e-6, "µs"),
    )
    yield f'<line class="axis" x1="{axes.left}" x2="{axes.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
    for tick in ticks(axes.start / step, axes.end / step, 9 if axes.frame is WIDE else 4):
        x = axes.x(tick * step)
        digits = max(0, 1 - math.floor(math.log10(span / step))) if span else 0
        text = f"{tick:,.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{y + 4:.1f}"/>'
        yield f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{text}</text>'
    yield f'<text x="{axes.right}" y="{y + 33:.1f}" text-anchor="end">time since {since} ({unit})</text>'
