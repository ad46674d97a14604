"""Names and values in the lines above a table."""

from powermeter.importers import open_log
from powermeter.importers.preamble import facts_above


def test_names_and_values_are_divided_by_a_comma_a_colon_or_a_tab_and_the_first_counts():
    lines = ["Model,MDO3024", "# Rate: 10 Hz", "Operator\tK", "Model,other", "nothing"]
    assert facts_above(lines) == {"Model": "MDO3024", "Rate": "10 Hz", "Operator": "K"}


def test_hanteks_facts_stand_behind_an_equals_sign():
    lines = ["#CLOCK=200.000mS", "#SIZE=100", "# UNITS:mV,mA"]
    assert facts_above(lines) == {"Clock": "200.000mS", "Size": "100", "Units": "mV,mA"}


def test_rows_of_another_table_above_the_header_are_reported(tmp_path):
    """Two logs in one file: of the first one nothing was read, and nothing was printed about it."""
    path = tmp_path / "two.csv"
    second = "Date;Watts\n" + "".join(f"2025-03-14 11:{i:02d}:00;5{i % 2}\n" for i in range(30))
    for first, said in (
        ("Model;X\nScale;0.1\n", False),
        ("Model;X\n" + "".join(f"{i};3.7;0.2\n" for i in range(9)), True),
    ):
        path.write_text(first + second)
        codes = [note.code for note in open_log(path).warnings]
        assert ("rows-left-out" in codes) is said
