"""The clocks of a Perfetto trace: everything is brought to the host's CLOCK_BOOTTIME by the trace's own snapshots."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from powermeter.importers.protobuf import fields, message, unsigned

REALTIME, MONOTONIC, BOOTTIME = 1, 3, 6

_SEQUENCE = range(64, 128)  # ids of clocks that belong to one packet sequence

Key = tuple[int, int, int]
"""(machine, sequence or 0, clock id)."""


@dataclass(slots=True)
class Clocks:
    """What the snapshots of a trace hold.

    Attributes:
        pairs: Clock → (its time, BOOTTIME of its machine), in the order of the trace.
        offsets: Machine → what is added to its BOOTTIME for the host's.
        unknown: Stamps of a clock that no snapshot names.
    """

    pairs: dict[Key, list[tuple[int, int]]] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    unknown: int = 0
    _units: dict[Key, tuple[int, bool]] = field(default_factory=dict)
    _running: dict[Key, int] = field(default_factory=dict)

    def snapshot(self, data: bytes, machine: int, sequence: int) -> None:
        """Take in a ClockSnapshot."""
        found = _clocks(data)
        boot = next((stamp for clock, stamp, *_ in found if clock == BOOTTIME), None)
        for clock, stamp, unit, is_incremental in found:
            key = _key(machine, sequence, clock)
            self._units[key] = unit, is_incremental
            self._running[key] = stamp * unit
            if boot is not None:
                self.pairs.setdefault(key, []).append((stamp * unit, boot))

    def remote(self, data: bytes, machine: int) -> None:
        """Take in a RemoteClockSync of a machine."""
        for number, _, value in fields(data):
            if number != 1:
                continue
            ends: dict[int, int] = {}
            for inner, _, clocks in fields(message(value)):
                boot = [stamp for clock, stamp, *_ in _clocks(message(clocks)) if clock == BOOTTIME]
                if inner in (2, 3) and boot:
                    ends[inner] = boot[0]
            if len(ends) == 2:
                self.offsets[machine] = ends[3] - ends[2]

    def boot(self, stamp: int, clock: int, machine: int, sequence: int) -> int | None:
        """Return the machine's BOOTTIME of a stamp, or None where its clock is not known."""
        if clock == BOOTTIME:
            return stamp
        key = _key(machine, sequence, clock)
        unit, is_incremental = self._units.get(key, (1, False))
        stamp *= unit
        if is_incremental:
            stamp += self._running[key]
            self._running[key] = stamp
        pairs = self.pairs.get(key)
        if not pairs:
            self.unknown += 1
            return None
        at = max(bisect_right(pairs, (stamp, 2**63)) - 1, 0)
        return stamp - pairs[at][0] + pairs[at][1]

    def host(self, boot_ns: int, machine: int) -> int:
        """Return the host's BOOTTIME of a machine's."""
        return boot_ns + self.offsets.get(machine, 0)

    def utc_offset(self) -> int | None:
        """Return what is added to the host's BOOTTIME for nanoseconds since 1970, or None."""
        pairs = self.pairs.get((0, 0, REALTIME))
        return pairs[0][0] - pairs[0][1] if pairs else None


def _key(machine: int, sequence: int, clock: int) -> Key:
    return machine, sequence if clock in _SEQUENCE else 0, clock


def _clocks(data: bytes) -> list[tuple[int, int, int, bool]]:
    """Return (id, stamp, nanoseconds per unit, whether incremental) of a snapshot's clocks."""
    found = []
    for number, _, value in fields(data):
        if number != 1:
            continue
        clock = stamp = 0
        unit, is_incremental = 1, False
        for inner, _, own in fields(message(value)):
            if inner == 1:
                clock = unsigned(own)
            elif inner == 2:
                stamp = unsigned(own)
            elif inner == 3:
                is_incremental = bool(own)
            elif inner == 4:
                unit = max(unsigned(own), 1)
        found.append((clock, stamp, unit, is_incremental))
    return found
