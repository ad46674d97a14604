"""Which columns of a table count for their rails, and which of them are the whole's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Boundary, Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import column_kinds
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.column_store import Store
from powermeter.importers.table_plan import Planned
from powermeter.importers.table_rows import Stream
from powermeter.importers.total_by_readings import Readings
from powermeter.importers.whole_or_sum import Whole, decide
from powermeter.importers.whole_question import FEWEST_READINGS, Mean, Span
from powermeter.result.notes import Note


def readings_beside(columns: Sequence[Planned], seen_of: Sequence[Statistics]) -> tuple[set[int], list[Note]]:
    """Return the columns that are kept beside their rail and not used for it, and the notes on them.

    They are running totals beside readings of the same rail, and second readings of one quantity.
    """
    spare = set()
    notes: list[Note] = []
    for i, column in enumerate(columns):
        if column.rail is None or column.quantity not in column_kinds.TOTALS:
            continue
        readings = [
            other
            for j, other in enumerate(columns)
            if other.rail == column.rail and seen_of[j].count and other.quantity not in column_kinds.TOTALS
        ]
        beside = {other.quantity for other in readings}
        if (
            Quantity.POWER in beside
            or ({Quantity.VOLTAGE, Quantity.CURRENT} <= beside and not _are_means(column, readings))
            or (column.quantity is Quantity.CHARGE and Quantity.CURRENT in beside)
        ):
            spare.add(i)
    seen: set[tuple[str, Quantity]] = set()
    for i, column in enumerate(columns):
        if column.rail is None or i in spare or not seen_of[i].count:
            continue
        if (column.rail, column.quantity) in seen:
            spare.add(i)
            text = f"{column.heading.text!r} is another reading of {column.rail}: kept beside it"
            notes.append(Note.info("kept-beside", text))
        seen.add((column.rail, column.quantity))
    return spare, notes


def _are_means(column: Planned, readings: Sequence[Planned]) -> bool:
    """Return whether an energy stands beside mean voltages and mean currents, whose product is no mean power."""
    return column.quantity is Quantity.ENERGY and all(other.heading.is_mean for other in readings)


def counted_columns(
    columns: Sequence[Planned], spare: set[int], seen_of: Sequence[Statistics], where: str
) -> list[Planned]:
    """Return the columns that count for a rail and hold numbers.

    Raises:
        DataError: They are voltages alone.
    """
    counted = [c for i, c in enumerate(columns) if c.rail is not None and i not in spare and seen_of[i].count]
    if counted and all(column.quantity is Quantity.VOLTAGE for column in counted):
        empty = [
            c.heading.text for c, seen in zip(columns, seen_of, strict=True) if c.rail and not seen.count
        ]
        raise DataError(
            f"{where}: {', '.join(map(repr, empty))} hold no number, and of a voltage alone comes no power"
        )
    return counted


def means_of_rails(streams: Sequence[Stream], seen_of: Sequence[Statistics]) -> Mapping[str, Mean]:
    """Return the mean power of the first readings of each rail, or the energy that its counter counts in them; of a voltage and a current their product."""
    found: dict[str, Mean] = {}
    factors: dict[str, dict[Quantity, float]] = {}
    for stream in streams:
        assert stream.channel is not None
        rail = stream.channel.rail
        seen = seen_of[int(stream.column[1:])]
        if rail is None or not seen.head or stream.device is not None:
            continue
        head = np.array(seen.head)
        head = head[np.abs(head) <= stream.limit]
        if stream.channel.quantity is Quantity.POWER and len(head):
            found[rail.name] = stream.channel.value_of(head.mean()) or 0.0, "W"
        elif stream.as_ == "counter" and stream.channel.quantity is Quantity.ENERGY and len(head) > 1:
            found[rail.name] = float(head[-1] - head[0]) * stream.channel.scale, "J"
        elif stream.channel.quantity in (Quantity.VOLTAGE, Quantity.CURRENT) and len(head):
            mean = stream.channel.value_of(np.abs(head).mean()) or 0.0
            factors.setdefault(rail.name, {})[stream.channel.quantity] = mean
    products = {name: (math.prod(both.values()), "W") for name, both in factors.items() if len(both) > 1}
    return products | found


def spans_of_rails(streams: Sequence[Stream], seen_of: Sequence[Statistics]) -> Mapping[str, Span]:
    """Return what nine in ten of the first readings of each rail's power exceed, and what one in ten does."""
    found: dict[str, Span] = {}
    for stream in streams:
        channel = stream.channel
        head = np.array(seen_of[int(stream.column[1:])].head)
        head = head[np.abs(head) <= stream.limit]
        if (
            channel is not None
            and channel.rail is not None
            and channel.quantity is Quantity.POWER
            and stream.device is None
            and len(head) >= FEWEST_READINGS
        ):
            low, high = np.quantile(head, (0.1, 0.9)) * (channel.value_of(1.0) or 0.0)
            found[channel.rail.name] = float(low), float(high)
    return found


