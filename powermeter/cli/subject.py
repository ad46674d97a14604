"""What `budget`, `footprint` and `lifetime` talk about: a recording, a label in it, or numbers typed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from powermeter.errors import ConfigurationError
from powermeter.result import Grade, Result, combine
from powermeter.units import parse_duration, parse_quantity

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Subject:
    """What was measured, or typed in; None where not known.

    Attributes:
        title: As printed.
        energy, charge: Of the whole, in J and C.
        power, current: Mean, in W and A.
        per_item: Energy of one item in J; `per_item_charge` in C.
        items: Number of items.
        item: What an item is called.
        duration_s: Of the whole.
        rail_voltage_v: Measured mean voltage of the rail, where there is one.
        analysis: Of the recording.
        clock: (monotonic ns, UTC ns) pairs of the recording.
        metadata: Of the recording.
    """

    title: str
    energy: Result | None = None
    charge: Result | None = None
    power: Result | None = None
    current: Result | None = None
    per_item: Result | None = None
    per_item_charge: Result | None = None
    items: int | None = None
    item: str = "inferences"
    duration_s: float | None = None
    rail_voltage_v: float | None = None
    analysis: Any = None
    clock: Sequence[tuple[int, int]] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def options(command: Command) -> Command:
    """Add the options that say what is talked about."""
    for option in (
        click.option(
            "--label", "-l", metavar="NAME", help="Count only events of this label; items are theirs."
        ),
        click.option(
            "--rail", metavar="NAME", help="The rail to count; the best stand-in for the battery otherwise."
        ),
        click.option("--baseline", metavar="WHAT", help="Subtract watts (2.1W) or an idle event's power."),
        click.option(
            "--energy", metavar="ENERGY", help="Without a recording: energy, for example 12Wh or 3kJ."
        ),
        click.option("--power", metavar="POWER", help="Without a recording: mean power, for example 2.85W."),
        click.option(
            "--current", metavar="CURRENT", help="Without a recording: mean current, for example 0.57A."
        ),
        click.option(
            "--duration", "-d", metavar="TIME", help="Without a recording: how long, for example 8h."
        ),
        click.option(
            "--items",
            type=click.FloatRange(min=0, min_open=True),
            metavar="N",
            help="How many items that was.",
        ),
    ):
        command = option(command)
    return command


def find(
    path: Path | None,
    *,
    label: str | None,
    rail: str | None,
    baseline: str | None,
    energy: str | None,
    power: str | None,
    current: str | None,
    duration: str | None,
    items: float | None,
    rail_voltage: str | None = None,
) -> Subject:
    """Return the subject of a command.

    Raises:
        ConfigurationError: Neither a recording nor numbers were given, or both, or the label is not there.
    """
    volts = None if rail_voltage is None else parse_quantity(rail_voltage, "V", bare=False)
    typed = {"--energy": energy, "--power": power, "--current": current, "--duration": duration}
    given = [name for name, value in typed.items() if value is not None]
    if path is None:
        if not given:
            raise ConfigurationError("give a recording, or --energy, --power or --current")
        return _typed(energy, power, current, duration, items, volts)
    if given:
        raise ConfigurationError(f"{given[0]} is for use without a recording; {path} was given too")
    return _recorded(path, label, rail, baseline, volts, items)


def find_all(paths: Sequence[Path], **chosen: Any) -> Subject:
    """Return the subject of one recording, of several added up, or of numbers.

    What several recordings share (the gain of one meter) stays shared in their sum.

    Raises:
        ConfigurationError: As `find`.
    """
    if len(paths) < 2:
        return find(paths[0] if paths else None, **chosen)
    if len(set(paths)) != len(paths):
        raise ConfigurationError("the same recording is given twice")
    each = [find(path, **chosen) for path in paths]
    energies = [one.energy for one in each if one.energy is not None]
    whole = Subject(
        f"{len(each)} recordings: {', '.join(path.name for path in paths)}",
        combine([(1.0, energy) for energy in energies]),
    )
    whole.duration_s = sum(one.duration_s or 0.0 for one in each)
    whole.metadata = each[0].metadata
    if chosen.get("label") is not None and whole.energy is not None:
        whole.items, whole.item = sum(one.items or 0 for one in each), each[0].item
        whole.per_item = whole.energy.scaled(1 / whole.items) if whole.items else None
    return whole


def _typed(
    energy: str | None,
    power: str | None,
    current: str | None,
    duration: str | None,
    items: float | None,
    volts: float | None,
) -> Subject:
    def result(text: str | None, unit: str) -> Result | None:
        if text is None:
            return None
        value = parse_quantity(text, unit, bare=False)
        if value <= 0:
            raise ConfigurationError(f"{text!r} must be above zero")
        return Result.of(value, unit, {}, Grade.ASSUMED)

    seconds = None if duration is None else parse_duration(duration)
    found = Subject(
        "numbers typed in",
        result(energy, "J"),
        None,
        result(power, "W"),
        result(current, "A"),
        duration_s=seconds,
        rail_voltage_v=volts,
    )
    if seconds:
        if found.energy is None and found.power is not None:
            found.energy = found.power.scaled(seconds, "J")
        if found.current is not None:
            found.charge = found.current.scaled(seconds, "C")
        if found.power is None and found.energy is not None:
            found.power = found.energy.scaled(1 / seconds, "W")
    if items and found.energy is not None:
        found.per_item, found.items = found.energy.scaled(1 / items), int(items)
    if items and found.charge is not None:
        found.per_item_charge, found.items = found.charge.scaled(1 / items), int(items)
    return found


def _recorded(
    path: Path,
    label: str | None,
    rail: str | None,
    baseline: str | None,
    volts: float | None,
    items: float | None,
) -> Subject:
    from powermeter.analysis.energy import analyse
    from powermeter.recording import Recording

    with ExitStack() as stack:
        recording = stack.enter_context(Recording.open(path))
        analysis = analyse(recording, rail=rail, baseline=baseline)
        clock = list(recording.clock_pairs())
        metadata = dict(recording.metadata)
    seconds = (analysis.end_ns - analysis.start_ns) / 1e9
    found = Subject(
        path.name,
        analysis.energy,
        analysis.charge,
        analysis.power,
        duration_s=seconds,
        analysis=analysis,
        clock=clock,
        metadata=metadata,
        notes=list(analysis.notes),
    )
    if label is None and len(analysis.rows) == 1:
        row = analysis.rows[0]
    elif label is not None:
        row = row_of(analysis, label)
    else:
        row = None
    if baseline is not None and analysis.above is not None:
        found.energy, found.charge = analysis.above, None
    if row is not None:
        above = baseline is not None and row.above_per_item is not None
        found.per_item = row.above_per_item if above else row.energy_per_item
        found.per_item_charge = None if above else row.charge_per_item
        found.items, found.item = row.items, row.label
        if label is not None:
            found.title = f"{path.name}, {row.title}"
            found.energy, found.charge = (row.above, None) if above else (row.energy, row.charge)
            found.power, found.duration_s = row.power, row.seconds
    if items is not None and found.energy is not None:
        found.items, found.per_item = int(items), found.energy.scaled(1 / items)
        found.per_item_charge = None if found.charge is None else found.charge.scaled(1 / items)
    if volts is not None and found.charge is not None and found.charge.grade is not Grade.MEASURED:
        found.charge = found.per_item_charge = None  # derived with another voltage than the one given
    if found.charge is not None and found.duration_s:
        found.current = found.charge.scaled(1 / found.duration_s, "A")
    found.rail_voltage_v = volts if volts is not None else _voltage(analysis)
    return found


def row_of(analysis: Any, label: str) -> Any:
    """Return the one row of a label.

    Raises:
        ConfigurationError: There is none, or several.
    """
    found = [row for row in analysis.rows if label in (row.label, row.title)]
    if not found:
        known = ", ".join(dict.fromkeys(row.label for row in analysis.rows)) or "none"
        raise ConfigurationError(f"no event {label!r} in the recording; it has {known}")
    if len(found) > 1:
        raise ConfigurationError(f"several rows are labelled {label!r}; name one as {found[0].title!r}")
    return found[0]


def _voltage(analysis: Any) -> float | None:
    """Return the mean measured voltage of the rail, or None."""
    if analysis.charge is not None and analysis.charge.value > 0:
        return float(analysis.energy.value / analysis.charge.value)
    return None
