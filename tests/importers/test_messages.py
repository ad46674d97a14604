"""Each message that an import prints: with only it and the file at hand, does the next thing typed do the right thing?"""

import re

import pytest

from powermeter import analyse
from powermeter.cli import run
from powermeter.recording import Recording
from powermeter.signals.headline_rail import choose
from powermeter.signals.rails import lines

_OPTION = re.compile(
    r"--(?:column|as|rail|unit|rate|dates|interleaved|voltage|sum)(?: (?:'[^']*'|[^\s;,()?'])+)?"
)


def rows(text, count=8):
    return "".join(text.format(i=i, v=5 + i % 3) for i in range(count))


CASES = {
    "a power without a unit": "time_s,power\n" + rows("{i},{v}\n"),
    "neither unit": "time,power\n" + rows("{i},{v}\n"),
    "voltage and current without units": "time,voltage,current\n" + rows("{i},5,{v}\n"),
    "a name with blanks": "Time stamp,Total Power\n" + rows("{i},{v}\n"),
    "no time": "power (W)\n" + rows("{v}\n"),
    "one bare column": rows("{v}.5\n"),
    "two bare columns": rows("{i},{v}.5\n"),
    "a date of two meanings": "when,power_W\n" + rows("11/10/2025 3:5{i},{v}\n"),
    "two rails": "time_s,a_W,b_W\n" + rows("{i},{v},3\n"),
    "joules that stand still": "time_s,pkg_J\n" + rows("{i},10\n"),
    "two rising joules": "time_s,x_J\n0,1\n1,2\n",
    "joules that fall": "time_s,x (J)\n" + "".join(f"{i},{90 - i * 2}\n" for i in range(8)),
    "rounds of two": "timestamp,power_W\n"
    + "".join(
        f"2026-01-01 00:00:{s:02d}.{m:03d},{level + s % 2}\n"
        for s in range(20)
        for level, m in ((60, 0), (90, 3))
    ),
    "states": "entity_id,state,last_changed\n" + rows("sensor.x,{v},2026-01-02T03:0{i}:00Z\n"),
    "two numbered columns": "time_s,GPU0,GPU1\n" + rows("{i},{v},3\n"),
    "a dcgmi log": "#Entity   POWER\nID   W\n" + rows("GPU 0   {v}.5\n"),
    "a PPK2 export without times": "Current(uA)\n" + rows("{v}00.5\n"),
    "a serial monitor": rows("Bus Voltage: 5.0 V\nCurrent: {v} mA\n"),
    "a spreadsheet's days": "Time,power (W)\n"
    + "".join(f"{45_000 + i / 86_400:.8f},{i % 3}\n" for i in range(8)),
    "mains without watts": "time_s,Voltage (V),Current (A)\n" + rows("{i},230.{v},1\n"),
    "IPMI without times": rows("    Instantaneous power reading:  22{v} Watts\n"),
    "cards without a header": rows("card0,{i},{v}.5\ncard1,{i},{v}.25\n"),
    "a mains logger": "time,voltage,current,power\n" + rows("2026-01-02 03:04:0{i},230.1,0.2{i},4{v}\n"),
    "a sensor in milliwatt": "time_s,voltage,current,power\n" + rows("{i},5.01,40{v},20{v}0\n"),
    "a current called mA that is A": "time_s,voltage_V,current_mA,power_W\n" + rows("{i},230,0.2{i},4{v}\n"),
    "a serial plotter": rows("{i}00\tV:5.00\tI:40{v}.0\tP:20{v}0.0\n"),
    "cells with units and times without": "Zeit;Spannung;Strom\n" + rows("{i};5,0V;0,{v}A\n"),
    "entities of several quantities": "entity_id,state,last_changed\n"
    + rows("sensor.p_power,{v},2026-01-02T03:0{i}:00Z\n")
    + rows("sensor.p_energy,1.{i},2026-01-02T03:0{i}:00Z\n"),
    "an energy of an entity": "entity_id,state,last_changed\n"
    + rows("sensor.p_energy,1.{i},2026-01-02T03:0{i}:00Z\n"),
    "numbered rows": "Nr,time_s,Value\n" + rows("{i},{i},{v}\n"),
    "a long table without a unit": "time_s,device,power\n" + rows("{i},node,1{v}\n{i},docker1,3\n"),
    "two registers that stand still": "time,Main_1 (kWh),Main_2 (kWh)\n"
    + rows("2025-01-15 10:0{i}:00,0.01,0.02\n"),
    "fields of InfluxDB": ",result,table,_time,_value,_field\n"
    + rows(",,0,2026-01-02T03:04:0{i}Z,{v},power\n")
    + rows(",,1,2026-01-02T03:04:0{i}Z,21,temperature\n"),
    "sensors without times": rows(
        "amdgpu-pci-0b00\nAdapter: PCI adapter\nPPT:   {v}.00 W  (cap = 130.00 W)\n\n"
    ),
    "Redfish without times": rows(
        '{{"@odata.type": "#Power.v1_5_0.Power", "PowerControl": [{{"PowerConsumedWatts": {v}}}]}}\n'
    ),
    "scaphandre without times": rows("Host:\t{v} W from package\nTop 5 consumers:\n"),
    "the chip of a Pi 5": rows("VDD_CORE_A current(7)=1.00000000A\nVDD_CORE_V volt(15)={v}.00000000V\n"),
    "upower -i without times": rows("  native-path: BAT0\n    state: discharging\n    energy-rate: {v} W\n"),
    "two power supplies": rows(
        "10:00:0{i}\nPS1 Input Power | {v}.000 | Watts | ok\nPS2 Input Power | 3.000 | Watts | ok\n"
    ),
    "a balance that only falls": "DateTime,Balance (kWh)\n"
    + "".join(f"2024-03-12 0{i}:00,{50 - i / 4:.2f}\n" for i in range(8)),
    "a Shelly of the first generation": rows('{{"unixtime": 170000000{i}, "meters": [{{"power": {v}}}]}}\n'),
    "energies of intervals in kW/h": "Date,Power (kW/h)\n" + rows("2025-03-14 0{i}:00,0.{v}\n"),
    "a history of ioBroker": rows('{{"ts": 170000000{i}000, "val": {v}, "ack": true, "q": 0}}\n'),
    "a phone's battery": rows(
        '{{\n  "percentage": 80,\n  "status": "DISCHARGING",\n  "current": -{v}00\n}}\n'
    ),
    "a table of readings behind names": rows("part{i},{v}\n").replace("part0", "name,power_W\npart0", 1),
    "a total that falls now and then": "time_s,x_J\n"
    + "".join(f"{i},{10 * (i % 7) + 10 * (i % 21 > 13)}\n" for i in range(22)),
    "three inputs of an oscilloscope": "X,CH1,CH2,CH3,Start,Increment,\nSequence,Volt,Volt,Volt,0,1e-3,\n"
    + rows("{i},1.{i},5.0,0.{v},,,\n"),
    "a current alone": "time_s,current_mA\n" + rows("{i},{v}\n"),
}
JOULES = {
    "fields of InfluxDB": 41.5,
    "sensors without times": 41.5,
    "Redfish without times": 415.0,
    "scaphandre without times": 83.0,
    "the chip of a Pi 5": 41.5,
    "upower -i without times": 415.0,
    "two power supplies": 41.5 + 21,
    "a balance that only falls": 7 * 0.25 * 3.6e6,
    "a Shelly of the first generation": 41.5,
    "a history of ioBroker": 41.5,
    "a table of readings behind names": 4.15,
    "a power without a unit": 41.5,
    "joules that stand still": 80.0,
    "two numbered columns": 41.5 + 21,
    "a date of two meanings": 41.5 * 60,
    "a mains logger": 40 * 7 + 41.5,
    "a sensor in milliwatt": (2000 * 7 + 41.5 * 10) / 1000,
    "a current called mA that is A": 40 * 7 + 41.5,
    "a serial plotter": (2000 * 7 + 41.5 * 10) / 10_000,
    "cells with units and times without": 5 * 4.15,
    "entities of several quantities": 60 * 41,
    "an energy of an entity": 0.7 * 3.6e6,
    "numbered rows": 41.5,
    "a long table without a unit": 70 + 41.5,
    "two registers that stand still": 8 * 0.03 * 3.6e6,
    "energies of intervals in kW/h": (0.5 + 0.6 + 0.7 + 0.5 + 0.6 + 0.7 + 0.5 + 0.6) * 3.6e6,
}
"""Energies that need no assumption beyond what a message offers."""

