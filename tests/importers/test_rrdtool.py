"""What rrdtool fetch prints: means of equal steps behind times with a colon."""

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError


def printed(*values, name="watts"):
    rows = "".join(f"{1757844000 + 300 * i}: {value}\n" for i, value in enumerate(values))
    return f"                          {name}\n\n{rows}"


def test_each_value_is_the_mean_of_the_step_before_its_time(tmp_path):
    log, energies, headline = load(tmp_path, printed("1.0000000000e+02", "2.0e+02", "3,0e+02"))
    assert log.format == "rrdtool" and energies[headline] == pytest.approx(600 * 300)


def test_an_unknown_value_is_missing_and_counted(tmp_path):
    log, *_ = load(tmp_path, printed("1.0e+02", "-nan", *["1.0e+02"] * 20))
    assert any("1 of 22 rows" in str(note) for note in log.warnings)


def test_a_source_without_a_unit_in_its_name_is_asked_for(tmp_path):
    with pytest.raises(ConfigurationError, match="power=W"):
        load(tmp_path, printed("1.0e+02", "2.0e+02", "3.0e+02", name="power"))
    _, energies, headline = load(tmp_path, printed("1.0e+02", "2.0e+02", "3.0e+02", name="power"), unit="W")
    assert energies[headline] == pytest.approx(600 * 300)


def xport(*rows, names=("power_W",)):
    legend = "".join(f"      <entry>{name}</entry>\n" for name in names)
    lines = "".join(
        f"    <row><t>{1757844000 + 300 * i}</t>{''.join(f'<v>{value}</v>' for value in row)}</row>\n"
        for i, row in enumerate(rows)
    )
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n\n<xport>\n  <meta>\n    <step>300</step>\n    <legend>\n'
        f"{legend}    </legend>\n  </meta>\n  <data>\n{lines}  </data>\n</xport>\n"
    )


def test_the_xml_of_xport_is_means_of_the_steps_before_its_times(tmp_path):
    log, energies, headline = load(tmp_path, xport(["1.0e+02"], ["2.0e+02"], ["3.0e+02"]))
    assert log.format == "rrdtool" and energies[headline] == pytest.approx(600 * 300)


def test_sources_of_xport_have_the_names_of_its_legend(tmp_path):
    text = xport(*[["1.0e+02", "4.0e+01"]] * 3, names=("total_W", "disk &amp; fan_W"))
    _, energies, headline = load(tmp_path, text)
    assert headline.startswith("total") and energies[headline] == pytest.approx(300 * 300)


def test_a_row_of_xport_that_is_cut_or_unknown_is_counted(tmp_path):
    text = xport(["1.0e+02"], ["NaN"], *[["1.0e+02"]] * 20)
    log, *_ = load(tmp_path, text[: text.rindex("</v>")])
    assert any("1 of 21 rows" in str(note) for note in log.warnings)
    assert any("line 32" in str(note) for note in log.warnings)
