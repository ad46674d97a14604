"""What `powermeter live` shows, as lines for a terminal of any width: phrases wrap whole, no number or label is cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from powermeter.analysis.rail_voltage import MAINS_V
from powermeter.battery.battery import Battery
from powermeter.cli.live_tail import LabelPace, LiveTail
from powermeter.errors import plural, printable
from powermeter.recorder.rail_totals import RailTotals
from powermeter.units import coulomb_to_mah, format_duration, format_number, format_quantity

BARS = "▁▂▃▄▅▆▇█"
MOST_LABELS = 12


def lines(tail: LiveTail, battery: Battery | None, width: int) -> list[str]:
    """Return the whole screen; the worst problem stands first."""
    out = [line for text in tail.warnings for line in flow([f"! {text}"], width)]
    phrases = [format_duration(tail.elapsed_s), printable(tail.title)]
    out += flow(phrases if tail.is_growing else [*phrases, "ended"], width)
    sources = {source for source, _ in tail.rails.values()}
    for source, totals in tail.rails.values():
        out += _rail(source if len(sources) > 1 else "", totals, width)
    out += _battery(tail, battery, width)
    by_use = sorted(tail.labels.items(), key=lambda pair: -pair[1].events)
    for name, pace in by_use[:MOST_LABELS]:
        out += flow(list(_label(name, pace)), width, "  ")
    if len(by_use) > MOST_LABELS:
        out += flow(
            [f"and {plural(len(by_use) - MOST_LABELS, 'more label')}: powermeter show lists all"], width
        )
    return out


def flow(phrases: Sequence[str], width: int, indent: str = "") -> list[str]:
    """Return phrases as lines: a line ends between two of them, and only a phrase longer than a line is broken."""
    out: list[str] = []
    line = ""
    for phrase in phrases:
        longer = f"{line}  {phrase}" if line else (f"{indent}{phrase}" if out else phrase)
        if len(longer) <= width:
            line = longer
            continue
        if line:
            out.append(line)
        line = f"{indent}{phrase}" if out else phrase
        while len(line) > width:
            cut = line.rfind(" ", len(indent) + 1, width + 1)
            cut = cut if cut > 0 else width
            out.append(line[:cut].rstrip())
            line = f"{indent}{line[cut:].lstrip()}"
    return [*out, line] if line.strip() else out


def sparkline(values: Sequence[float]) -> str:
    """Return one bar per value, from the smallest to the largest of them."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(BARS[min(7, int((value - low) / span * 8))] for value in values)


def _rail(source: str, totals: RailTotals, width: int) -> Iterable[str]:
    name = printable(f"{source}/{totals.rail}" if source else totals.rail)
    phrases = [f"{name} (simulated)" if totals.simulated else name, format_quantity(totals.power_w, "W", 4)]
    phrases += [format_quantity(totals.voltage_v, "V", 4)] if totals.voltage_v is not None else []
    phrases += [format_quantity(totals.current_a, "A", 4)] if totals.current_a is not None else []
    for word, watts in (("min", totals.low_w), ("mean", totals.mean_w), ("max", totals.high_w)):
        phrases.append(f"{word} {format_quantity(watts, 'W', 3)}")
    phrases.append(format_quantity(totals.energy_j, "J", 4))
    if totals.has_current:
        phrases.append(f"{format_number(coulomb_to_mah(totals.charge_c), 4)} mAh")
    yield from flow(phrases, width, "  ")
    bars = sparkline(list(totals.history)[-max(width - 2, 1) :])
    if len(bars) > 1:
        yield f"  {bars}"


def _battery(tail: LiveTail, battery: Battery | None, width: int) -> Iterable[str]:
    """Yield how much of a charge is used, and how long the rest lasts at the mean so far."""
    totals = tail.main
    if battery is None or totals is None or totals.seconds <= 0:
        return
    by_charge = battery.convention == "charge"
    used, whole = (totals.charge_c, battery.charge_c) if by_charge else (totals.energy_j, battery.energy_j)
    mains = totals.voltage_v is not None and totals.voltage_v > MAINS_V
    if not whole or used <= 0 or (by_charge and (mains or not totals.has_current)):
        return
    left_s = max(whole - used, 0.0) / (used / totals.seconds)
    size = f"{coulomb_to_mah(whole):,.0f} mAh" if by_charge else format_quantity(whole / 3600, "Wh", 3)
    left = f"{format_duration(left_s)} left at the mean so far" if used < whole else "empty"
    yield from flow(
        ["battery", f"{format_number(100 * used / whole, 3)} % of {size} used", left], width, "  "
    )


def _label(name: str, pace: LabelPace) -> Iterator[str]:
    yield printable(name)
    yield f"{plural(pace.events, 'event')}"
    if pace.rate_hz is not None:
        yield f"{format_number(pace.rate_hz, 3)} a second"
    if pace.mean_j is not None:
        count = len(pace.joules)
        yield f"about {format_quantity(pace.mean_j, 'J', 3)} each (latest {count})"
