"""A shell's marks are early and late by what a command takes: the interval of an event pays for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter.analysis.energy import analyse
from powermeter.events import BY_COMMAND, Event
from powermeter.testing.simulation import NS
from tests.analysis.test_shares_of_overlapping import recording


def test_a_begin_by_command_may_be_early_and_its_end_off_by_half_a_tick() -> None:
    starts = [4 * NS + NS // 5 + k * NS // 2 for k in range(7)]
    events = [Event("s", start, start + 3 * NS // 10, uid=k + 1) for k, start in enumerate(starts)]
    usual = analyse(recording(events))
    shell = analyse(recording([replace(event, thread=BY_COMMAND) for event in events]))
    plain, wide = usual.energies.result(3), shell.energies.result(3)
    assert plain is not None and wide is not None
    assert wide.value == plain.value
    # 4 W for 7 ms too early (all alike), and for 3 ms at the end.
    variance = sum(part**2 for part in wide.parts.values()) - sum(part**2 for part in plain.parts.values())
    assert variance == pytest.approx(0.028**2 + 0.012**2, rel=0.05)
    total = shell.row("s").energy
    assert total is not None
    assert any(
        name.startswith("edges:") and part == pytest.approx(7 * 0.028) for name, part in total.parts.items()
    )


def test_events_that_a_program_marks_itself_keep_their_interval() -> None:
    events = [Event("s", 4 * NS, 5 * NS, thread=7), Event("t", 6 * NS, 6 * NS, thread=BY_COMMAND)]
    assert "edges" not in analyse(recording(events)).energies.shared
