"""Small logs of monitors on a desk or a plug, read without a question: zigbee2mqtt, s-tui, powerstat, flight controllers."""

import json

import pytest
from tool_log import load

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
