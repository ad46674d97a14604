"""Benchmarks in print: what `powermeter bench` and `powermeter.bench` report, as text, as plain values, as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from powermeter.analysis.inner_events import Inner
from powermeter.comparison.benchmark import Benchmark
from powermeter.errors import ConfigurationError, NotInstalledError, plural, printable
from powermeter.recording.our_files import FIGURE_METADATA
from powermeter.result import plain
from powermeter.units import format_duration, format_percent

from . import terminal_width
from .most_rows import heaviest, most_rows, rest
from .wording import show

_BAR = 40
_BESIDE = 28
"""Cells of a line beside its bar: the repeats, and the half-width."""


def in_print(made: Benchmark) -> str:
    """Return what `print` shows of a benchmark."""
    return terminal_width.in_print(lambda width: to_text(made, width), _BAR + _BESIDE)


def to_text(made: Benchmark, width: int = _BAR + _BESIDE) -> str:
    """Return what a benchmark found, how it converged, and whether the precision was reached, for a terminal so many cells wide."""
    loop, s, title = made.loop, made.loop.settled, printable(made.title)
    failed = (
        [f"  {plural(made.failed_runs, 'run')} failed: in none of these figures"] if made.failed_runs else []
    )
    if s is None or made.per_run is None:
        return "\n".join([f"{title}: too few repeats to tell; {loop.ended()}", *failed])
    each = format_duration(float(loop.latencies.mean()))
    grade = made.per_run.grade.value
    lines = [f"{title}: {show(made.per_run).text} a run (95 %, {grade}), {each} each"]
    if made.items > 1:
        beside = ", start-up included" if made.inner else ""
        per_item = show(made.per_run.scaled(1 / made.items)).text
        lines.append(f"  {per_item} for each of {plural(made.items, 'item')}{beside}")
    kept = heaviest([_used(inner) for inner in made.inner], most_rows(width))
    for inner in (made.inner[i] for i in kept):
        shown = show(inner.per_item).text if inner.per_item else "not known"
        of = plural(inner.events, "event") if inner.items is None else plural(inner.items, "item")
        lines.append(
            f"  {printable(inner.label)}: {shown} for each of {of} that the command marked, start-up not counted"
        )
    if len(kept) < len(made.inner):
        left = rest(len(made.inner) - len(kept), "label", "used less each", "--json lists all")
        lines.append(f"  {left}")
    lines.append(
        f"  {plural(s.repeats, 'repeat')}, {s.warmup} of warm-up left out, worth {s.effective:.0f} independent ones"
    )
    lines += failed
    longest = min(max(width - _BESIDE, 4), _BAR)
    lines += ["  " + text for text in convergence(loop.stopping.looks, loop.stopping.precision, longest)]
    lines.append(
        "  the bars and the precision are of the spread between runs; the sensor's own error is not in them; "
        "two looks in a row must find the precision"
    )
    lines.append(
        "  the interval also allows for a kind of repeat not seen yet and for each look on the way: "
        "`powermeter show`, which knows of neither, prints a narrower one"
    )
    if not made.reached:
        lines.append(f"  narrower by: {loop.stopping.advice()}")
    lines.append(f"{title}: {loop.ended()}")
    return "\n".join(lines)


def record(made: Benchmark) -> dict[str, Any]:
    """Return everything that is known of a benchmark, unrounded, in SI."""
    loop, s = made.loop, made.loop.settled
    known = s is not None and isfinite(s.half_width)
    per_item = None if made.per_run is None or made.inner else made.per_run.scaled(1 / made.items)
    return {
        "title": made.title,
        "energy_per_run": plain(made.per_run),
        "per_item": plain(per_item),
        "inner": [
            {"label": i.label, "items": i.items, "events": i.events, "per_item": plain(i.per_item)}
            for i in made.inner
        ],
        "relative_half_width": s.relative if s and known else None,
        "precision": loop.stopping.precision,
        "reached": made.reached,
        "repeats": int(loop.latencies.size),
        "warm_up": s.warmup if s else None,
        "effective_repeats": s.effective if s else None,
        "correlation": s.correlation if s else None,
        "drift_per_repeat": s.drift if s else None,
        "latency_mean_s": float(loop.latencies.mean()) if loop.latencies.size else None,
        "failed_runs": made.failed_runs,
        "ended_because": "a run failed" if made.failed_runs else loop.reason or "left",
        "looks": [[n, r if isfinite(r) else None] for n, r in loop.stopping.looks],
        "energies_j": [float(e) if isfinite(e) else None for e in loop.energies.tolist()],
        "narrower_by": loop.stopping.advice(),
    }


def _used(inner: Inner) -> float:
    return inner.per_item.value * (inner.items or inner.events) if inner.per_item else 0.0


def convergence(looks: Sequence[tuple[int, float]], precision: float, longest: int = _BAR) -> list[str]:
    """Return a plot in text: for each look the repeats, the half-width, and a bar of at most so many cells that must reach the mark."""
    known = [(n, r) for n, r in looks if isfinite(r)]
    if not known:
        return []
    widest = max(max(r for _, r in known), precision)
    mark = round(longest * precision / widest)
    lines = []
    for n, r in known:
        bar = ["#" if i < round(longest * r / widest) else " " for i in range(longest + 1)]
        bar[min(mark, longest)] = "|"
        lines.append(f"{n:>6} repeats {''.join(bar)} ± {format_percent(r)}")
    return lines


def draw(path: Path, all_made: Sequence[Benchmark], form: str | None = None) -> None:
    """Draw repeats and interval over the number of repeats.

    Args:
        path: The file to write.
        all_made: What was repeated.
        form: The format, `png` or `svg`; by the extension of `path` where None.

    Raises:
        NotInstalledError: matplotlib is missing.
        ConfigurationError: matplotlib cannot write files with this extension.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotInstalledError("a plot needs matplotlib; run: pip install 'powermeter[report]'") from error
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for made in all_made:
        looks = [(n, r) for n, r in made.loop.stopping.looks if isfinite(r)]
        axes.plot([n for n, _ in looks], [100 * r for _, r in looks], marker="o", label=made.title)
    if all_made:
        asked = 100 * all_made[0].loop.stopping.precision
        axes.axhline(asked, color="0.5", linestyle="--", label="asked")
        axes.legend()
    axes.set(xlabel="repeats", ylabel="half-width of the 95 % interval in %", xscale="log", ylim=(0, None))
    form = form or path.suffix[1:].lower()
    try:
        figure.savefig(path, format=form, metadata=FIGURE_METADATA.get(form))
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from None
