"""The grammar of what macOS `powermetrics` prints: one block a sample, powers as means over its time: what it promises."""

from __future__ import annotations

import pytest

from powermeter.platforms.powermetrics import MAX_LINE, parse_block, parse_power

HEAD = "*** Sampled system activity (Fri Nov 10 12:37:08 2023 +0100) ({}ms elapsed) ***"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("CPU Power: 823 mW", ("CPU", 0.823)),
        ("Combined Power (CPU + GPU + ANE): 1172 mW", ("Combined", 1.172)),
        ("Package Power: 1.5 W", ("Package", 1.5)),
        ("Intel energy model derived package power (CPUs+GT+SA): 2.48W", ("Package", 2.48)),
        ("DRAM Power: 12 mW\r", ("DRAM", 0.012)),
        ("Battery Power: 12 mW", None),
        ("CPU Power: much", None),
        ("CPU Power: -5 mW", None),
        ("CPU Power: 5 mWh", None),
        ("CPU 0 frequency: 1392 MHz", None),
        ("x" * (MAX_LINE + 1), None),
    ],
)
def test_power_lines(line, expected):
    assert parse_power(line) == (expected if expected is None else (expected[0], pytest.approx(expected[1])))


def test_block_lines():
    assert parse_block(HEAD.format("104.51")) == ("Fri Nov 10 12:37:08 2023 +0100", 104.51)
    assert parse_block("**** Processor usage ****") is None
