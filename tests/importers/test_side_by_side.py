"""Logs that ran at the same time: which rail is the whole, and a sum that keeps each one's energy."""

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import MISSING, Channel, Kind, Quantity, Rail
from powermeter.cli import run
from powermeter.errors import ConfigurationError
from powermeter.importers.log import LogRows
from powermeter.importers.side_by_side import joined, labels_of
from powermeter.recording import Recording
from powermeter.units import NS

BASE = 1_780_000_000


def log(path, watts, start=0.0, step=1.0, count=11, head="power_W"):
    path.parent.mkdir(exist_ok=True, parents=True)
    rows = "".join(f"{BASE + start + i * step:.3f},{watts}\n" for i in range(count))
    path.write_text(f"timestamp,{head}\n{rows}")
    return str(path)


def energy(path):
    with Recording.open(path) as recording:
        return analyse(recording).energy.value


def test_two_cards_in_two_files_are_added_up_and_named(tmp_path, capsys):
    files = [log(tmp_path / "gpu0.csv", 100), log(tmp_path / "gpu1.csv", 200, start=0.3)]
    out = tmp_path / "o.power"
    assert run(["import", *files, "-o", str(out)]) == 0
    assert "counted as the whole: all gpus" in capsys.readouterr().out
    assert energy(out) == pytest.approx(300 * 9.7, rel=1e-6)  # what is common to both


def test_what_the_names_leave_open_is_asked_for(tmp_path, capsys):
    files = [log(tmp_path / "left.csv", 100), log(tmp_path / "right.csv", 200)]
    out = tmp_path / "o.power"
    assert run(["import", *files, "-o", str(out)]) != 0
    assert "--rail left (or another), or --sum" in capsys.readouterr().err
    assert run(["import", *files, "-o", str(out), "--rail", "right"]) == 0
    assert energy(out) == pytest.approx(2000)
    assert run(["import", *files, "-o", str(out), "--sum", "--force"]) == 0
    assert energy(out) == pytest.approx(3000)


def test_a_log_of_the_wall_is_the_whole(tmp_path):
    files = [log(tmp_path / "gpu.csv", 100), log(tmp_path / "wall.csv", 250)]
    assert run(["import", *files, "-o", str(tmp_path / "o.power")]) == 0
    assert energy(tmp_path / "o.power") == pytest.approx(2500)


def test_logs_of_different_columns_one_after_another_are_not_added_up(tmp_path, capsys):
    files = [log(tmp_path / "a.csv", 1), log(tmp_path / "b.csv", 2, start=500, head="cpu_power_W")]
    assert run(["import", *files, "-o", str(tmp_path / "o.power"), "--sum"]) != 0
    assert "no time is common" in capsys.readouterr().err


def channel(kind, quantity=Quantity.POWER, scale=1.0):
    return Channel(quantity.value, quantity, scale, Rail("r"), kind)


@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN, Kind.HELD, Kind.COUNTER])
def test_other_stamps_leave_the_energy_as_it_was(kind):
    rng = np.random.default_rng(7)
    own = np.arange(0, 40, dtype=np.int64) * NS
    codes = np.cumsum(rng.integers(0, 90, 40)) if kind is Kind.COUNTER else rng.integers(0, 90, 40)
    other = np.sort(rng.integers(0, 39 * NS, 55))
    first = LogRows("a", (channel(kind),), own, [codes.astype(np.int64)])
    second = LogRows("b", (channel(Kind.INSTANT),), other, [np.full(55, 3, np.int64)])
    both = joined([first, second], "here")
    moved = both.codes[0][both.codes[0] != MISSING] * both.channels[0].scale
    steps = np.diff(both.times_ns) / NS

    def integral(values, widths):
        return {
            Kind.INSTANT: ((values[1:] + values[:-1]) / 2 * widths).sum(),
            Kind.MEAN: (values[1:] * widths).sum(),
            Kind.HELD: (values[:-1] * widths).sum(),
            Kind.COUNTER: values[-1] - values[0],
        }[kind]

    assert integral(moved, steps) == pytest.approx(integral(codes, np.ones(39)), rel=1e-5)
    late = both.codes[1][both.times_ns > other[-1]]
    assert (late == MISSING).all()


def test_logs_that_never_ran_together_have_no_sum():
    parts = [
        LogRows(name, (channel(Kind.INSTANT),), start + np.arange(3) * NS, [np.ones(3, np.int64)])
        for name, start in (("a", 0), ("b", 10 * NS))
    ]
    with pytest.raises(ConfigurationError, match="no time is common"):
        joined(parts, "here")


def test_logs_of_one_name_are_called_by_their_folders(tmp_path):
    paths = [tmp_path / "one" / "p.csv", tmp_path / "two" / "p.csv", tmp_path / "two" / "q.csv"]
    assert labels_of(paths) == ["one_p", "two_p", "q"]


def test_joules_of_one_log_and_watts_of_another_are_added_as_energies(tmp_path):
    first = log(tmp_path / "gpu0.csv", 100)
    second = tmp_path / "gpu1.csv"
    second.write_text("timestamp,energy_J\n" + "".join(f"{BASE + i},{50 * i}\n" for i in range(11)))
    assert run(["import", first, str(second), "-o", str(tmp_path / "o.power")]) == 0
    assert energy(tmp_path / "o.power") == pytest.approx(1500)
