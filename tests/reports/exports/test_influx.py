"""InfluxDB line protocol: a line per reading, names escaped as the protocol asks."""

from __future__ import annotations

import io

import pytest

from powermeter.recording import Recording
from powermeter.reports.exports.influx import escaped, write_influx


def test_every_reading_is_a_line_with_its_stamp_in_ns(make):
    file = io.BytesIO()
    with Recording.open(make(source="a meter, mine")) as recording:
        write_influx(recording, file)
    lines = file.getvalue().decode().splitlines()
    assert len(lines) == 1001
    assert (
        lines[1] == r"powermeter,source=a\ meter\,\ mine voltage=5.0,current=0.4,flags=0i 1700000000010000000"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a b", r"a\ b"),
        ("a=b", r"a\=b"),
        ("a,b", r"a\,b"),
        ("a\nb", "a\ufffdb"),
        ("", "unnamed"),
        ("a\\", "a\\\\"),
    ],
)
def test_a_name_ends_neither_the_field_nor_the_line(name, text):
    assert escaped(name) == text
