"""A second log behind the first 64 KiB of a file is reported as one within them is, by the lines where it stands."""

import pytest

from powermeter.importers import open_log
from powermeter.importers.batterystats import BatteryStats
from powermeter.importers.other_table import two_logs

ESP = "".join(
    f"[14:{i // 60:02d}:{i % 60:02d}][D][sensor:094]: 'Power': Sending state {i % 90}.00000 W with 2 decimals of accuracy\n"
    for i in range(1800)
)
TEGRA = "".join(
    f"RAM {i}/7764MB (lfb 1x4MB) SWAP 0/3882MB CPU [1%@1] VDD_IN {i}mW/{i}mW\n" for i in range(900)
)


@pytest.mark.thorough
@pytest.mark.parametrize("many", [3, 900])
def test_a_second_log_far_below_is_reported(tmp_path, many):
    log = tmp_path / "two.log"
    below = TEGRA.splitlines(keepends=True)[:many]
    log.write_text(ESP + "".join(below))
    assert len(ESP) > 2 * (1 << 16) > 0 < len(below)
    (note,) = (note.text for note in open_log(log).warnings if note.code == "two-logs")
    assert f" and lines 1801 to {1800 + many} are" in note or many > 500
    log.write_text(ESP)
    assert not [note for note in open_log(log).warnings if note.code == "two-logs"]


def test_a_report_with_sections_ends_otherwise_than_it_begins(tmp_path):
    assert two_logs(ESP.splitlines(), TEGRA.splitlines()) and BatteryStats.has_sections