TRIED = {"right": len(CASES), "of": len(CASES)}
"""How many of these messages lead on: the number that `docs/importing.md` names."""


def typed(message):
    """Return what a user types who takes the first option of each thing that is open."""
    said = []
    for clause in re.split(r"; |\? ", message):
        options = [option for option in _OPTION.findall(clause) if " " in option or option == "--sum"]
        if not options:
            continue
        several = (
            [option for option in options if option.startswith("--column")] if "for example" in clause else []
        )
        said += (several or options)[: len(several) or 1]
    return [word.replace("'", "") for option in said for word in option.split(" ", 1)]


@pytest.mark.parametrize("name", CASES)
def test_the_first_thing_typed_from_a_message_leads_on(name, tmp_path, capsys):
    path, out = tmp_path / "log.csv", tmp_path / "o.power"
    path.write_text(CASES[name])
    options = []
    for _ in range(3):
        status = run(["import", str(path), "-o", str(out), "--force", *options])
        said = "".join(capsys.readouterr())
        note = next((line for line in said.splitlines() if "needs the supply" in line), None)
        if status == 0 and (note is None or "--voltage" in options):
            break
        more = typed(note or said.replace(str(path), "FILE"))
        assert more, said
        options += more
    else:
        raise AssertionError(said)
    with Recording.open(out) as recording:
        assert choose(lines(recording)).power() is not None
    if name in JOULES:
        assert analyse(out).energy.value == pytest.approx(JOULES[name])


def test_the_documentation_names_how_many_were_tried():
    from pathlib import Path

    text = (Path(__file__).resolve().parents[2] / "docs" / "importing.md").read_text()
    assert f"{TRIED['right']} of {TRIED['of']} messages" in text


@pytest.mark.parametrize(
    "text",
    [
        "time,value\n" + rows("{i},{v}\n"),
        "time,a,b\n" + rows("{i},{v},3\n"),
        CASES["a long table without a unit"],
        CASES["two registers that stand still"],
    ],
)
def test_one_message_lists_all_that_is_missing(text, tmp_path, capsys):
    path, out = tmp_path / "log.csv", tmp_path / "o.power"
    path.write_text(text)
    assert run(["import", str(path), "-o", str(out)]) != 0
    options = typed("".join(capsys.readouterr()).replace(str(path), "FILE"))
    assert run(["import", str(path), "-o", str(out), *options]) == 0, "".join(capsys.readouterr())


def test_the_order_of_rows_is_stated_beside_the_unit_that_is_open(tmp_path, capsys):
    path = tmp_path / "netdata.csv"
    path.write_text("time,power\n" + "".join(f"2025-03-14 09:27:{59 - i},4{i % 3}\n" for i in range(20)))
    assert run(["import", str(path), "-o", str(tmp_path / "o.power")]) != 0
    said = "".join(capsys.readouterr())
    assert "--unit W" in said and "written newest first" in said and "| tac" in said
