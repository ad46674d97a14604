"""What a damaged log held and could not be read is counted with its line, in each kind of log that passes over other lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from tool_log import load

from powermeter.importers import open_log

pytestmark = pytest.mark.thorough

ESP = "[14:03:0{i}][D][sensor:094]: 'Power': Sending state 1{i}.00000 W with 2 decimals of accuracy\n"
LIKWID = "Runtime: 1.{i} s\nMeasure for socket 0 on CPU 0\nDomain PKG:\nEnergy consumed: 10{i}.5 Joules\n"
SENSORS = "10:00:0{i}\namdgpu-pci-0b00\nAdapter: PCI adapter\nPPT:   1{i}.00 W\n"
MAC = "*** Sampled system activity (Fri Nov 10 12:37:0{i} 2023 +0100) (100.51ms elapsed) ***\nCPU Power: 1{i} mW\n"
GPU = '{{"period": {{"duration": 1000.5, "unit": "ms"}}, "power": {{"GPU": 1.{i}, "unit": "W"}}, "engines": 0}},'
UPOWER = (
    "[14:12:5{i}.232]\tdevice changed:     /org/freedesktop/UPower/devices/battery_BAT0\n"
    "    state:               discharging\n    energy-rate:         1{i} W\n"
)
SMI = (
    "==NVSMI LOG==\nTimestamp : Tue Mar  5 14:00:0{i} 2024\nGPU 00000000:01:00.0\n    GPU Power Readings\n"
    "        Power Draw : 1{i}.00 W\n"
)
CASES = {
    "esphome": (ESP, "Sending state 14", "Se\x1fnding state 14", "line 5)"),
    "esphome, a stamp": (ESP, "[14:03:04]", "[14:0Ó:04]", "line 5)"),
    "likwid, a domain": (LIKWID, "Runtime: 1.4 s\nM", "Runtime: 1.4 s\nDomain \x7fKG\nM", "line 18)"),
    "likwid, an energy": (LIKWID, "consumed: 104.5 ", "consumed: 104.5(", "line 20)"),
    "lm-sensors": (SENSORS, "14.00 W", "14.0° W", "line 20)"),
    "powermetrics": (MAC, "(Fri Nov 10 12:37:04", "Fri Nov 10 12:37:04", "line 9)"),
    "upower": (UPOWER, "[14:12:54.232]\tdevice c", "[14:12:54.232]\tdevice b", "line 15)"),
    "nvidia-smi -q": (SMI, "Power Draw : 14", "Power Dra{w : 14", "line 23)"),
}


def said(folder: Path, text: str) -> list[str]:
    log, *_ = load(folder, text)
    return [note.text for note in log.warnings if note.code == "rows-left-out"]


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_reading_is_counted_with_its_line_and_a_sound_log_has_no_such_note(
    tmp_path: Path, name: str
) -> None:
    row, sound, damaged, line = CASES[name]
    text = "".join(row.format(i=i) for i in range(9))
    assert said(tmp_path, text) == [] and text.count(sound) == 1
    (note,) = said(tmp_path, text.replace(sound, damaged))
    assert note.startswith("1 damaged line was left out") and line in note


def test_periods_behind_a_damaged_one_are_read(tmp_path: Path) -> None:
    text = "[" + "".join(GPU.format(i=i) for i in range(9))
    log, energies, _ = load(tmp_path, text, "g.json")
    assert not [note for note in log.warnings if note.code == "rows-left-out"]
    log, fewer, _ = load(tmp_path, text.replace('"GPU": 1.4', '"GPU" 1.4'), "g.json")
    assert fewer["gpu"] == pytest.approx(energies["gpu"] - 1.4 * 1.0005)
    assert [note.text for note in log.warnings if note.code == "rows-left-out"] == [
        "1 period damaged, cut, or without a length or a power: left out"
    ]


def test_one_moment_and_control_codes_are_named(tmp_path: Path) -> None:
    def codes(text: str) -> set[str]:
        path = tmp_path / "log.txt"
        path.write_text(text)
        return {note.code for note in open_log(path).warnings} & {"one-moment", "damaged-text"}

    text = "".join(SENSORS.format(i=i) for i in range(9))
    assert codes(text) == set()
    assert codes(text.replace("Adapter", "Ad\x02apter", 1)) == {"damaged-text"}
    assert codes(ESP.format(i=1)) == {"one-moment"}


def test_control_codes_of_text_are_no_damage(tmp_path: Path) -> None:
    """Of the 33 of ASCII a text holds five: tab, line feed, form feed, carriage return, escape; 0 stands in another test."""
    text = "".join(SENSORS.format(i=i) for i in range(9))

    def odd(codes: list[int]) -> list[str]:
        path = tmp_path / "log.txt"
        path.write_bytes((text + "Adapter: " + "".join(map(chr, codes)) + "\n").encode())
        return [
            note.text.split(" in it")[0] for note in open_log(path).warnings if note.code == "damaged-text"
        ]

    allowed = [9, 10, 12, 13, 27]
    assert odd(allowed) == []
    for code in {*range(1, 32), 127} - set(allowed):
        assert odd([code]) == ["1 character"], code


def test_a_counter_that_no_supply_can_have_counted_is_reported(tmp_path: Path) -> None:
    """Power Gadget's joules with a time in their last cell: 253 GJ in 0.9 s, and nothing was printed."""
    path = tmp_path / "gadget.csv"
    head = "Elapsed Time (sec),Processor Power_0(Watt),Cumulative Processor Energy_0(Joules),x,y\n"
    rows = [f"0.{i},12.5,{i}.25,0,0\n" for i in range(9)]
    for last, said in (("8.25", False), ("253402300800", True)):
        path.write_text(head + "".join(rows[:8]) + f"0.8,12.5,{last},0,0\n")
        codes = [note.code for note in open_log(path).warnings]
        assert ("implausible-values" in codes) is said


