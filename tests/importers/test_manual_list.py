"""A finished list of readings taken by eye: times, units, the display's step, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.analysis.advice import advise
from powermeter.analysis.energy import analyse
from powermeter.channel import Kind, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, convert, open_log
from powermeter.importers.files import Peek
from powermeter.importers.manual_list import Readings
from powermeter.importers.time_zones import LogZone
from powermeter.recording import Recording


def listed(folder: Path, text: str) -> Path:
    path = folder / "readings.txt"
    path.write_text(text)
    return path


def test_two_readings_of_a_coarse_display_are_an_energy_with_the_displays_interval(tmp_path):
    path = listed(tmp_path, "# kitchen\n18:00 0.100 kWh\n18:10:00 0.107\n")
    convert(path, tmp_path / "run.power")  # a finished list is not waited for: ten minutes
    with Recording.open(tmp_path / "run.power") as recording:
        analysis = analyse(recording)
    energy, found = analysis.energy, advise(analysis)
    assert found is not None and (found.code, found.cause) == ("longer-run", "step")
    assert found.promised is not None and found.promised < 0.04
    assert next(iter(energy.by_kind())) == "step", "the display's step is to blame, not noise"
    # 7 steps of 3.6 kJ; each reading is anything within one step: ±1.96·3.6·√(2/12) = ±2.88 kJ, and 2 % of gain.
    assert energy.value == pytest.approx(25_200)
    assert (energy.high - energy.low) / 2 == pytest.approx(
        (2.88e3**2 + (0.02 * 25_200) ** 2) ** 0.5, rel=0.05
    )


@pytest.mark.parametrize(
    ("text", "quantity", "kind", "seconds", "step"),
    [
        ("+0s 6.3 W\n+1min 6.1 W\n", Quantity.POWER, Kind.INSTANT, 60, 0.1),
        ("2026-11-21T14:05:10 12 mAh\n2026-11-21 14:07:10 19 mAh\n", Quantity.CHARGE, Kind.COUNTER, 120, 3.6),
        ("23:59:30 1.00 kWh\n00:00:30 1.01 kWh\n", Quantity.ENERGY, Kind.COUNTER, 60, 36e3),
        ("9:00,6.3 W\n9:00:30,6.25 W\n", Quantity.POWER, Kind.INSTANT, 30, 0.01),
    ],
)
def test_times_units_and_steps(tmp_path, text, quantity, kind, seconds, step):
    log = open_log(listed(tmp_path, text), format="readings")
    (rows,) = log.sources
    (channel,) = rows.channels
    assert (channel.quantity, channel.kind) == (quantity, kind)
    assert channel.accuracy.step == pytest.approx(step)
    assert rows.times_ns[1] - rows.times_ns[0] == seconds * 10**9
    assert any("step" in warning for warning in log.warnings)


def test_it_is_recognised_by_a_time_a_value_and_a_unit(tmp_path):
    def seen(text: str) -> bool:
        return Readings.recognises(Peek.at(listed(tmp_path, text)))

    assert seen("+0s 6.3 W\n+60s 6.1\n")
    assert not seen("+0s 6.3\n+60s 6.1\n"), "without a unit it may be any table"
    assert not seen("time,W\n12:00:00,5\n"), "a table with a header is a table"
    assert not seen("+0s 6.3 W\n"), "one reading is not a list"


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("+0s 6.3\n+60s 6.1\n", ConfigurationError, "--unit kWh"),
        ("+0s 6.3 W\nabout six\n", DataError, "readings.txt:2: 'about six' is not a reading"),
        ("+0s 6.3 W\n+60s 6.1 kWh\n", DataError, "readings.txt:2: a reading in another unit"),
        ("+60s 6.3 W\n+0s 6.1 W\n", DataError, "readings.txt:2: this time is before"),
        ("+0s 6.3 W\n18:00 6.1 W\n", DataError, "one kind"),
        ("+0s 6.3 W\n", DataError, "at least two"),
        ("+0s 6.3 W\n25:61 6.1 W\n", DataError, "not a time"),
    ],
)
def test_what_is_refused_names_its_line(tmp_path, text, error, says):
    with pytest.raises(error, match=says) as caught:
        open_log(listed(tmp_path, text), format="readings")
    assert "\n" not in str(caught.value)


def test_the_unit_and_the_accuracy_can_be_said(tmp_path):
    path = listed(tmp_path, "+0s 0.100\n+600s 0.107\n")
    log = open_log(path, format="readings", choices=Choices(unit="kWh", accuracy=0.01))
    (channel,) = log.sources[0].channels
    assert channel.accuracy.gain == 0.01 and channel.accuracy.step == pytest.approx(3600)


@pytest.mark.parametrize(
    ("text", "shifted_h"),
    [("2026-11-21T14:05:10", -2), ("2026-11-21T14:05:10Z", 0), ("2026-11-21T14:05:10+01:00", -1)],
)
def test_a_stamp_is_in_its_own_zone_or_in_the_one_that_is_said(tmp_path, text, shifted_h):
    """14:05:10 two hours east is 12:05:10 UTC, unless the stamp says where it is."""
    path = listed(tmp_path, f"{text} 12 mAh\n{text.replace('05:10', '07:10')} 19 mAh\n")
    log = open_log(path, format="readings", choices=Choices(zone=LogZone.parse("+02:00")))
    utc = 1_795_262_710 + 2 * 3600  # 2026-11-21 14:05:10 UTC
    assert int(log.sources[0].times_ns[0]) == (utc + shifted_h * 3600) * 10**9
