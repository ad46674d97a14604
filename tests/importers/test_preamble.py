"""Names and values in the lines above a table."""

from powermeter.importers.preamble import facts_above


def test_names_and_values_are_divided_by_a_comma_a_colon_or_a_tab_and_the_first_counts():
    lines = ["Model,MDO3024", "# Rate: 10 Hz", "Operator\tK", "Model,other", "nothing"]
    assert facts_above(lines) == {"Model": "MDO3024", "Rate": "10 Hz", "Operator": "K"}


def test_hanteks_facts_stand_behind_an_equals_sign():
    lines = ["#CLOCK=200.000mS", "#SIZE=100", "# UNITS:mV,mA"]
    assert facts_above(lines) == {"Clock": "200.000mS", "Size": "100", "Units": "mV,mA"}
