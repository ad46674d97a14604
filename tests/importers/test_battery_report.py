"""`powercfg /batteryreport /xml`: what left the battery of a Windows machine in each stretch of use."""

from __future__ import annotations

import pytest

from powermeter import analyse
from powermeter.errors import DataError
from powermeter.importers import convert, open_log

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<BatteryReport xmlns="http://schemas.microsoft.com/battery/2012">\n<RecentUsage>\n'


def entry(minute, mwh, ac=0, minutes=10, divider=" "):
    """A stretch of use; powercfg counts durations in 100 ns."""
    stamp = f"2024-03-12T{14 + minute // 60}:{minute % 60:02d}:00Z"
    parts = [f'Timestamp="{stamp}"', f'Duration="{minutes * 60 * 10**7}"', f'Ac="{ac}"', 'EntryType="Active"']
    return divider.join(["<UsageEntry", *parts, f'Discharge="{mwh}"', "/>\n"])


def report(tmp_path, *entries):
    path = tmp_path / "battery-report.xml"
    path.write_text(f"{HEAD}{''.join(entries)}</RecentUsage>\n</BatteryReport>\n")
    return path


@pytest.mark.parametrize("divider", [" ", "\n  "])
def test_what_left_the_battery_is_counted_once(tmp_path, divider):
    """Six times 900 mWh are 19 440 J; the last entry is the moment of the report."""
    entries = [entry(10 * i, 900, divider=divider) for i in range(6)]
    path = report(tmp_path, *entries, entry(60, 0, minutes=0))
    assert convert(path, tmp_path / "o.power").format == "battery-report"
    energy = analyse(tmp_path / "o.power").energy
    assert energy.value == pytest.approx(6 * 0.9 * 3600)


def test_stretches_at_the_mains_are_counted_and_left_out(tmp_path):
    log = open_log(
        report(tmp_path, *(entry(10 * i, -300 if i == 3 else 900, ac=int(i == 3)) for i in range(9)))
    )
    (note,) = [note for note in log.warnings if note.code == "battery-not-in-use"]
    assert str(note).startswith("1 stretch at the mains left out")


def test_nothing_is_counted_while_the_mains_supply(tmp_path):
    """Eleven times 900 mWh; two hours at the mains between them, one behind them."""
    used = [entry(10 * i, 900) for i in range(6)], [entry(180 + 10 * i, 900) for i in range(5)]
    path = report(
        tmp_path, *used[0], entry(60, -500, ac=1, minutes=120), *used[1], entry(230, 0, ac=1, minutes=60)
    )
    convert(path, tmp_path / "o.power")
    found = analyse(tmp_path / "o.power")
    assert found.energy.value == pytest.approx(11 * 0.9 * 3600)
    assert (found.end_ns - found.start_ns) * 1e-9 == pytest.approx(230 * 60)


def test_a_report_of_a_machine_at_the_mains_holds_no_use(tmp_path):
    with pytest.raises(DataError, match=r"no stretch of use from the battery .*2 stretches at the mains"):
        open_log(report(tmp_path, entry(0, 0, ac=1), entry(10, -5, ac=1)))
