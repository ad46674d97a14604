"""One message also lists what would be asked once what it asks is stated, as far as one file's rows show it."""

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, open_log, open_questions


def asked(tmp_path, text, **stated):
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        open_log(path, choices=Choices(**stated))
    return str(error.value).replace(str(path), "FILE")


def rows(text):
    return "".join(text.format(i=i, v=5 + i % 3) for i in range(8))


LONG = "time_s,device,power\n" + rows("{i},node,1{v}\n{i},docker1,3\n")


def test_the_rail_of_a_long_table_is_asked_beside_its_unit(tmp_path):
    said = asked(tmp_path, LONG)
    assert said.count("FILE") == 1
    assert "--column power=W" in said and "once stated (in W): node may hold docker1" in said
    assert "--rail node, or --sum" in said


def test_several_powers_without_names_are_asked_about_at_once(tmp_path):
    said = asked(tmp_path, rows("173693520{i},12.{v},30.{v}5,44.1\n"))
    assert "--column 2=UNIT --column 3=UNIT --column 4=UNIT" in said and "once stated (in W): 3 rails" in said


def test_all_columns_whose_meaning_is_open_are_named(tmp_path):
    said = asked(tmp_path, "time_s,a_kWh,b_kWh\n" + rows("{i},0.01,0.02\n"))
    assert "--as a_kWh=per-row" in said and "--as b_kWh=per-row" in said
    assert "once stated (per-row): 2 rails (a, b)" in said


def test_a_long_file_is_not_read_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(open_questions, "_MOST_BYTES", 10)
    assert "once stated" not in asked(tmp_path, LONG)


def test_what_is_refused_once_stated_is_not_promised(tmp_path):
    """All rows have one time: that is no question."""
    assert "once stated" not in asked(tmp_path, "time_s,power\n" + rows("7,{v}\n"))


def test_what_was_stated_before_is_not_asked_again(tmp_path):
    said = asked(tmp_path, "time_s,a_kWh,b_kWh\n" + rows("{i},0.01,0.02\n"), as_={"a_kWh": "per-row"})
    assert "--as b_kWh=per-row" in said and "--as a_kWh" not in said
    assert "once stated (per-row): 2 rails (a, b)" in said


def test_a_question_that_follows_a_question_is_listed_too(tmp_path):
    """First a unit, with it what two energies are, with that which of four rails is the whole."""
    said = asked(tmp_path, "time_s,a_kWh,b_kWh,x_power,y_power\n" + rows("{i},0.01,0.02,1{v},2{v}\n"))
    unit, kinds, rails = said.split("; once stated ")
    assert "--column x_power=W" in unit and kinds.startswith("(in W): ") and "--as a_kWh=per-row" in kinds
    assert rails.startswith("(per-row): 4 rails (a, b, x, y)")
