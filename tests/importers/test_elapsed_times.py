"""Lapses of time that are written with their units."""

import pytest

from powermeter.analysis.energy import analyse
from powermeter.importers import Choices, convert
from powermeter.importers.elapsed_times import elapsed_ns, is_elapsed

NS = 10**9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0m00s", 0),
        ("1m02s", 62),
        ("1h0m0s", 3600),
        ("1m2.5s", 62.5),
        ("2 min 5 s", 125),
        ("2min5,5s", 125.5),
        ("1 hour 2 minutes 3 seconds", 3723),
        ("1d 2h", 26 * 3600),
        ("PT1M2S", 62),
        ("1.02:03:04", 86400 + 7384),
    ],
)
def test_a_lapse_in_two_units(text, seconds):
    assert is_elapsed(text)
    assert elapsed_ns(text) == round(seconds * NS)


@pytest.mark.parametrize("text", ["45s", "500ms", "5m"])
def test_one_unit_alone_may_be_another_quantity(text):
    assert elapsed_ns(text) is not None
    assert not is_elapsed(text)


@pytest.mark.parametrize(
    "text", ["", "m", "5V", "1m2", "7s3m", "1.5m2s", "2 h 3 mW", "4000mW/4010mW", "x1m02s"]
)
def test_what_is_no_lapse(text):
    assert elapsed_ns(text) is None
    assert not is_elapsed(text)


def test_a_log_whose_first_minute_has_only_seconds(tmp_path):
    rows = [f"{f'{t // 60}m' if t >= 60 else ''}{t % 60}s,10" for t in range(0, 200, 5)]
    (tmp_path / "log.csv").write_text("\n".join(["elapsed,power_W", *rows]) + "\n")
    convert(tmp_path / "log.csv", tmp_path / "o.power", choices=Choices(), force=True)
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(1950)
