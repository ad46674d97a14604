"""Long tables sorted by device: each device has the same times again, and no clock was set back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter import importers
from powermeter.analysis.energy import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices
from powermeter.importers.device_blocks import in_blocks
from powermeter.importers.log import Log
from powermeter.recording import Recording


def load(folder: Path, text: str, **stated: object) -> tuple[Log, float, float]:
    path, out = folder / "t.csv", folder / "o.power"
    path.write_text(text)
    log = importers.convert(path, out, choices=Choices(**stated), force=True)  # type: ignore[arg-type]
    with Recording.open(out) as recording:
        found = analyse(recording)
        return log, found.energy.value, found.duration.value


def blocks(watts: dict[str, int], count: int, start: int = 1_711_000_000, step: int = 15) -> str:
    rows = [f"{name},{start + i * step},{watt}.0" for name, watt in watts.items() for i in range(count)]
    return "\n".join(["device,timestamp,power_W", *rows, ""])


def test_blocks_of_devices_are_of_one_time_and_add_up(tmp_path: Path) -> None:
    log, *found = load(tmp_path, blocks({"alpha": 200, "beta": 150}, 20))
    assert found == pytest.approx([350 * 19 * 15, 19 * 15])
    assert not [note for note in log.warnings if note.code == "log-clock-set"]


def test_the_second_block_may_begin_behind_what_is_looked_at_first(tmp_path: Path) -> None:
    _, *found = load(tmp_path, blocks({"alpha": 200, "beta": 150}, 3000, step=1))
    assert found == pytest.approx([350 * 2999, 2999])


@pytest.mark.parametrize(
    ("keys", "seconds", "blocks"),
    [
        ([0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2], True),
        ([0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 4, 5], False),  # one after the other
        ([0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2], False),  # in turns
        ([0, 0, 0, 1, 1, 1], [0, 2, 1, 0, 1, 2], False),  # one device's clock was set back
        ([0, 0, 1, 1, 1], [0, 1, 0, 1, 2], False),  # fewer than three rows of a device
    ],
)
def test_blocks_are_times_that_begin_anew_with_each_device(keys, seconds, blocks: bool) -> None:
    assert in_blocks(np.array(keys, np.int16), np.array(seconds, np.int64)) is blocks


def test_one_of_them_is_taken_by_its_name(tmp_path: Path) -> None:
    _, *found = load(tmp_path, blocks({"alpha": 200, "beta": 150}, 20), rail="beta")
    assert found == pytest.approx([150 * 19 * 15, 19 * 15])


def test_times_that_begin_anew_at_0_may_follow_each_other(tmp_path: Path) -> None:
    text = blocks({"first": 10, "second": 20}, 20, start=0, step=1).replace("timestamp", "time_s")
    with pytest.raises(ConfigurationError, match="--rail first takes one of them"):
        load(tmp_path, text)
    assert load(tmp_path, text, rail="second")[1] == pytest.approx(20 * 19)


def test_words_beside_the_readings_of_one_device_distinguish_none(tmp_path: Path) -> None:
    rows = [
        f"{'idle' if i < 30 else 'load'},{1_711_000_000 + i - 5 * (i >= 40)},{10 + i % 2}" for i in range(60)
    ]
    log, _, _ = load(tmp_path, "\n".join(["phase,timestamp,power_W", *rows, ""]))
    assert [note for note in log.warnings if note.code == "log-clock-set"]
    assert log.facts["whole"]["rail"] == "input"


def test_devices_that_were_never_read_together_are_taken_one_by_one(tmp_path: Path) -> None:
    early, late = blocks({"alpha": 200}, 20), blocks({"beta": 150}, 20, start=1_711_005_000)
    text = late + early.split("\n", 1)[1]
    with pytest.raises(ConfigurationError, match="--rail beta takes one of them"):
        load(tmp_path, text)


def test_phases_of_a_log_whose_clock_was_set_back_between_them_are_no_devices(tmp_path: Path) -> None:
    rows = [(1_711_000_000 + i - 3 * (i >= 30), "idle" if i < 30 else "load", 20) for i in range(60)]
    text = "time,phase,power_W\n" + "".join(f"{t},{phase},{w}.0\n" for t, phase, w in rows)
    log, *found = load(tmp_path, text)
    assert found == pytest.approx([20 * 59, 59])
    assert "log-clock-set" in {note.code for note in log.warnings}


def test_blocks_of_which_one_ended_early_are_of_one_time(tmp_path: Path) -> None:
    rows = [(name, i) for name, count in (("a", 20), ("b", 6), ("c", 40)) for i in range(count)]
    text = "time,run,power_W\n" + "".join(f"{1_711_000_000 + i},{name},20.0\n" for name, i in rows)
    log, *_ = load(tmp_path, text)
    assert log.facts["whole"]["rail"] == "all devices"
    with pytest.raises(ConfigurationError, match="begin anew"):
        load(tmp_path, text.replace("time", "time_s").replace("17110000", "0"))


def test_two_instruments_of_which_one_counts_from_its_start_are_refused(tmp_path: Path) -> None:
    rows = [f"meter,{t},100" for t in range(20)] + [f"board,{1_711_000_000 + t},60" for t in range(20)]
    with pytest.raises(ConfigurationError, match=r"'logger' \(meter, board\).*a file of its own"):
        load(tmp_path, "\n".join(["logger,time,power_W", *rows, ""]), columns={"time": "s"})
