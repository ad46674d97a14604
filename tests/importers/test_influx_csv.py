"""InfluxDB's annotated CSV: series that follow each other become columns."""

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError, DataError

HEAD = (
    "#group,false,false,true,true,false,false,true,true,{groups}\r\n"
    "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,{kinds}\r\n"
    "#default,_result,,,,,,,,\r\n,result,table,_start,_stop,_time,_value,_field,_measurement,{tags}\r\n"
)
SPAN = "2025-11-27T09:00:00Z,2025-11-27T11:00:00Z"


def series(number, value, field, measurement, tags, step=1.0, count=10):
    return "".join(
        f",,{number},{SPAN},2025-11-27T10:00:{f'{i * step:06.3f}'.removesuffix('.000')}Z,{value(i)},{field},{measurement},{tags}\r\n"
        for i in range(count)
    )


def plain(*parts):
    return HEAD.format(groups="true", kinds="string", tags="host") + "".join(parts)


FIELDS = plain(
    series(0, lambda i: 0.2, "current", "meter", "pi"),
    series(1, lambda i: 1.0 + i, "power", "meter", "pi"),
    series(2, lambda i: 5.0, "voltage", "meter", "pi"),
    series(3, lambda i: 41.0, "temperature", "meter", "pi"),
)


def test_fields_become_columns_and_their_units_are_asked_for(tmp_path):
    with pytest.raises(ConfigurationError, match="--column power=W") as error:
        load(tmp_path, FIELDS)
    assert "table" not in str(error.value).partition(": the file")[2]
    log, energies, _ = load(tmp_path, FIELDS, columns={"power": "W", "current": "-", "voltage": "-"})
    assert log.format == "influx-csv" and log.clock == "utc"
    assert energies == {"input": pytest.approx(9 * 5.5)}


def test_stamps_with_and_without_a_fraction_are_in_order(tmp_path):
    """Half seconds: as text, 10:00:00.500Z stands before 10:00:00Z."""
    text = plain(series(0, lambda i: i, "power_W", "meter", "pi", 0.5))
    log, energies, _ = load(tmp_path, text)
    assert energies == {"input": pytest.approx(0.5 * 40.5)}
    assert not any("order" in note for note in log.warnings)


def test_hosts_are_rails(tmp_path):
    text = plain(
        *(
            series(i, lambda _, w=w: w, "power_W", "m", host)
            for i, (host, w) in enumerate((("gpu0", 10), ("gpu1", 20)))
        )
    )
    _, energies, headline = load(tmp_path, text)
    assert energies["gpu0"] == pytest.approx(90) and energies["gpu1"] == pytest.approx(180)
    assert energies[headline] == pytest.approx(270)


def test_fields_of_different_times_are_no_table(tmp_path):
    text = plain(
        series(0, lambda i: 5.0, "voltage_V", "m", "pi"), series(1, lambda i: 1.0, "power_W", "m", "pi", 0.25)
    )
    with pytest.raises(DataError, match=r"query one of them: \|> filter"):
        load(tmp_path, text)


def test_home_assistants_states_hold_and_one_entity_is_taken(tmp_path):
    """4 W for 20 s, then 6 W until the last state of any entity, 40 s after the first."""
    text = "\r\n".join(
        HEAD.format(groups="true,true", kinds="string,string", tags="domain,entity_id") + part
        for part in (
            series(0, lambda i: 4.0 + i, "value", "W", "sensor,plug_power", 20, 3),
            series(1, lambda i: 1.0 + i * 1e-4, "value", "kWh", "sensor,plug_energy", 20, 3),
        )
    )
    with pytest.raises(ConfigurationError, match=r"--rail sensor\.plug_power"):
        load(tmp_path, text)
    _, energies, _ = load(tmp_path, text, rail="sensor.plug_power")
    assert energies == {"plug": pytest.approx(20 * 4 + 20 * 5)}


def test_without_numbers_there_is_no_power(tmp_path):
    with pytest.raises(DataError, match="holds no number"):
        load(tmp_path, plain(series(0, lambda i: "on", "state", "m", "pi")))


def test_a_clock_set_back_within_a_table_is_refused_with_its_line(tmp_path):
    """Ten rows from 10:05 on and ten from 10:00 on are 18 steps; sorted they would be one stretch of 309 s."""
    later = series(0, lambda i: 1, "power_W", "meter", "pi").replace("T10:00:", "T10:05:")
    text = plain(later, series(0, lambda i: 1, "power_W", "meter", "pi"))
    with pytest.raises(DataError, match="run back by 5 min 09 s at line 15: a clock was set"):
        load(tmp_path, text)
    for two in (plain(later) + plain(series(0, lambda i: 1, "power_W", "meter", "pi")),):
        log, _, _ = load(tmp_path, two)  # two answers, the later one first: a hole between them
        assert [gap.end_ns - gap.start_ns for gap in log.sources[0].gaps] == [291 * 10**9]


def test_a_value_at_a_time_that_another_one_had_is_counted(tmp_path):
    again = series(0, lambda i: 1 + (i == 3), "power_W", "meter", "pi")
    log, energies, _ = load(tmp_path, plain(series(0, lambda i: 1, "power_W", "meter", "pi")) + plain(again))
    assert energies == {"input": pytest.approx(10)}
    assert [note for note in log.warnings if "1 value stands" in note.text and "line 22)" in note.text]


def test_of_a_history_of_home_assistant_only_values_of_electric_units_are_read(tmp_path):
    """Beside 4 to 6 W a room's 21 °C, a count without a unit, and the text of another field as a number."""
    text = "\r\n".join(
        HEAD.format(groups="true,true", kinds="string,string", tags="domain,entity_id") + part
        for part in (
            series(0, lambda i: 4.0 + i, "value", "W", "sensor,plug_power", 20, 3),
            series(1, lambda i: 21.0, "value", "°C", "sensor,room", 20, 3),
            series(2, lambda i: 3.0, "value", "clicks", "sensor,button", 20, 3),
            series(3, lambda i: 9.0, "friendly_value", "W", "sensor,other_power", 20, 3),
        )
    )
    _, energies, _ = load(tmp_path, text)
    assert list(energies.values()) == [pytest.approx(20 * 4 + 20 * 5)]