def refuse_unpaired(streams: Sequence[Stream], whole: Whole, where: str) -> None:
    """Refuse a whole of a current with nothing to make a power of it, where another rail has one: that would be counted in its place.

    Raises:
        ConfigurationError: It is one, or a sum with one.
    """
    measured: dict[str, set[Quantity]] = {}
    for stream in streams:
        channel = stream.channel
        if channel is not None and channel.rail is not None:
            stated = set() if channel.rail.nominal_v is None else {Quantity.VOLTAGE}
            measured.setdefault(channel.rail.name, set()).update({channel.quantity}, stated)
    counted = {
        name for name in measured if name == whole.headline or whole.rails[name].parent == whole.headline
    }
    if not whole.is_sum:
        counted &= {whole.headline}
    lacking = [name for name in measured if name in counted and not _makes_power(measured[name])]
    others = len(counted) > 1 if whole.is_sum else any(map(_makes_power, measured.values()))
    if not lacking or not others:
        return
    listed = ", ".join(map(repr, lacking[:8]))
    raise ConfigurationError(
        f"{where}: {whole.headline} would be counted, and of {listed} there {'is' if len(lacking) == 1 else 'are'} a current and no voltage: "
        "state the column of its voltage with --column NAME=V (or mV), the supply's with --voltage 12V where all have one, or leave the column "
        "of the current out with --column NAME=-"
    )


def _makes_power(found: set[Quantity]) -> bool:
    return not found.isdisjoint((Quantity.POWER, Quantity.ENERGY)) or (
        Quantity.VOLTAGE in found and not found.isdisjoint((Quantity.CURRENT, Quantity.CHARGE))
    )


def parents_in_device(columns: Sequence[Planned], where: str) -> Mapping[str | None, str]:
    """Return which of the rails that every device has is measured inside another: the memory of a card inside its board.

    Args:
        columns: Those that count for a rail.
        where: The file, for messages.

    Raises:
        ConfigurationError: Their names do not show it.
    """
    named = {column.rail: column for column in reversed(columns) if column.rail is not None}
    names = sorted(named, key=lambda name: named[name].index)
    if len(names) < 2:
        return {}
    try:
        whole = decide([Rail(name, None, Boundary.BOARD, "") for name in names], where=where)
    except ConfigurationError:
        beside = any(column.quantity is Quantity.POWER for column in named.values())
        totals = [name for name in names if beside and named[name].quantity is Quantity.ENERGY]
        first = named[(totals or names)[0]]
        typed = quote(f"{first.heading.text or first.index + 1}=-")
        raise ConfigurationError(
            f"{where}: each device has {', '.join(names[:8])}, and their names do not show which is a part of another: leave those columns "
            f"out, for example --column {typed}, or state --sum where none is"
        ) from None
    return {name: rail.parent for name, rail in whole.rails.items() if rail.parent in named and rail.parent}


_QUANTITIES = (Quantity.POWER, Quantity.ENERGY, Quantity.CURRENT)
_ROWS = 1 << 20
_ROUNDS = 4096


def readings_of_devices(
    streams: Sequence[Stream], store: Store, round_of_row: NDArray[np.int32] | None
) -> Readings:
    """Return what each device's rail reads in the first rounds: power, what its counter has counted, or current."""
    if round_of_row is None or "key" not in store:
        return {}
    stop = min(store.rows, _ROWS)
    rounds, keys = round_of_row[:stop], store.part("key", 0, stop)
    kept = (rounds >= 0) & (rounds < _ROUNDS)
    count = int(rounds[kept].max(initial=-1)) + 1
    found: dict[str, NDArray[np.float64]] = {}
    for stream in sorted(streams, key=lambda s: _rank(s.channel)):
        channel = stream.channel
        if channel is None or channel.rail is None or _rank(channel) == len(_QUANTITIES):
            continue
        if channel.rail.name in found or stream.as_ == "level":
            continue
        own = kept & (keys == stream.device)
        values = np.full(count, np.nan)
        values[rounds[own]] = channel.in_si(stream.clean(store.part(stream.column, 0, stop)[own]))
        known = values[np.isfinite(values)]
        found[channel.rail.name] = values - known[0] if stream.as_ == "counter" and known.size else values
    return found


def _rank(channel: Channel | None) -> int:
    known = channel is not None and channel.quantity in _QUANTITIES
    return _QUANTITIES.index(channel.quantity) if known and channel is not None else len(_QUANTITIES)


def headline_of(streams: Sequence[Stream], whole: Whole) -> list[Stream]:
    """Return the streams of the rail that is the whole, and of its parts."""
    names = {
        name for name, rail in whole.rails.items() if name == whole.headline or rail.parent == whole.headline
    }
    return [
        s
        for s in streams
        if s.channel is not None and s.channel.rail is not None and s.channel.rail.name in names
    ]
