"""Loops over programs that print a report: a row each, at the times of `date` or at a rate."""

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError, DataError

DATE = "Thu Nov 27 10:00:{i:02d} UTC 2025\n"
SDR = "Pwr Consumption  | 22{w} Watts         | ok\nCPU1 Temp        | 40 degrees C      | ok\n"
ELIST = "Pwr Consumption  | 77h | ok  |  7.1 | 22{w} Watts\nFan1 | 30h | ok | 7.1 | 3000 RPM\n"
SENSOR = (
    "PS1 Input Power  | 11{w}.000   | Watts      | ok    | na        | na        | na\n"
    "PS2 Input Power  | 90.000     | Watts      | ok    | na        | na        | na\n"
    "CPU1 Temp        | 40.000     | degrees C  | ok    | na        | na        | na\n"
)
GPUSTAT = (
    "node  Thu Nov 27 10:00:{i:02d} 2025  535.54\n"
    "[0] NVIDIA A100 | 45'C,  12 % | 12{w} / 400 W |   100 / 40960 MB | user(1M)\n"
    "\x1b[36m[1]\x1b[m NVIDIA A100 | 45'C,  12 %, 100 / 400 W |   100 / 40960 MB |\n"
)
SCAPHANDRE = (
    "Host:\t2{w}.5 W from package core dram\n\tpackage \tcore\t\tdram\nSocket0\t18 W |\t10 W\t2.5 W\t\n\n"
    'Top 5 consumers:\nPower\t\tPID\tExe\n1.5 W\t123\t"firefox"\n----------\n\n'
)
PMIC = (
    "   3V3_SYS_A current(1)=0.20000000A\n   VDD_CORE_A current(7)=1.0{w}000000A\n"
    "   3V3_SYS_V volt(9)=3.30000000V\n   VDD_CORE_V volt(15)=0.80000000V\n      EXT5V_V volt(24)=5.10000000V\n"
)
UPOWER = (
    "  native-path:          BAT0\n  power supply:         yes\n  battery\n    state:               {state}\n"
    "    energy:              40.5 Wh\n    energy-full:         50.2 Wh\n    energy-rate:         8.{w} W\n    percentage: 80%\n\n"
)


def loop(form, count=11, head=""):
    return "".join((head + form).format(i=i, w=i % 2, state="discharging") for i in range(count))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("form", "joules"),
    [(SDR, 2204.5), (ELIST, 2204.5), (SCAPHANDRE, 209.5), (PMIC, 14.6 + 0.8 * 0.045), (UPOWER, 80.45)],
)
def test_reports_at_the_times_of_date_and_at_a_rate(tmp_path, form, joules):
    """Ten seconds of a value that goes up and down by one in its last digit: the mean of its two values, less half an end."""
    middle = joules + (0.5 if "W" in form and joules > 200 else 0.05 if form is UPOWER else 0.8 * 0.005)
    for text, said in ((loop(form, head=DATE), {}), (loop(form), {"period_s": 1.0})):
        log, energies, headline = load(tmp_path, text, **said)
        assert log.format == "printed-reports"
        assert energies[headline] == pytest.approx(middle, rel=1e-9)


def test_without_times_a_rate_is_asked_for(tmp_path):
    with pytest.raises(ConfigurationError, match=r"scaphandre stdout prints no times.*--rate 2s"):
        load(tmp_path, loop(SCAPHANDRE))


def test_power_supplies_are_asked_about_and_cards_add_up(tmp_path):
    with pytest.raises(ConfigurationError, match="--sum"):
        load(tmp_path, loop(SENSOR, head=DATE))
    assert load(tmp_path, loop(SENSOR, head=DATE), add_up=True)[1]["PS2 Input"] == pytest.approx(900)
    log, energies, headline = load(tmp_path, loop(GPUSTAT))
    assert energies[headline] == pytest.approx(10 * 220.5) and energies["gpu1"] == pytest.approx(1000)
    assert not any("said" in note for note in log.warnings)


def test_the_outputs_of_the_pis_chip_are_not_the_board(tmp_path):
    log, _, _ = load(tmp_path, loop(PMIC), period_s=1.0)
    assert any("not its own loss" in note for note in log.warnings)


def test_a_battery_that_charges_is_a_gap_or_refused(tmp_path):
    charging = UPOWER.format(w=0, state="charging")
    log, _, _ = load(tmp_path, loop(UPOWER) + charging * 5 + loop(UPOWER), period_s=1.0)
    assert any(note.code == "charging-left-out" for note in log.warnings)
    with pytest.raises(DataError, match="never discharges"):
        load(tmp_path, charging * 5, period_s=1.0)


def test_one_report_is_one_reading(tmp_path):
    with pytest.raises(DataError, match="one report of ipmitool's sensors is one reading"):
        load(tmp_path, SDR.format(w=0))


def test_the_order_of_a_date_that_is_asked_for_may_be_typed(tmp_path):
    text = "".join(
        f"09/11/2025 10:00:{i:02d} AM\nPwr Consumption  | 10.000  | Watts  | ok\n" for i in range(11)
    )
    with pytest.raises(ConfigurationError, match="--dates dmy"):
        load(tmp_path, text)
    _, energies, headline = load(tmp_path, text, dates="mdy")
    assert energies[headline] == pytest.approx(100)


def test_a_report_without_its_time_among_others_is_left_out_and_counted(tmp_path):
    report = "Pwr Consumption  | 10.000  | Watts  | ok\n"
    text = report + "".join(f"2025-09-11 10:00:{i:02d}\n{report}" for i in range(11))
    log, energies, headline = load(tmp_path, text)
    assert energies[headline] == pytest.approx(100)
    assert any("no usable time" in str(note) for note in log.warnings)


def _upower(at, battery, watts):
    return [
        f"Device: /org/freedesktop/UPower/devices/battery_{battery}",
        f"  native-path:          {battery}",
        f"  updated:              Fri 14 Mar 2025 09:{at:02d}:00 AM UTC (3 seconds ago)",
        "    state:               discharging",
        f"    energy-rate:         {watts} W",
    ]


def test_upower_states_when_a_battery_was_read(tmp_path):
    """10, 12 and 14 W a minute apart: 12 W × 120 s; a second battery of 2 W, read a minute earlier, stands in the same reports."""
    one = [line for i in range(3) for line in _upower(20 + i, "BAT0", 10 + 2 * i)]
    assert load(tmp_path, "\n".join(one), "one.log")[1] == {"BAT0": pytest.approx(1440)}
    reports = ((*_upower(20 + i, "BAT0", 10 + 2 * i), *_upower(19 + i, "BAT1", 2)) for i in range(3))
    both = [line for report in reports for line in report]
    energies = load(tmp_path, "\n".join(both), "both.log", add_up=True)[1]
    assert energies["BAT0"] == pytest.approx(1440) and energies["BAT1"] == pytest.approx(240)
