"""One letter is a unit where the table bears it out: wins and losses, width and height, way and speed are no watts."""

import pytest

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, open_log


def table(header, row, rows=12):
    return f"timestamp,{header}\n" + "".join(
        f"2024-03-12T14:05:{10 + i}Z,{row.format(i=i, v=5 + i % 3, a=2, w=2 * (5 + i % 3))}\n"
        for i in range(rows)
    )


OTHERS = {
    "width and height": ("frame,W,H", "{i},640,48{v}"),
    "wins and losses": ("Team,W,L", "Ajax,{i},4{v}"),
    "way, speed and acceleration": ("S,V,A", "{i},{v},0.3{v}"),
    "three letters": ("A,B,C", "{v},1{v},3"),
    "indices": ("I,J,K", "0,{v},1{v}"),
    "the axes of a sensor of motion": ("ax,ay,az,V,A", "0.1,0.2,9.8,{v},0.3{v}"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_letters_beside_letters_of_other_meaning_are_no_units(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text(table(*OTHERS[name]))
    with pytest.raises(DataError, match="one letter beside letters of other meaning"):
        open_log(path)


def test_where_it_is_a_power_the_message_states_what_to_type(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(table("X,W", "{i},6{v}"))
    with pytest.raises(DataError, match=r"--column W=W\Z"):
        open_log(path)
    (source,) = open_log(path, choices=Choices(columns={"W": "W"})).sources
    assert [channel.name for channel in source.channels if channel.rail] == ["w"]


@pytest.mark.parametrize(
    ("header", "row", "count"),
    [
        ("V,A,W,S", "{v},{a},{w},3", 3),  # borne out: W is V · A, S an apparent power
        ("W", "6{v}", 1),
        ("temp,W", "2{v},6{v}", 1),
        ("V,A", "{v},{a}", 2),
        ("V,A,R", "{v},{a},3", 2),
    ],
)
def test_letters_that_nothing_contradicts_are_units(tmp_path, header, row, count):
    path = tmp_path / "t.csv"
    path.write_text(table(header, row))
    (source,) = open_log(path).sources
    assert sum(channel.rail is not None for channel in source.channels) == count


def test_a_power_without_a_unit_beside_reactive_and_apparent_is_asked_about(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(table("P,Q,S", "6{v},1,7{v}"))
    with pytest.raises(ConfigurationError, match="--column P=W"):
        open_log(path)
