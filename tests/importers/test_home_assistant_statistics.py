"""Home Assistant's long-term statistics: means and sums of hours that are stamped with their start."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, convert
from powermeter.importers.files import Peek
from powermeter.importers.home_assistant_statistics import HomeAssistantStatistics

HEAD = "statistic_id,unit_of_measurement,start,mean,min,max,state,sum\n"


def read(tmp_path, text, **said):
    path = tmp_path / "statistics.csv"
    path.write_text(text)
    log = convert(path, tmp_path / "o.power", choices=Choices(**said), force=True)
    assert log.format == "home-assistant-statistics"
    return log, analyse(tmp_path / "o.power").energy


def hours(unit, cells, name="sensor.plug", count=6, skip=()):
    kept = [h for h in range(count) if h not in skip]
    return "".join(
        f"{name},{unit},2025-03-14 {h:02d}:00:00,{cells.format(h=h, w=100 + h, s=5 + h / 2)}\n" for h in kept
    )


def test_the_unit_of_the_file_counts_and_a_mean_is_of_the_hour_that_begins(tmp_path):
    log, energy = read(tmp_path, HEAD + hours("W", "{w},90,900,,"))
    assert energy.value == pytest.approx(sum(range(100, 106)) * 3600)
    start, end = log.sources[0].ends_ns
    assert (end - start) / 3.6e12 == 6 and log.sources[0].ends_ns[0] // 10**9 == 1741910400


def test_a_sum_counts_and_the_state_that_resets_does_not(tmp_path):
    log, energy = read(tmp_path, HEAD + hours("kWh", ",,,0.{h},{s}"))
    assert energy.value == pytest.approx(2.5 * 3.6e6)
    # A sum is of the end of its hour.
    assert [ns / 3.6e12 - 1741910400 / 3600 for ns in log.sources[0].ends_ns] == [1, 6]


def test_a_mean_of_five_minutes_is_a_twelfth_of_an_hours_energy(tmp_path):
    """1.2 kW over half an hour."""
    rows = "".join(f"sensor.plug,W,2025-03-14 00:{m:02d}:00,1200,,,,\n" for m in range(0, 30, 5))
    assert read(tmp_path, HEAD + rows)[1].value == pytest.approx(1200 * 1800)


@pytest.mark.parametrize(
    "start",
    ["2025-03-14T{h:02d}:00:00+01:00", "2025-03-13T{before}:00:00Z", "{ms}"],
    ids=["zone", "utc", "ms"],
)
def test_a_start_is_of_its_zone_or_milliseconds_since_1970(tmp_path, start):
    """From midnight of 14 March 2025 in Berlin on, 23:00 of the 13th in UTC."""
    at = [start.format(h=h, before=23, ms=1741906800000 + 3600000 * h) for h in range(3)]
    at[1:] = [text.replace("13T23", f"14T{h:02d}") for h, text in enumerate(at[1:])]
    log, _ = read(tmp_path, HEAD + "".join(f"sensor.plug,W,{text},100,,,,\n" for text in at))
    assert [ns / 10**9 for ns in log.sources[0].ends_ns] == [1741906800, 1741906800 + 3 * 3600]


def test_means_without_a_unit_are_asked_about_in_watts(tmp_path):
    rows = "".join(f"{i},12,{1741910400 + 3600 * i},90,,,,\n" for i in range(5))
    with pytest.raises(ConfigurationError, match="--unit W "):
        read(tmp_path, "id,metadata_id,start_ts,mean,min,max,state,sum\n" + rows)


def test_an_hour_that_is_not_there_is_missing(tmp_path):
    log, energy = read(tmp_path, HEAD + hours("kW", "1,,,,", count=9, skip=(4,)))
    assert any("missing values" in str(note) for note in log.warnings)
    assert energy.value == pytest.approx(9 * 3.6e6, rel=0.13)


def test_the_databases_own_table_has_no_unit_and_is_asked_about_once(tmp_path):
    text = "id,created_ts,metadata_id,start_ts,mean,min,max,last_reset_ts,state,sum\n" + "".join(
        f"{i},1,12,{1741910400 + 3600 * i},,,,,{500 + i},{100 + i}\n" for i in range(5)
    )
    with pytest.raises(ConfigurationError, match="--unit kWh"):
        read(tmp_path, text)
    assert read(tmp_path, text, unit="kWh")[1].value == pytest.approx(4 * 3.6e6)


def _raw(ids):
    return "id,metadata_id,start_ts,mean,min,max,state,sum\n" + "".join(
        f"{i},{sensor},{1741910400 + 3600 * i},,,,,{100 + sensor * i}\n" for i in range(5) for sensor in ids
    )


def test_of_several_sensors_without_a_unit_one_message_asks_for_unit_and_sensor(tmp_path):
    """Sums of gas and water were taken for electricity by one `--unit kWh`."""
    for stated in ({}, {"unit": "kWh"}):
        with pytest.raises(ConfigurationError, match="--unit kWh --rail 3, or --sum"):
            read(tmp_path, _raw([3, 7]), **stated)
    log, energy = read(tmp_path, _raw([3, 7]), unit="kWh", rail="3")
    assert energy.value == pytest.approx(12 * 3.6e6)
    assert "unit-stated" in {note.code for note in log.warnings}
    assert read(tmp_path, _raw([3, 7]), unit="kWh", add_up=True)[1].value == pytest.approx(40 * 3.6e6)


@pytest.mark.parametrize("unit", ["kWh", ""])
def test_gas_is_not_electricity(tmp_path, unit):
    text = HEAD + hours("kWh", ",,,,{s}") + hours(unit, ",,,,{w}", name="sensor.gas_consumption")
    _, energy = read(tmp_path, text, **({} if unit else {"unit": "kWh"}))
    assert energy.value == pytest.approx(2.5 * 3.6e6)
    alone = HEAD + hours(unit, ",,,,{w}", name="sensor.gas_consumption")
    with pytest.raises(DataError, match=r"no sensor of power or energy .*gas_consumption"):
        read(tmp_path, alone, unit="kWh")


@pytest.mark.parametrize("name", ["sensor.heat_pump_energy", "sensor.water_heater_energy"])
def test_what_heats_by_electricity_is_counted(tmp_path, name):
    """A heat pump was left out, as heat is, and a fridge beside it was the whole."""
    text = HEAD + hours("kWh", ",,,,{w}", name=name)
    assert read(tmp_path, text)[1].value == pytest.approx(5 * 3.6e6)
    beside = (
        text
        + hours("kWh", ",,,,{s}", name="sensor.fridge")
        + hours("kWh", ",,,,{w}", name="sensor.gas_boiler")
    )
    assert read(tmp_path, beside, add_up=True)[1].value == pytest.approx(7.5 * 3.6e6)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (hours("°C", "21,20,22,,"), "no sensor of power or energy"),
        ("sensor.x,W,yesterday,1,,,,\n", "line 2: no row of Home Assistant's statistics"),
        ("sensor.x,W,1e300,1,,,,\n", "line 2: no row"),
        ("sensor.x,W,9999-12-31 23:00:00,1,,,,\n", "line 2: no row"),
        ("sensor.x,W,2025-03-14 00:00:00,1,,,,\nsensor.x,W,2025-03-15 00:00:00,1,,,,\n", "86400 s apart"),
    ],
)
def test_what_is_none_is_refused(tmp_path, text, what):
    with pytest.raises(DataError, match=what):
        read(tmp_path, HEAD + text)


@pytest.mark.parametrize(
    ("head", "is_it"),
    [
        ("statistic_id,unit_of_measurement,start,mean", True),
        ("statistic_id,unit_of_measurement,start,sum", True),
        ("unit_of_measurement,start,mean", False),  # of no sensor
        ("statistic_id,unit_of_measurement,mean", False),  # of no time
        ("statistic_id,unit_of_measurement,start,state", False),  # nothing that counts
    ],
)
def test_a_table_is_home_assistants_by_sensor_start_and_what_it_counts(tmp_path, head, is_it):
    path = tmp_path / "table.csv"
    path.write_text(f"{head}\nsensor.plug,W,2025-03-14 00:00:00,100\n")
    assert HomeAssistantStatistics.recognises(Peek.at(path)) == is_it
