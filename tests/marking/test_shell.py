"""When a mark of a shell script counts."""

from __future__ import annotations

import time

import pytest

from powermeter.errors import ConfigurationError
from powermeter.marking import ring, shell


def test_a_begin_counts_from_when_it_is_left_and_any_other_from_when_its_command_was_started() -> None:
    before = time.monotonic_ns()
    assert shell.moment("begin", None) == (None, ring.MONOTONIC)
    for kind in ("end", "instant"):
        at_ns, clock = shell.moment(kind, None)
        assert clock == ring.MONOTONIC and at_ns is not None and at_ns < before


@pytest.mark.parametrize("kind", ["begin", "end", "instant"])
@pytest.mark.parametrize(
    ("typed", "at_ns", "clock"),
    [
        ("81234567890", 81_234_567_890, ring.MONOTONIC),
        ("1750000000.25", 1_750_000_000_250_000_000, ring.UTC),
        ("1750000000,000001", 1_750_000_000_000_001_000, ring.UTC),
    ],
)
def test_a_typed_time_counts_for_any_mark(kind: str, typed: str, at_ns: int, clock: int) -> None:
    assert shell.moment(kind, typed) == (at_ns, clock)


@pytest.mark.parametrize("typed", ["soon", "1.2.3", "-5", "", "1" * 41])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(ConfigurationError, match="EPOCHREALTIME"):
        shell.moment("end", typed)
