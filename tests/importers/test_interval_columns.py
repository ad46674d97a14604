"""Columns that hold how long each row lasted."""

import pytest
from tool_log import load

from powermeter.importers.headers import heading
from powermeter.importers.interval_columns import are_intervals


@pytest.mark.parametrize("name", ["dt/s", "dt_s", "interval (s)", "delta_t (s)", "Δt [s]"])
def test_intervals_are_added_up(tmp_path, name):
    """10 W; the first row's interval ends at it, the others are 0.5, 1, 0.5, 0.5 s: 25 J."""
    rows = [f"{s},10" for s in (0.5, 0.5, 1.0, 0.5, 0.5)]
    _, energies, _ = load(tmp_path, "\n".join([f"{name},power_W", *rows]))
    assert energies == {"input": pytest.approx(25)}


def test_times_under_such_a_name_rise(tmp_path):
    rows = [f"{i / 2:.3f}".replace(".", ",") + ";10,0" for i in range(6)]
    _, energies, _ = load(tmp_path, "\n".join(["dt/s;P/W", *rows]))
    assert energies == {"input": pytest.approx(25)}


@pytest.mark.parametrize(
    ("name", "texts", "are"),
    [
        ("dt/s", ["1", "1", "1"], True),
        ("dt/s", ["1", "-1", "1"], False),
        ("dt/s", ["0", "0", "0"], False),
        ("time (s)", ["1", "1", "1"], False),
        ("dt/s", ["1", "2", "3"], False),
    ],
)
def test_what_an_interval_is(name, texts, are):
    assert are_intervals(heading(name), texts) is are
