"""Tables of oscilloscopes: Rigol, Tektronix and Siglent, each with its own header."""

import pytest
from tool_log import load

from powermeter import analyse, importers
from powermeter.channel import MISSING
from powermeter.errors import DataError


def test_rigol_counts_its_rows_from_start_by_increment(tmp_path):
    text = "X,CH1,CH2,Start,Increment,\nSequence,Volt,Ampere,-1.0e-03,2.0e-03\n" + "".join(
        f"{i},5.0,0.1,,\n" for i in range(5)
    )
    log, energies, _ = load(tmp_path, text, "r.csv")
    assert energies["input"] == pytest.approx(0.5 * 8e-3) and log.sources[0].ends_ns == (
        -1_000_000,
        7_000_000,
    )


TEK = "Record Length,5,,0.0,1.0,\nSample Interval,1e-3,,1.0e-03,1.0,\nSource,CH1,,2.0e-03,1.0,\nVertical Units,{unit},,3.0e-03,1.0,\n,,,4.0e-03,1.0,\n"


def test_tektronix_stands_beside_its_facts(tmp_path):
    _, energies, _ = load(tmp_path, TEK.format(unit="A"), "t.csv", voltage_v=5.0)
    assert energies["input"] == pytest.approx(5.0 * 4e-3)
    with pytest.raises(DataError, match="--column CH1=A"):
        load(tmp_path, TEK.format(unit="V"), "t.csv")
    _, energies, _ = load(tmp_path, TEK.format(unit="V"), "t.csv", columns={"CH1": "A"}, voltage_v=5.0)
    assert energies["input"] == pytest.approx(5.0 * 4e-3)


SIGLENT = (
    "Record Length,Analog:4,\nSample Interval,Analog:1.0E-03,\n{facts}Model Number,SDS1104X-U,\n{header}\n"
    "-2.0E-03,+5.0E-01,+5.0E+00\n-1.0E-03,+5.0E-01,+5.0E+00\n+0.0E+00,+5.0E-01,+5.0E+00\n1.0E-03,+5.0E-01,+5.0E+00\n"
)


@pytest.mark.parametrize(
    ("facts", "header"),
    [
        (
            "Vertical Units,CH1:A, CH2:V,,\nVertical Scale,CH1:0.5, CH2:2.0,,\nSource,CH1,CH2\n",
            "Second,Value,Value",
        ),
        ("Vertical Units,CH2:V, CH1:A,,\nSource,CH1,CH2\n", "Time,Value,Value"),
        ("", "Second,Amp,Volt"),
    ],
)
def test_siglent_tells_its_units_above_the_table(tmp_path, facts, header):
    log, energies, _ = load(tmp_path, SIGLENT.format(facts=facts, header=header), "s.csv")
    assert log.format == "oscilloscope" and energies["input"] == pytest.approx(2.5 * 3e-3)


def test_siglent_of_voltages_asks_which_input_is_a_current(tmp_path):
    text = "Record Length,Analog:2\nVertical Scale,CH1: 0.05\nSecond,Volt\n-0.001,0.2\n0.000,0.2\n0.001,0.2\n"
    with pytest.raises(DataError, match="--column CH1=A"):
        load(tmp_path, text, "s.csv")
    _, energies, _ = load(tmp_path, text, "s.csv", columns={"CH1": "A"}, voltage_v=5.0)
    assert energies["input"] == pytest.approx(1.0 * 2e-3)


def test_rigol_without_row_numbers(tmp_path):
    text = "CH1,CH2,Start,Increment,\nVolt,Ampere,0.0,1.0e-03\n" + "5.0,0.2,\n" * 5
    assert load(tmp_path, text, "r.csv")[1]["input"] == pytest.approx(1.0 * 4e-3)


def test_a_tektronix_row_without_a_value_has_no_stamp_either(tmp_path):
    """A time alone is no sample: before the first it would make columns of none, later one that is missing."""
    text = TEK.format(unit="A")
    alone = text.replace("Record Length,5,,0.0,1.0,", "Record Length,5,,0.0,,").replace(
        "4.0e-03,1.0", "4.0e-03,"
    )
    log, energies, _ = load(tmp_path, alone, "t.csv", voltage_v=5.0)
    assert energies["input"] == pytest.approx(5.0 * 2e-3) and len(log.sources[0].times_ns) == 3


def test_a_tektronix_row_that_ends_early_lacks_its_last_value(tmp_path):
    """Two inputs in six columns; the second row has no voltage, which is missing there and no 0."""
    facts = "Record Length,3,,\nSource,CH1,CH2\nVertical Units,A,V\n"
    rows = ",,,0.0,1.0,5.0\n,,,1.0e-03,1.0\n,,,2.0e-03,1.0,5.0\n"
    (tmp_path / "t.csv").write_text(facts + rows)
    log = importers.open_log(tmp_path / "t.csv", format="oscilloscope")
    (rows_read,) = log.sources
    assert [channel.quantity.value for channel in rows_read.channels] == ["current", "voltage"]
    assert len(rows_read.times_ns) == 3
    assert [code == MISSING for code in rows_read.codes[1].tolist()] == [False, True, False]


def test_hanteks_clock_and_units_above_the_table_are_read(tmp_path):
    path = tmp_path / "hantek.txt"
    rows = "".join(f"{i}\t5000.00\t{900 + i % 2 * 200}.00\n" for i in range(11))
    path.write_text(f"#CLOCK=200.000mS\n#SIZE=11\n#UNITS:mV,mA\n#time\tCH1\tCH2\n{rows}")
    importers.convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(5 * 1.0 * 10 * 0.2)
