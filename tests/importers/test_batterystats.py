"""Android's batterystats: what left the battery."""

import pytest

from powermeter import importers
from powermeter.analysis.integral import Integral
from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.recording import Recording
from powermeter.result import Grade
from powermeter.signals.rails import lines

HISTORY = """Battery History (0% used):
                    0 (15) RESET:TIME: 2026-05-01-10-00-00
                    0 (2) 100 status=discharging health=good plug=none volt=4200 charge=3000
         +10m00s000ms (2) 099 volt=4100 charge=2960
       +1h00m00s000ms (2) 097 volt=4000 charge=2900
"""


TOTALS = """Statistics since last charge:
  Time on battery: 1h 0m 0s 0ms (99.9%) realtime, 20m 1s 5ms (33%) uptime
  Estimated power use (mAh):
    Capacity: 3500, Computed drain: 90, actual drain: 95.0-105
"""


def charge_of(tmp_path, text):
    path = _write(tmp_path, text)
    log = importers.convert(path, tmp_path / "o.power", force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        return log, float(Integral.of(lines(recording)[0].current()).running[-1])


def test_batterystats_counts_what_left_the_battery(tmp_path):
    log, charge = charge_of(tmp_path, HISTORY)
    assert log.clock == "utc" and log.sources[0].ends_ns[1] - log.sources[0].ends_ns[0] == 3600 * 10**9
    assert charge == pytest.approx(360.0)


def test_a_voltage_that_is_not_printed_yet_is_missing(tmp_path):
    first = HISTORY.replace(" volt=4200", "")
    log, _ = charge_of(tmp_path, first)
    (rows,) = log.sources
    volts = dict(zip((c.name for c in rows.channels), rows.codes, strict=True))["battery.voltage"]
    assert list(volts) == [MISSING, 4100, 4000]


def test_without_a_date_a_history_begins_at_0(tmp_path):
    undated = "".join(line for line in HISTORY.splitlines(keepends=True) if "RESET:TIME" not in line)
    (rows,) = charge_of(tmp_path, undated)[0].sources
    assert [int(t) // 10**9 for t in rows.times_ns] == [0, 600, 3600] and int(rows.times_ns[0]) == 0


def test_batterystats_totals_are_estimated(tmp_path):
    log, charge = charge_of(tmp_path, TOTALS)
    assert charge == pytest.approx(360.0)
    assert {c.grade for c in log.sources[0].channels} == {Grade.ESTIMATED}
    with pytest.raises(DataError, match="--reset"):
        importers.open_log(_write(tmp_path, "Statistics since last charge:\n  nothing\n"))


def _write(tmp_path, text):
    path = tmp_path / "x.txt"
    path.write_text(text)
    return path


def test_a_voltage_in_the_history_is_not_asked_for(tmp_path):
    for name, text in (("with", HISTORY), ("without", HISTORY.replace("volt=", "v="))):
        path = tmp_path / f"{name}.txt"
        path.write_text(text)
        codes = [note.code for note in importers.open_log(path).warnings]
        assert ("voltage-needed" in codes) is (name == "without")
