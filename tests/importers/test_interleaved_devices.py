"""Rows of several devices in one log that do not stamp together: split by what distinguishes them, or asked about, never averaged."""

import json

import pytest

from powermeter.analysis.energy import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log

# One device of 60 W every 1 s, another of 35 W every 1.37 s: 95 W while both are read.
READINGS = sorted(
    [(1000 * i, 0, 60 + i % 3) for i in range(40)] + [(400 + 1370 * i, 1, 34 + i % 3) for i in range(29)]
)
NAMES = {
    "mac": ("AA:BB:CC:00:11:01", "AA:BB:CC:00:11:02"),
    "address": ("0x40", "0x41"),
    "topic": ("home/plug1/power", "home/plug2/power"),
    "rank": ("0", "1"),
    "ain": ("011630 0123456", "021630 0123456"),
    "slave": ("1", "2"),
    "node_id": ("3", "7"),
}


def time_of(ms):
    return f"2024-03-12T14:05:{10 + ms // 1000:02d}.{ms % 1000:03d}+01:00"


def table(name, own, readings=READINGS):
    return f"time,{name},power_W\n" + "".join(
        f"{time_of(ms)},{own[k]},{watts}\n" for ms, k, watts in readings
    )


def watts_of(log):
    (source,) = log.sources
    return sorted(
        channel.scale * float(codes[codes > -(2**62)].mean())
        for channel, codes in zip(source.channels, source.codes, strict=True)
        if channel.rail
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_column_by_which_devices_are_reached_splits_their_rows(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text(table(name, NAMES[name]))
    log = open_log(path)
    assert log.facts["whole"]["sum"] and watts_of(log) == pytest.approx([35, 61], abs=0.2)


def test_the_energy_is_that_of_both(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(table("mac", NAMES["mac"]))
    convert(path, tmp_path / "o.power", choices=Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(96 * 1.37 * 28, rel=0.01)


@pytest.mark.parametrize(
    "line",
    [
        '{time} zigbee2mqtt/{plug} {{"power": {watts}, "linkquality": 120}}',
        '{time} {plug}/SENSOR = {{"power_W": {watts}}}',
        '{{"time": "{time}", "topic": "zigbee2mqtt/{plug}", "power_W": {watts}}}',
        '{{"time": "{time}", "mac": "{plug}", "power_W": {watts}}}',
    ],
)
def test_what_a_broker_printed_is_split_by_topic(tmp_path, line):
    path = tmp_path / "t.log"
    path.write_text(
        "".join(
            line.format(time=time_of(ms), plug=f"plug{k}", watts=watts) + "\n" for ms, k, watts in READINGS
        )
    )
    log = open_log(path)
    assert log.facts["whole"]["sum"] and watts_of(log) == pytest.approx([35, 61], abs=0.2)


def test_one_topic_is_one_device_whatever_else_is_published(tmp_path):
    path = tmp_path / "t.log"
    path.write_text(
        "".join(
            f"{time_of(1000 * i)} zigbee2mqtt/plug1 " + json.dumps({"power_W": 60 + i % 3}) + "\n"
            f"{time_of(1000 * i + 300)} zigbee2mqtt/door " + json.dumps({"contact": i % 2}) + "\n"
            for i in range(30)
        )
    )
    log = open_log(path)
    assert not log.facts["whole"]["sum"] and watts_of(log) == pytest.approx([61], abs=0.2)


@pytest.mark.parametrize("seldom", [False, True])
def test_a_column_of_any_name_is_asked_about(tmp_path, seldom):
    readings = READINGS
    if seldom:
        readings = sorted(
            [(1000 * i, 0, 60) for i in range(50)] + [(400 + 7370 * i, 1, 59) for i in range(7)]
        )
    path = tmp_path / "t.csv"
    path.write_text(table("colour", ("red", "blue"), readings))
    with pytest.raises(ConfigurationError, match=r"--sum adds them up .*--rail blue .*--column colour=-"):
        open_log(path)
    assert open_log(path, choices=Choices(add_up=True)).facts["whole"]["sum"]
    assert not open_log(path, choices=Choices(columns={"colour": "-"})).facts["whole"]["sum"]


@pytest.mark.parametrize(
    ("name", "own", "at"),
    [
        ("remark", ("idle", "run"), lambda i: i // 8 % 2),
        ("burst", ("no", "yes"), lambda i: int(i % 7 == 3)),
        ("state", ("off", "on"), lambda i: i % 2),
        ("warmth", ("25", "26"), lambda i: i * i % 3 % 2),
    ],
)
def test_what_describes_one_device_is_none(tmp_path, name, own, at):
    path = tmp_path / "t.csv"
    path.write_text(table(name, own, [(1000 * i, at(i), (20, 60)[at(i)]) for i in range(48)]))
    log = open_log(path)
    assert not log.facts["whole"]["sum"] and len(watts_of(log)) == 1


def test_a_card_that_may_not_be_read_is_named_and_does_not_hide_the_other(tmp_path):
    """nvidia-smi prints why in place of the watts."""
    path = tmp_path / "t.csv"
    path.write_text(
        "timestamp, index, power.draw [W]\n"
        + "".join(
            f"2024/03/12 14:05:{10 + i}.123, 0, {60 + i % 3}.00 W\n2024/03/12 14:05:{10 + i}.123, 1, [Insufficient Permissions]\n"
            for i in range(12)
        )
    )
    log = open_log(path)
    assert any(note.code == "device-without-readings" and "gpu1" in str(note) for note in log.warnings)
    assert watts_of(log) == pytest.approx([61])


def test_a_device_called_a_is_no_ampere(tmp_path):
    """A column of A and B passed for one of units: both were averaged without a word."""
    path = tmp_path / "t.csv"
    path.write_text(table("whose", ("A", "B")))
    with pytest.raises(ConfigurationError, match=r"take turns by column 'whose' \('A', 'B'\)"):
        open_log(path)


def test_the_seconds_at_the_ends_in_which_only_one_was_read_are_counted(tmp_path):
    """Two devices in turns, a second each: the sum begins with the second one's first reading and ends with the first one's last."""
    path = tmp_path / "t.csv"
    rows = [f"{time_of(1000 * i)},{'AB'[i % 2]},{(100, 50)[i % 2]}\n" for i in range(40)]
    path.write_text("time,sensor,power_W\n" + "".join(rows))
    log = convert(path, tmp_path / "o.power", choices=Choices(add_up=True))
    (note,) = [note for note in log.warnings if note.code == "ends-without-readings"]
    assert str(note).startswith("2.000 s at its ends")
