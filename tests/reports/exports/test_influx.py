"""InfluxDB line protocol: a line per reading, names escaped as the protocol asks."""

from __future__ import annotations

import io

import numpy as np
import pytest

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.recording import Recording, Writer
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


def test_what_is_missing_is_left_out_of_its_line(tmp_path):
    """Volts are missing in the second reading, both in the third, whose line is its flags alone."""
    rail = Rail("VIN")
    channels = (Channel("v", Quantity.VOLTAGE, 1e-3, rail), Channel("a", Quantity.CURRENT, 1e-3, rail))
    with Writer.create(tmp_path / "run.power", {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://", "meter", "test", channels)
        codes = np.array([[5000, 400], [MISSING, 401], [MISSING, MISSING]])
        writer.append(source, np.arange(3, dtype=np.int64) * 10**9, codes)
        writer.add_clock_pair(0, 1_700_000_000 * 10**9)
    file = io.BytesIO()
    with Recording.open(tmp_path / "run.power") as recording:
        write_influx(recording, file)
    assert file.getvalue().decode().splitlines() == [
        "powermeter,source=meter v=5.0,a=0.4,flags=0i 1700000000000000000",
        "powermeter,source=meter a=0.401,flags=0i 1700000001000000000",
        "powermeter,source=meter flags=0i 1700000002000000000",
    ]


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