def test_a_counter_far_from_the_powers_beside_it_is_reported(tmp_path: Path) -> None:
    """Power Gadget's joules with two cells exchanged in their last row: 67 J where 12.5 W for 0.8 s are 10 J."""
    path = tmp_path / "gadget.csv"
    head = "Elapsed Time (sec),Processor Power_0(Watt),Cumulative Processor Energy_0(Joules),x,y\n"
    rows = "".join(f"0.{i},12.5,{12.5 * i / 10},0,0\n" for i in range(8))
    for last, said in (("10.0", False), ("67.0", True)):
        path.write_text(head + rows + f"0.8,12.5,{last},0,0\n")
        codes = [note.code for note in open_log(path).warnings]
        assert ("power-against-energy" in codes) is said
    path.write_text(head + "".join(f"0.{i},12.5,0,0,0\n" for i in range(9)))
    assert "power-against-energy" in [note.code for note in open_log(path).warnings]


def test_a_counter_that_has_not_moved_by_a_step_yet_is_not_called_damaged(tmp_path: Path) -> None:
    """In whole joules: 0.5 W for 0.8 s are 0.4 of one, 2.5 W two."""
    head = "Elapsed Time (sec),Processor Power_0(Watt),Cumulative Processor Energy_0(Joules),x,y\n"
    path = tmp_path / "gadget.csv"
    for watts, found in ((0.5, False), (2.5, True)):
        path.write_text(head + "".join(f"0.{i},{watts},7,0,0\n" for i in range(9)))
        codes = [note.code for note in open_log(path).warnings]
        assert ("power-against-energy" in codes) is found


JOULES = "timestamp;tag;duration;package_0;nvidia_gpu_0\n"


