"""Small logs of monitors on a desk or a plug, read without a question: zigbee2mqtt, s-tui, powerstat, flight controllers."""

import json

import pytest
from tool_log import load

from powermeter import importers
from powermeter.errors import ConfigurationError, DataError
from powermeter.result import Grade


def published(second, topic="plug", **values):
    payload = json.dumps({"linkquality": 120, "state": "ON", **values})
    return f"[2025-11-27 10:00:{second:02d}] info: \tz2m:mqtt: MQTT publish: topic 'zigbee2mqtt/{topic}', payload '{payload}'\n"


@pytest.mark.parametrize(
    "head", ["[2025-11-27 10:00:{s:02d}] info: \tz2m:mqtt: MQTT", "info  2025-11-27 10:00:{s:02d}: MQTT"]
)
def test_what_zigbee2mqtt_printed(tmp_path, head):
    """4 W, then 5 W …, at the times of its lines; a thermometer beside the plug has no power."""
    plug = '{head} publish: topic \'zigbee2mqtt/plug\', payload \'{{"current":0.02,"linkquality":120,"power":{w},"voltage":231}}\'\n'
    room = "{head} publish: topic 'zigbee2mqtt/room', payload '{{\"linkquality\":90,\"temperature\":21.5}}'\n"
    text = "".join(
        plug.format(head=head.format(s=s), w=4 + s % 2) + room.format(head=head.format(s=s))
        for s in range(0, 45, 5)
    )
    _, energies, _ = load(tmp_path, text)
    assert energies == {"plug": pytest.approx(40 * 4.5)}


def test_two_plugs_of_zigbee2mqtt_are_told_apart(tmp_path):
    text = "".join(published(s, "lamp", power=4) + published(s, "fridge", power=60) for s in range(0, 50, 5))
    _, energies, _ = load(tmp_path, text, add_up=True)
    assert sorted(round(joules) for joules in energies.values()) == [180, 2700, 2880]


STUI = (
    "Time,Util:Avg,Core 0:Util,Frequency:Avg,Temp:Package id 0,Power:package-0,"
    '"Power:core,Pkg0","Power:dram,Pkg0",Power:package-1,"Power:core,Pkg1","Power:dram,Pkg1"\n'
)


def test_s_tui_counts_packages_and_memories_and_no_core_twice(tmp_path):
    """Means over the second before each row: 10 s of 12.5 + 1.5 + 10 + 1 W."""
    text = STUI + "".join(
        f"2025-11-27_10:00:{i:02d},11,10,2400,45.0,12.5,6.1,1.5,10.0,5.0,1.0\n" for i in range(10)
    )
    log, energies, headline = load(tmp_path, text, "s.csv")
    assert energies[headline] == pytest.approx(250.0)
    assert log.sources[0].channels[0].grade is Grade.MEASURED


def test_powerstats_summary_is_no_row(tmp_path):
    """Six means of 10 s each: 300 J; six rows under them are no reason to refuse it."""
    rule = "-------- ----- ----- ----- ----- ----- ------\n"
    text = "Running for 60.0 seconds (6 samples at 10.0 second intervals).\n\n  Time    User  Nice   Sys  Idle    IO  Watts\n"
    text += (
        "".join(f"10:0{(i + 1) // 6}:{(i + 1) % 6}0   1.0   0.0   0.5  98.5   0.0   5.00\n" for i in range(6))
        + rule
    )
    text += (
        "".join(
            f" {name}   1.0   0.0   0.5  98.5   0.0   5.00\n" for name in ("Average", "GeoMean", "StdDev")
        )
        + rule
    )
    text += (
        "".join(f" {name}   1.0   0.0   0.5  98.5   0.0   5.00\n" for name in ("Minimum", "Maximum")) + rule
    )
    text += "Summary:\nSystem:   5.00 Watts on average with standard deviation 0.00\n"
    _, energies, _ = load(tmp_path, text)
    assert energies == {"input": pytest.approx(300.0)}


@pytest.mark.parametrize(
    "header",
    ["time_s,voltage (cV),current (cA)", "time_s,voltage_cV,current_cA", "time_s,vbat[cV],amperage[cA]"],
)
def test_hundredths_of_volts_and_amperes(tmp_path, header):
    """5 V · 0.2 A for 9 s."""
    _, energies, _ = load(tmp_path, f"{header}\n" + "".join(f"{i},500,20\n" for i in range(10)), "f.csv")
    assert list(energies.values()) == [pytest.approx(9.0)]


def test_perf_stat_in_json(tmp_path):
    record = {"counter-value": "20.5", "unit": "Joules", "event": "power/energy-pkg/", "pcnt-running": 100.0}
    text = "".join(json.dumps({"interval": i + 1.0, **record}) + "\n" for i in range(10))
    log, energies, _ = load(tmp_path, text)
    assert log.format == "perf-stat" and energies == {"package": pytest.approx(205)}


def termux(current, status):
    record = {"health": "GOOD", "percentage": 80, "status": status, "temperature": 28.0, "current": current}
    return json.dumps(record, indent=2) + "\n"


def test_a_phones_battery_that_counts_what_flows_out_as_negative(tmp_path):
    """0.5 A at 4 V for 10 s; documents that follow each other, of several lines each."""
    said = {"period_s": 1.0, "columns": {"current": "uA"}, "voltage_v": 4.0}
    log, energies, _ = load(tmp_path, termux(-500_000, "DISCHARGING") * 11, **said)
    assert list(energies.values()) == [pytest.approx(20)]
    assert any(note.code == "sign-turned" for note in log.warnings)
    with pytest.raises(ConfigurationError, match="charges in 1 reading "):
        load(tmp_path, termux(-500_000, "DISCHARGING") * 11 + termux(300_000, "CHARGING"), **said)


