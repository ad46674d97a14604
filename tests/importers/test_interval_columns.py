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


def test_epochs_last_as_long_as_each_states(tmp_path):
    """Ten epochs of 300 and 302 s in turn, 36.0 and 39.6 kJ: nine of them lie behind the first row's end, and all count."""
    text = "epoch,duration_s,energy_kwh\n" + "".join(
        f"{i + 1},{300 + i % 2 * 2},0.01{i % 2}\n" for i in range(10)
    )
    log, energies, _ = load(tmp_path, text, as_={"": "per-row"})
    (rows,) = log.sources
    assert rows.times_ns[-1] - rows.times_ns[1] == (5 * 302 + 4 * 300) * 10**9
    assert energies == {"input": pytest.approx(5 * 39_600 + 5 * 36_000)}
