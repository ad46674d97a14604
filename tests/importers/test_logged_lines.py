"""Lines of a system's journal and of Python's logging: the time stands before the host, the level or the logger."""

from itertools import pairwise

import pytest
from tool_log import load

WATTS = [12 + 0.31 * (i % 5) for i in range(40)]
ENERGY_J = pytest.approx(sum((a + b) / 2 for a, b in pairwise(WATTS)), rel=1e-3)


@pytest.mark.parametrize(
    "form",
    [
        "2025-03-04T10:00:{i:02d}+0100 host meter[1]: {w:.2f} W",
        "Mar  4 10:00:{i:02d} host meter[123]: power={w:.2f}W",
        "[2025-03-04 10:00:{i:02d},000] INFO meter: Power: {w:.2f} W, Voltage: 5.0V",
        "2025-03-04 10:00:{i:02d},000 - meter - INFO - power={w:.2f}W",
        "2025-03-04 10:00:{i:02d} [INFO] Power: {w:.2f} W",
    ],
)
def test_each_line_stands_at_its_own_time(tmp_path, form):
    lines = [form.format(i=i, w=w) for i, w in enumerate(WATTS)]
    log, energies, _ = load(tmp_path, "\n".join(lines) + "\n")
    assert log.format == "labelled" and list(energies.values()) == [ENERGY_J]


def test_an_offset_in_the_stamp_is_honoured(tmp_path):
    lines = [f"2025-03-04T10:00:{i:02d}+0100 host meter[1]: {w:.2f} W" for i, w in enumerate(WATTS)]
    log, _, _ = load(tmp_path, "\n".join(lines) + "\n")
    assert log.clock == "utc" and log.sources[0].ends_ns[0] % (86_400 * 10**9) == 9 * 3600 * 10**9


def test_lines_of_another_kind_are_counted(tmp_path):
    lines = [f"2025-03-04T10:00:{i:02d}+0100 host meter[1]: {w:.2f} W" for i, w in enumerate(WATTS)]
    lines[4] = "2025-03-04T10:00:04+0100 host meter[1]: lost 3 packets"
    log, _, _ = load(tmp_path, "\n".join(lines) + "\n")
    assert any("1 line holds no labelled value: passed over (line 5)" in str(note) for note in log.warnings)


def test_messages_of_the_same_logger_that_hold_no_reading_may_be_as_many(tmp_path):
    lines = [
        text
        for i, w in enumerate(WATTS)
        for text in (
            f"2025-03-04 10:00:{i:02d} INFO Starting epoch {i}",
            f"2025-03-04 10:00:{i:02d} INFO loss 0.{i}",
            f"2025-03-04 10:00:{i:02d} INFO power: {w:.2f} W",
        )
    ]
    log, energies, _ = load(tmp_path, "\n".join(lines) + "\n")
    assert log.format == "labelled" and list(energies.values()) == [ENERGY_J]
    assert any("80 lines hold no labelled value" in str(note) for note in log.warnings)
