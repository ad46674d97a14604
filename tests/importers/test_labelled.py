"""Labelled values as sketches, ESP-IDF and meters print them."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert

FORMS = {
    "ESP-IDF": lambda i: (
        f"I ({i * 1000 + 17}) INA219: Bus voltage: 5.000 V, current: 400.0 mA, power: {2000 + i % 2} mW\n"
    ),
    "a stamp in brackets": lambda i: (
        f"[2026-03-05 14:00:{i:02d}] V=5.0V I=0.4A P={2 + i % 2 / 1000}W PF=0.61\n"
    ),
    "an arrow": lambda i: (
        f"14:00:{i:02d}.000 -> Voltage: 5.00 V\n14:00:{i:02d}.001 -> Power: {2000 + i % 2} mW\n"
    ),
}


def load(tmp_path, text, **said):
    path = tmp_path / "log.txt"
    path.write_text(text)
    log = convert(path, tmp_path / "o.power", choices=Choices(**said), force=True)
    return log, analyse(tmp_path / "o.power").energy.value


@pytest.mark.parametrize("form", FORMS)
def test_several_values_on_a_line_and_their_time(tmp_path, form):
    log, joules = load(tmp_path, "".join(map(FORMS[form], range(21))))
    assert log.format == "labelled"
    assert joules == pytest.approx(40.01, rel=1e-4)


def test_a_serial_plotter_is_asked_for_what_it_leaves_open_and_its_times_are_no_power(tmp_path):
    text = "".join(f"{i * 500}\tV:5.00\tI:400.0\tP:{2000 + i % 2}.0\n" for i in range(21))
    with pytest.raises(ConfigurationError, match=r"--column time=ms .*--column I=mA --column P=mW"):
        load(tmp_path, text)
    said = {"time": "ms", "I": "mA", "P": "mW"}
    assert load(tmp_path, text, columns=said)[1] == pytest.approx(20.005, rel=1e-4)


def test_a_time_on_a_line_of_its_own_is_that_of_the_block_behind_it(tmp_path):
    text = "".join(
        f"2025-09-14 10:00:{i:02d}\nCurrent Battery Service state:\n  USB powered: false\n  status: 3\n  level: 80\n  voltage: 4000\n  current now: -500000\n"
        for i in range(21)
    )
    with pytest.raises(ConfigurationError, match="--column voltage=mV --column 'current now=uA'"):
        load(tmp_path, text)
    log, joules = load(tmp_path, text, columns={"voltage": "mV", "current now": "uA"})
    assert log.format == "labelled" and joules == pytest.approx(40, rel=1e-6)


def test_a_list_in_yaml_is_labelled_lines(tmp_path):
    text = "".join(f"- time: {1757844000 + i}\n  power_w: {5 + i % 2}\n" for i in range(21))
    assert load(tmp_path, text)[1] == pytest.approx(110)


@pytest.mark.parametrize(
    "line",
    [
        "\x1b[0;32mI ({ms}) ina226: bus 5000 mV, current 100 mA, power 500 mW\x1b[0m",
        "\x1b[32m[{s}] P=0.5 W\x1b[0m",
        "[{s}] V=5.0V I=100mA",
    ],
)
def test_lines_of_a_monitor_with_colours(tmp_path, line):
    """0.5 W over 10 s."""
    path = tmp_path / "m.txt"
    path.write_text("".join(line.format(ms=500 + i * 1000, s=f"{i}.000") + "\n" for i in range(11)))
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(5.0)


def test_a_unit_in_words_behind_a_time_and_a_label(tmp_path):
    text = "".join(
        f"2025-03-14T09:26:{i:02d}+01:00     Instantaneous power reading:      {230 + i % 2} Watts\n"
        for i in range(11)
    )
    log, joules = load(tmp_path, text)
    assert log.format == "labelled" and joules == pytest.approx(2305, rel=1e-3)


def test_a_time_with_a_colon_and_a_reading(tmp_path):
    text = "".join(f"{1741946400 + t}.500: 12.5 W\n" for t in range(9))
    _, joules = load(tmp_path, text)
    assert joules == pytest.approx(8 * 12.5)


def test_a_value_on_the_line_below_its_time_and_name(tmp_path):
    text = "".join(f"2025-03-14 10:00:{t:02d}: SOM total power\n :     {5000 + t % 2} mW\n" for t in range(9))
    _, joules = load(tmp_path, text)
    assert joules == pytest.approx(8 * 5.0005, rel=1e-4)
