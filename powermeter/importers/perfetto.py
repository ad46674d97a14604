"""Imports a phone's Perfetto trace: power rails, battery counters, energy estimates, and slices as events.

Power rails are running totals in microwatt-seconds since boot; the estimates of Android's energy consumers are a
model of the device.  Field numbers are those of Perfetto's protos.  The rails of a phone neither cover it nor
are they certainly disjoint, so they are never added up unasked: the battery is the whole where it was logged,
else `--rail` or `--sum` says what is.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.files import MAX_BYTES, Peek, open_bytes
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log
from powermeter.importers.perfetto_clocks import BOOTTIME, Clocks
from powermeter.importers.perfetto_rails import Battery, RailKey, Reading, log_of
from powermeter.importers.perfetto_slices import Slices
from powermeter.importers.protobuf import BYTES, VARINT, fields, message, real, signed, text, unsigned, varint

_MAX_PACKET = 512 << 20
_MAX_INDEX = 256
_FIELDS = {
    1,
    2,
    3,
    6,
    8,
    10,
    11,
    12,
    13,
    33,
    35,
    36,
    38,
    40,
    41,
    42,
    43,
    44,
    45,
    50,
    58,
    59,
    60,
    77,
    79,
    87,
    91,
    98,
    107,
    133,
}


class PerfettoTrace(Importer):
    name = "perfetto"
    title = "a Perfetto trace"
    takes = frozenset({"rail", "sum", "voltage"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if re.match(r"\s*packet\s*\{", peek.text) is not None:
            return True
        return peek.head[:1] == b"\n" and _looks_like_packets(peek.head)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        if re.match(r"\s*packet\s*\{", Peek.at(path).text) is not None:
            raise DataError(
                f"{path}: is the text form of a Perfetto trace, for reading; import the binary trace "
                "(.pftrace, .perfetto-trace)"
            )
        trace = Trace(path)
        try:
            for packet in _packets(path):
                trace.packet(packet)
        except DataError as error:
            if not trace.packets:
                raise DataError(f"{path}: no Perfetto trace: {error}") from None
            trace.cut = str(error)
        log = log_of(trace, cls.name, choices)
        offset = trace.clocks.utc_offset()
        log.clock = RELATIVE if offset is None else UTC
        return log


def _looks_like_packets(head: bytes) -> bool:
    """Return whether bytes are packets of a trace: every field one that packets have."""
    at = packets = 0
    try:
        while at < len(head) and packets < 20:
            if head[at] != 0x0A:
                return False
            length, at = varint(head, at + 1)
            whole = head[at : at + length]
            if len(whole) < length:  # the rest lies beyond the head
                return packets > 0
            if any(number not in _FIELDS and number < 900 and number > 130 for number, _, _ in fields(whole)):
                return False
            if not any(number in _FIELDS for number, _, _ in fields(whole)) and length:
                return False
            at += length
            packets += 1
    except DataError:
        return False
    return packets > 0


def _packets(path: Path) -> Iterator[bytes]:
    """Yield the packets of a trace file, compressed ones unpacked.

    Raises:
        DataError: The file is cut or not a trace.
    """
    with open_bytes(path) as stream:
        while tag := stream.read(1):
            if tag != b"\n":
                raise DataError("what stands between its packets is none")
            length = shift = 0
            while True:
                byte = stream.read(1)
                if not byte or shift > 63:
                    raise DataError("the last packet is cut")
                length |= (byte[0] & 0x7F) << shift
                shift += 7
                if byte[0] < 0x80:
                    break
            if length > _MAX_PACKET:
                raise DataError(f"a packet of {length >> 20} MiB is none")
            packet = stream.read(length)
            if len(packet) < length:
                raise DataError("the last packet is cut")
            yield from _unpacked(packet, 0)


def _unpacked(packet: bytes, depth: int) -> Iterator[bytes]:
    yield packet
    if depth > 2:
        return
    for number, kind, value in fields(packet):
        if number == 133:
            raise DataError(
                "its packets are packed with Zstandard, which is not read; record without compression"
            )
        if number != 50 or kind != BYTES:
            continue
        try:
            inflater = zlib.decompressobj()
            data = inflater.decompress(message(value), MAX_BYTES >> 2)
        except zlib.error as error:
            raise DataError(f"a compressed packet is damaged: {error}") from None
        for inner, kind_of_inner, own in fields(data):
            if inner == 1 and kind_of_inner == BYTES:
                yield from _unpacked(message(own), depth + 1)


@dataclass
class Trace:
    """What has been read of a trace.

    Attributes:
        names: Rail → (name, subsystem, samples per second).
        energies: Rail → readings of its counter in µJ, in the order of the trace.
        consumers: Energy consumer → its name; `estimates` its readings in µJ.
        batteries: Name → its readings.
        dropped: Packets that the phone says it lost.
    """

    path: Path
    packets: int = 0
    cut: str = ""
    dropped: int = 0
    odd_rails: int = 0
    clocks: Clocks = field(default_factory=Clocks)
    names: dict[RailKey, tuple[str, str, int]] = field(default_factory=dict)
    energies: dict[RailKey, list[Reading]] = field(default_factory=dict)
    consumers: dict[tuple[int, int], str] = field(default_factory=dict)
    estimates: dict[tuple[int, int], list[Reading]] = field(default_factory=dict)
    batteries: dict[str, list[Battery]] = field(default_factory=dict)
    slices: Slices = field(default_factory=Slices)
    _defaults: dict[int, int] = field(default_factory=dict)

    def packet(self, data: bytes) -> None:
        """Take in one packet.

        Raises:
            DataError: It is damaged.
        """
        self.packets += 1
        stamp: int | None = None
        clock: int | None = None
        machine = sequence = flags = 0
        inside: list[tuple[int, bytes]] = []
        for number, kind, value in fields(data):
            if number == 8 and kind == VARINT:
                stamp = unsigned(value)
            elif number == 58:
                clock = unsigned(value)
            elif number == 10:
                sequence = unsigned(value)
            elif number == 98:
                machine = unsigned(value)
            elif number == 13:
                flags = unsigned(value)
            elif number == 42:
                self.dropped += bool(value)
            elif kind == BYTES and number in (1, 6, 11, 12, 38, 40, 59, 60, 77, 107):
                inside.append((number, message(value)))
        if flags & 1:
            self._defaults.pop(sequence, None)
            self.slices.forget(sequence)
        for number, value in inside:
            if number == 59:
                default = next((unsigned(v) for n, _, v in fields(value) if n == 58), None)
                if default is not None:
                    self._defaults[sequence] = default
                self.slices.defaults(sequence, value)
            elif number == 6:
                self.clocks.snapshot(value, machine, sequence)
            elif number == 107:
                self.clocks.remote(value, machine)
        if clock is None:
            clock = self._defaults.get(sequence, BOOTTIME)
        when = None if stamp is None else self.clocks.boot(stamp, clock, machine, sequence)
        for number, value in inside:
            if number == 40:
                self._rails(value, when, machine)
            elif number == 77:
                self._estimates(value, when, machine)
            elif number == 38 and when is not None:
                self._battery(value, when)
            elif number in (11, 12, 60, 1):
                self.slices.add(number, value, when, sequence)

    def _rails(self, data: bytes, when: int | None, machine: int) -> None:
        session = next((unsigned(value) for number, _, value in fields(data) if number == 3), 0)
        for number, _, value in fields(data):
            if number == 1:
                index, name, subsystem, rate = 0, "", "", 0
                for inner, _, own in fields(message(value)):
                    if inner == 1:
                        index = unsigned(own)
                    elif inner == 2:
                        name = text(own)
                    elif inner == 3:
                        subsystem = text(own)
                    elif inner == 4:
                        rate = unsigned(own)
                self.names[machine, session, index] = name, subsystem, rate
            elif number == 2:
                index, energy, stamp = 0, None, when
                for inner, _, own in fields(message(value)):
                    if inner == 1:
                        index = unsigned(own)
                    elif inner == 2:
                        stamp = unsigned(own) * 1_000_000
                    elif inner == 3:
                        energy = unsigned(own)
                if index > _MAX_INDEX or stamp is None or stamp >= 2**62 or energy is None or energy >= 2**62:
                    self.odd_rails += 1
                    continue
                self.energies.setdefault((machine, session, index), []).append((stamp, energy))

    def _estimates(self, data: bytes, when: int | None, machine: int) -> None:
        identity, energy = 0, None
        for number, _, value in fields(data):
            if number == 1:
                for inner, _, consumer in fields(message(value)):
                    if inner != 1:
                        continue
                    own, name, kind = 0, "", ""
                    for field_, _, entry in fields(message(consumer)):
                        if field_ == 1:
                            own = signed(entry)
                        elif field_ == 3:
                            kind = text(entry)
                        elif field_ == 4:
                            name = text(entry)
                    self.consumers[machine, own] = name or kind
            elif number == 2:
                identity = signed(value)
            elif number == 3:
                energy = signed(value)
        if energy is not None and when is not None and 0 <= energy < 2**62:
            self.estimates.setdefault((machine, identity), []).append((when, energy))

    def _battery(self, data: bytes, when: int) -> None:
        found = Battery(when)
        for number, _, value in fields(data):
            if number == 1:
                found.charge_uah = signed(value)
            elif number == 2:
                found.percent = real(value)
            elif number == 3:
                found.current_ua = signed(value)
            elif number == 5:
                found.name = text(value, 40)
            elif number == 6:
                found.energy_uwh = signed(value)
            elif number == 7:
                found.voltage_uv = signed(value)
        self.batteries.setdefault(found.name, []).append(found)