@pytest.mark.parametrize(("odd", "told"), [("2147483647", True), ("27170", False), ("26000000", False)])
def test_one_reading_far_above_all_others_that_is_most_of_the_energy_is_reported(
    tmp_path: Path, odd: str, told: bool
) -> None:
    """27 J a row, and 2.1 MJ or 26 kJ in one of them: 79 000 and 957 times the others."""
    rows = [f"{1736935200.25 + 1.5 * i};foo;1.4;27160000;{27160 + i}\n" for i in range(12)]
    rows[7] = rows[7].rsplit(";", 1)[0] + f";{odd}\n"
    log, *_ = load(tmp_path, JOULES + "".join(rows), "joules.csv")
    found = [note.text for note in log.warnings if "times what nine in ten" in note.text]
    assert [text.split(":")[0] for text in found] == ["gpu0.energy"] * told


PKG = "".join(f"{t}.000,1{t}.5,Joules,power/energy-pkg/,1,100.00,,\n" for t in range(1, 6))


def test_a_text_that_ends_within_a_line_is_taken_for_cut(tmp_path: Path) -> None:
    """A last line without its end is whole where it has the shape of others."""
    codes = {}
    for text in (PKG, PKG[:-1], PKG + "6.000,1"):
        log, *_ = load(tmp_path, text)
        codes[text] = [note.code for note in log.warnings if note.code == "last-row-cut"]
    assert [*codes.values()] == [[], [], ["last-row-cut"]]


@pytest.mark.parametrize(("year", "is_far"), [(2025, False), (1985, True), (2060, True)])
def test_times_far_from_today_are_reported(tmp_path: Path, year: int, is_far: bool) -> None:
    text = "time,power_W\n" + "".join(f"{year}-01-02T03:04:0{i}Z,4{i}.5\n" for i in range(9))
    log, *_ = load(tmp_path, text, "t.csv")
    found = [note.text for note in log.warnings if note.code == "far-times"]
    assert ["changes no energy" in text for text in found] == [True] * is_far


@pytest.mark.parametrize("day", ["1985-01-01", "1985-12-31"])
def test_a_year_far_from_today_is_printed_as_written(tmp_path: Path, day: str) -> None:
    text = "time,power_W\n" + "".join(f"{day}T12:04:0{i}Z,4{i}.5\n" for i in range(9))
    log, *_ = load(tmp_path, text, "t.csv")
    assert any("all its times are of 1985:" in note for note in log.warnings)


def test_rows_that_lack_a_field_are_named(tmp_path: Path) -> None:
    """Without its third field a row's frequency is in the column of its power."""
    rows = [f"10:00:0{i},0,12.00,19.4{i},1600" for i in range(9)]
    head = "Timestamp,DeviceId,GPU Utilization (%),GPU Power (W),GPU Frequency (MHz)"
    for lost, said_ in (("", []), (",12.00", ["1 row has fewer fields than the others (line 6)"])):
        own = [*rows[:4], rows[4].replace(lost, "", 1) if lost else rows[4], *rows[5:]]
        log, *_ = load(tmp_path, "\n".join([head, *own, ""]), "t.csv")
        assert [n.text.split(" and were")[0] for n in log.warnings if n.code == "fewer-fields"] == said_


def test_a_field_that_most_rows_lack_is_named(tmp_path: Path) -> None:
    """Where they end as the whole ones do, a field inside is missing: their frequency stood in the column of the power."""
    head = "Timestamp,DeviceId,GPU Utilization (%),GPU Power (W),GPU Frequency (MHz)"
    rows = [f"10:00:{i},0,12.00,19.{i},1600" for i in range(10, 30)]
    lost = [*rows[:5], *(row.replace(",12.00", "") for row in rows[5:])]
    plain = [*rows[:5], *(row.removesuffix(",1600") for row in rows[5:])]
    for own, count in ((lost, 1), (plain, 0), (rows, 0)):
        log, *_ = load(tmp_path, "\n".join([head, *own, ""]), "t.csv")
        assert sum(n.code == "fewer-fields" for n in log.warnings) == count
