"""A minus before a stated unit turns the sign: a battery of 12 V whose discharge of 2 A was logged below 0, for 20 s."""

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError
from powermeter.importers.headers import heading
from powermeter.importers.stated_unit import with_unit


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("time_s,U_V,I_A", "{t},12.0,-2.0", {"I_A": "-A"}),
        ("time_s,Power", "{t},-24.0", {"Power": "-W"}),
        ("time_s,U_V,CT", "{t},12.0,-0.1", {"CT": "-20A"}),
        ("time_s,U_V,I", "{t},12000,-2000", {"U_V": "mV", "I": "-mA"}),
    ],
)
def test_discharge_below_zero_is_turned(tmp_path, head, row, said):
    text = f"{head}\n" + "".join(row.format(t=t) + "\n" for t in range(21))
    log, energies, headline = load(tmp_path, text, "a.csv", columns=said)
    assert energies[headline] == pytest.approx(12 * 2 * 20)
    assert "sign-turned" in {note.code for note in log.warnings}


def test_the_note_on_an_energy_below_zero_names_the_option_that_turns_it(tmp_path):
    text = "time_s,power_W\n" + "".join(f"{t},-24.0\n" for t in range(21))
    log, energies, headline = load(tmp_path, text, "a.csv")
    assert energies[headline] == pytest.approx(-480)
    assert "--column power_W=-W" in next(note for note in log.warnings if note.code == "all-negative")


@pytest.mark.parametrize("unit", ["-furlong", "--"])
def test_a_sign_is_no_unit(unit):
    with pytest.raises(ConfigurationError, match="is not a unit"):
        with_unit(heading("power"), unit, "--column")
