"""A battery's two currents in two columns: what discharges it is what was drawn."""

import shlex

import pytest

from powermeter.analysis.energy import analyse
from powermeter.importers import Choices, convert

NAMES = [
    ("Charge current (A)", "Discharge current (A)"),
    ("charging_current_A", "discharging_current_A"),
    ("Charge power (W)", "Discharge power (W)"),
]


def energy(tmp_path, text, **stated):
    path = tmp_path / "t.csv"
    path.write_text(text)
    log = convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return log, analyse(tmp_path / "o.power").energy.value


@pytest.mark.parametrize(("into", "out"), NAMES)
def test_what_flows_out_is_counted_whichever_stands_first(tmp_path, into, out):
    volts = 1 if "power" in into else 4
    for names, cells in (((into, out), "0.5,1.5"), ((out, into), "1.5,0.5")):
        text = f"Time (s),Voltage (V),{','.join(names)}\n" + "".join(f"{i},4,{cells}\n" for i in range(11))
        log, joules = energy(tmp_path, text)
        assert joules == pytest.approx(volts * 1.5 * 10)
        (note,) = [note for note in log.warnings if note.code == "two-directions"]
        assert f"{out!r} is what was drawn" in str(note) and f"{into!r} flows into it" in str(note)


def test_what_charged_it_is_counted_where_the_other_is_left_out(tmp_path):
    text = "Time (s),Voltage (V),Charge current (A),Discharge current (A)\n" + "".join(
        f"{i},4,0.5,1.5\n" for i in range(11)
    )
    _, joules = energy(tmp_path, text, columns={"Discharge current (A)": "-"})
    assert joules == pytest.approx(4 * 0.5 * 10)


def test_what_is_to_be_typed_is_one_word_of_a_shell(tmp_path):
    into, out = "Charge current of Tom's (A)", "Discharge current of Tom's (A)"
    text = f"Time (s),Voltage (V),{into},{out}\n" + "".join(f"{i},4,0.5,1.5\n" for i in range(11))
    log, _ = energy(tmp_path, text)
    (note,) = [str(note) for note in log.warnings if note.code == "two-directions"]
    assert shlex.split(note[note.index("--column ") :])[:2] == ["--column", f"{out}=-"]
