"""Imports a phone's Perfetto trace: power rails, battery counters, energy estimates, and slices as events.

Power rails are running totals in microwatt-seconds since boot; the estimates of Android's energy consumers are a
model of the device.  Field numbers are those of Perfetto's protos.  The rails of a phone neither cover it nor
are they certainly disjoint, so they are never added up unasked: the battery is the whole where it was logged,
else `--rail` or `--sum` states what is.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.files import MAX_BYTES, Peek, open_bytes
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log
from powermeter.importers.perfetto_rails import log_of
from powermeter.importers.perfetto_trace import TraceFile
from powermeter.importers.protobuf import BYTES, fields, message, varint

_MAX_PACKET = 512 << 20
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
        return peek.head[:1] == b"\n" and looks_like_packets(peek.head)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        if re.match(r"\s*packet\s*\{", Peek.at(path).text) is not None:
            raise DataError(
                f"{path}: is the text form of a Perfetto trace, for reading; import the binary trace "
                "(.pftrace, .perfetto-trace)"
            )
        trace = TraceFile(path)
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


def looks_like_packets(head: bytes) -> bool:
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
    budget = [MAX_BYTES]
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
            yield from _unpacked(packet, 0, budget)


def _unpacked(packet: bytes, depth: int, budget: list[int]) -> Iterator[bytes]:
    """Yield a packet and those packed in it; `budget` holds how many bytes may still come out of packing."""
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
            data = inflater.decompress(message(value), min(MAX_BYTES >> 2, budget[0] + 1))
        except zlib.error as error:
            raise DataError(f"a compressed packet is damaged: {error}") from None
        budget[0] -= len(data)
        if budget[0] < 0:
            raise DataError(f"more than {MAX_BYTES >> 20} MiB unpacked")
        for inner, kind_of_inner, own in fields(data):
            if inner == 1 and kind_of_inner == BYTES:
                yield from _unpacked(message(own), depth + 1, budget)
