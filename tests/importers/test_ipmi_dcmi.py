"""DCMI's readings of a management controller, with its times or with a rate."""

from itertools import pairwise

import pytest

from powermeter import importers
from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices

IPMITOOL = """
    Instantaneous power reading:                   {w} Watts
    Minimum during sampling period:                 10 Watts
    Average power reading over sample period:      999 Watts
    IPMI timestamp:                           Mon Jan  1 00:00:{s:02d} 2024
    Power reading state is:                   activated

"""
FREEIPMI = "Current Power : {w} Watts\nAverage Power over sampling duration : 999 watts\nTime Stamp : 01/01/2024 - 00:00:{s:02d}\n"


def load(tmp_path, text, **said):
    path = tmp_path / "ipmi.txt"
    path.write_text(text)
    return importers.open_log(path, choices=Choices(**said))


@pytest.mark.parametrize("block", [IPMITOOL, FREEIPMI])
def test_readings_stand_at_the_controllers_times(tmp_path, block):
    log = load(tmp_path, "".join(block.format(w=220 + 10 * i, s=2 * i) for i in range(3)))
    (rows,) = log.sources
    assert log.format == "ipmi-dcmi" and log.clock == "utc"
    assert (np_diff(rows.times_ns) == [2, 2]) and [c * rows.channels[0].scale for c in rows.codes[0]] == [
        220,
        230,
        240,
    ]
    assert rows.channels[0].rail.boundary is Boundary.WALL


def np_diff(times):
    return [round((b - a) / 1e9) for a, b in pairwise(times)]


def test_without_times_a_rate_is_asked_for_and_used(tmp_path):
    text = "    Instantaneous power reading:                   220 Watts\n" * 5
    with pytest.raises(ConfigurationError, match="--rate 1s"):
        load(tmp_path, text)
    assert load(tmp_path, text, period_s=1.0).sources[0].ends_ns == (0, 4 * 10**9)


def test_one_reading_holds_no_energy(tmp_path):
    with pytest.raises(DataError, match="one reading"):
        load(tmp_path, IPMITOOL.format(w=220, s=1))


def test_ipmiutils_stamps_are_read(tmp_path):
    path = tmp_path / "dcmi.txt"
    path.write_text(
        "".join(
            f"  Current Power:                   {100 + i} Watts\n"
            "  Avg Power over sample duration:  49 Watts\n"
            f"  Timestamp:                       Tue Mar  4 10:00:{5 * i:02d} 2025\n"
            for i in range(10)
        )
    )
    (rows,) = importers.open_log(path).sources
    assert rows.times_ns[-1] - rows.times_ns[0] == 45 * 10**9