def test_a_current_that_is_never_positive_is_read_aloud(tmp_path):
    log, energies, _ = load(
        tmp_path, "time_s,V (V),I (A)\n" + "".join(f"{i},4,-0.5\n" for i in range(11)), "n.csv"
    )
    assert list(energies.values()) == [pytest.approx(-20)]
    assert any(note.code == "all-negative" for note in log.warnings)


def test_a_letter_at_the_end_of_a_name_yields_to_the_units_in_its_cells(tmp_path):
    """`rack A` in kW is no current."""
    text = '"Time","rack A","rack B"\n' + "".join(
        f"2025-11-27 10:00:{i:02d},1.25 kW,{'950 W' if i % 2 else '1.05 kW'}\n" for i in range(11)
    )
    _, energies, _ = load(tmp_path, text, "g.csv", add_up=True)
    assert energies["rack A"] == pytest.approx(12_500) and energies["rack B"] == pytest.approx(10_000)


def test_a_shelly_of_the_first_generation_and_its_unix_time(tmp_path):
    text = "".join(
        json.dumps(
            {
                "unixtime": 1764237600 + 60 * i,
                "meters": [{"power": 12.5, "is_valid": True, "total": 1000 + 12 * i}],
            }
        )
        + "\n"
        for i in range(11)
    )
    with pytest.raises(ConfigurationError, match=r"--column meters\.0\.power=W") as error:
        load(tmp_path, text)
    assert "unixtime" not in str(error.value)
    assert list(load(tmp_path, text, columns={"meters.0.power": "W"})[1].values()) == [pytest.approx(7500)]


def test_a_history_of_iobroker_asks_for_the_unit_of_its_value(tmp_path):
    text = json.dumps(
        [
            {"val": 12.5, "ack": True, "ts": 1764237600000 + i * 1000, "q": 0, "from": "system"}
            for i in range(11)
        ]
    )
    with pytest.raises(ConfigurationError, match="--column val=W"):
        load(tmp_path, text)
    assert list(load(tmp_path, text, unit="W")[1].values()) == [pytest.approx(125)]


def test_intel_pcm_counts_the_system_once(tmp_path):
    head = "System,System,System,System,Socket 0,Socket 1\nDate,Time,Proc Energy (Joules),DRAM Energy (Joules),Proc Energy (Joules),Proc Energy (Joules)\n"
    text = head + "".join(f"2025-11-27,10:00:{i:02d}.000,30.0,5.0,20.0,10.0\n" for i in range(10))
    _, energies, headline = load(tmp_path, text, "p.csv", add_up=True)
    assert energies[headline] == pytest.approx(350)


def test_a_multimeter_by_sigrok(tmp_path):
    path = tmp_path / "s.txt"
    path.write_text("".join(f"P1: 0.5{i % 10} A DC AUTO\n" for i in range(11)))
    log = importers.open_log(path, choices=importers.Choices(period_s=1.0))
    assert log.sources[0].channels[0].quantity.value == "current"


def test_a_stream_of_ve_direct_is_named(tmp_path):
    with pytest.raises(DataError, match=r"VE\.Direct.*--column V=mV --column I=mA"):
        load(tmp_path, "PID\t0xA389\nV\t12800\nI\t-1500\nP\t-19\nSOC\t987\nChecksum\tx\n" * 11)


def test_windows_counters_are_in_milliwatts_and_a_plug_of_kasa_is_of_the_mains(tmp_path):
    head = r'"(PDH-CSV 4.0)","\\PC\Power Meter(Power Meter (0))\Power","\\PC\Energy Meter(RAPL_Package0_PKG)\Power"'
    text = head + "\n" + "".join(f'"09/14/2025 10:00:{i:02d}.123","12000.0","7000.0"\n' for i in range(11))
    _, energies, headline = load(tmp_path, text, "counters.csv")
    assert headline == "system" and energies == pytest.approx({"system": 120.0, "package0": 70.0})


def test_a_setting_of_a_supply_is_no_reading(tmp_path):
    text = "time_s,Vset(V),Iset(A),Vout(V),Iout(A)\n" + "".join(f"{i},5,3,4.0,0.5\n" for i in range(11))
    assert load(tmp_path, text, "psu.csv")[1]["out"] == pytest.approx(20.0)


def test_a_stamp_that_states_the_end_of_its_interval_too(tmp_path):
    text = "Date Time,Power (W)\n" + "".join(f"14.09.2025 10:0{i}:00 - 10:0{i + 1}:00,20\n" for i in range(8))
    _, energies, headline = load(tmp_path, text, "prtg.csv")
    assert energies[headline] == pytest.approx(20 * 480)  # eight rows of a minute each


def test_powerjoular_of_one_process_is_a_mean_of_a_model(tmp_path):
    text = "Date,CPU Utilization,CPU Power\n" + "".join(
        f"2024-11-02 19:17:{i:02d},0.08,3.0\n" for i in range(11)
    )
    log, energies, headline = load(tmp_path, text, "powerjoular.csv-58538.csv")
    assert log.sources[0].channels[0].grade is Grade.ESTIMATED and energies[headline] == pytest.approx(33.0)


def test_a_total_so_far_is_beside_the_readings_and_does_not_keep_rows_from_being_spread(tmp_path):
    text = "Timestamp,Power (W),Energy So Far (Joules)\n" + "".join(
        f"2025-08-29T11:15:{i // 5:02d},{2 if i % 5 == 4 else 1},{i * 0.1:.1f}\n" for i in range(200)
    )
    _, energies, headline = load(tmp_path, text, "e.csv")
    assert set(energies) == {headline} and energies[headline] == pytest.approx(1.2 * 39, rel=0.02)
