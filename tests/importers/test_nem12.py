"""NEM12 of Australian meters: a day in each row, times of Eastern Standard Time."""

import pytest

from powermeter import analyse
from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.importers import Choices, convert, open_log

HEAD = "100,NEM12,202503150000,MDP,RET\n"


def day(date, value, quality="A", count=48):
    return f"300,{date},{','.join([str(value)] * count)},{quality},,,20250318000000,\n"


def register(suffix="E1", unit="kWh", minutes=30):
    return f"200,6407000000,E1B1,1,{suffix},N1,METER1,{unit},{minutes},\n"


def read(tmp_path, text, **said):
    path = tmp_path / "meter.csv"
    path.write_text(HEAD + text + "900\n")
    return convert(path, tmp_path / "o.power", choices=Choices(**said), force=True)


def test_each_interval_ends_half_an_hour_later_in_eastern_standard_time(tmp_path):
    log = read(tmp_path, register() + day("20250314", "0.5") + day("20250315", "0.25"))
    start, end = log.sources[0].ends_ns
    assert start == 1741874400_000_000_000  # 2025-03-13T14:00Z, midnight of the 14th at +10:00
    assert end - start == 48 * 3600 * 10**9
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx((24 + 12) * 3.6e6)
    assert log.facts["whole"]["rail"] == "6407000000E1"


def test_what_is_fed_in_or_reactive_is_no_use(tmp_path):
    text = register() + day("20250314", "0.5") + register("B1") + day("20250314", "9")
    log = read(tmp_path, text + register("Q1", "kVArh") + day("20250314", "9"))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(24 * 3.6e6)
    assert any("6407000000 B1 (kWh), 6407000000 Q1 (kVArh)" in str(note) for note in log.warnings)


def test_two_registers_add_up_and_each_can_be_chosen(tmp_path):
    text = register() + day("20250314", "0.5") + register("E2", "Wh", 15) + day("20250314", "100", count=96)
    log = read(tmp_path, text)
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx((24 + 9.6) * 3.6e6)
    assert log.facts["whole"]["why"] == "the sum of 6407000000E1, 6407000000E2"
    read(tmp_path, text, rail="6407000000E2")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(9600 * 3600)


def test_intervals_without_data_are_missing_and_estimates_are_counted(tmp_path):
    text = register() + day("20250314", "0.5", "V") + "400,1,40,A,,\n400,41,44,N,,\n400,45,48,S14,32,\n"
    log = read(tmp_path, text)
    assert any("4 intervals of substituted" in str(note) for note in log.warnings)
    codes = [int(code) for block in log.sources[0].blocks() for code in block.codes[:, 0]]
    assert codes.count(MISSING) == 4


def test_a_day_without_data_is_missing_whatever_stands_in_it(tmp_path):
    log = read(tmp_path, register() + day("20250314", "9", "N") + day("20250315", "0.25"))
    codes = [int(code) for block in log.sources[0].blocks() for code in block.codes[:, 0]]
    assert codes.count(MISSING) == 48
    assert not any("substituted" in str(note) for note in log.warnings)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (register() + "300,20250314,0.5,0.5,A,,,\n", "line 3: a day of 30 min has 48 values"),
        (register() + day("99991231", "1"), "line 3: a day of 30 min"),
        (register("B1") + day("20250314", "1"), "no register of energy taken from the grid"),
    ],
)
def test_what_is_not_whole_is_refused(tmp_path, text, what):
    path = tmp_path / "meter.csv"
    path.write_text(HEAD + text)
    with pytest.raises(DataError, match=what):
        open_log(path)
