"""The clocks of a Perfetto trace: units and steps as its ClockSnapshot states them (protos/perfetto/trace/clock_snapshot.proto)."""

from __future__ import annotations

from protobuf_bytes import message

from powermeter.importers.perfetto_clocks import BOOTTIME, Clocks

BOOT = message((1, BOOTTIME), (2, 10**9))
OWN, SEQUENCE = 64, 7


def clocks(*fields: tuple[int, int]) -> Clocks:
    """Return what a snapshot states in which a sequence's own clock reads 5."""
    found = Clocks()
    found.snapshot(message((1, BOOT), (1, message((1, OWN), (2, 5), *fields))), 0, SEQUENCE)
    return found


def test_a_clock_of_microseconds_counts_a_thousand_nanoseconds() -> None:
    found = clocks((4, 1000))
    assert [found.boot(stamp, OWN, 0, SEQUENCE) for stamp in (5, 8)] == [10**9, 10**9 + 3000]
    assert clocks().boot(8, OWN, 0, SEQUENCE) == 10**9 + 3


def test_an_incremental_clock_counts_from_its_last_stamp() -> None:
    found = clocks((3, 1), (4, 1000))
    assert [found.boot(2, OWN, 0, SEQUENCE) for _ in range(3)] == [10**9 + n * 2000 for n in (1, 2, 3)]


def test_a_sequence_s_clock_is_no_other_sequence_s() -> None:
    found = clocks()
    assert found.boot(8, OWN, 0, SEQUENCE + 1) is None and found.unknown == 1
    assert found.boot(8, BOOTTIME, 0, SEQUENCE + 1) == 8
