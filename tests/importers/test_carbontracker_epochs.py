"""Carbontracker's log of epochs: mean power × duration of each."""

import pytest
from tool_log import load

from powermeter.errors import DataError
from powermeter.importers import open_log

STAMP = "2025-03-14 09:01:00 - "


def _log(*epochs):
    lines = [f"{STAMP}carbontracker version 2.0", f"{STAMP}Monitoring thread started."]
    for number, (length, gpu, cpu) in enumerate(epochs, 1):
        lines += [
            f"{STAMP}Epoch {number}:",
            f"{STAMP}Duration: {length}",
            f"{STAMP}Average power usage (W) for gpu: {gpu}",
            f"{STAMP}Average power usage (W) for cpu: {cpu}",
        ]
    return "\n".join(lines)


def test_each_epoch_is_its_power_times_its_duration(tmp_path):
    """(100 + 50) W × 60 s + 200 W × 1.5 s of two cards, 40 W × 61.5 s of the processor."""
    text = _log(("0:01:00.00", "[100.  50.]", "[40.0]"), ("0:00:01.50", "[150. 50.]", "[40.0]"))
    log, energies, counted = load(tmp_path, text)
    assert energies["gpu"] == pytest.approx(9300) and energies["cpu"] == pytest.approx(2460)
    assert counted == "components" and [e.duration_s for e in log.events] == [60, 1.5]


def test_a_component_that_was_not_measured_is_left_out_aloud(tmp_path):
    text = _log(("0:01:00.00", "[100.0]", "None"), ("0:01:00.00", "[100.0]", "[40.0]"))
    log, energies, _ = load(tmp_path, text)
    assert energies["gpu"] == pytest.approx(12_000) and "cpu" not in energies
    assert "components-left-out" in [note.code for note in log.warnings]


@pytest.mark.parametrize("power", ["None", "[nan]", "[1e300]", "[-5]"])
def test_no_power_is_refused(tmp_path, power):
    with pytest.raises(DataError):
        load(tmp_path, _log(("0:01:00.00", power, "None")))


def test_damaged_lines_are_counted(tmp_path):
    path = tmp_path / "output.log"
    path.write_text(
        "".join(
            f"2025-03-14 09:0{i}:00 - Epoch {i}:\n2025-03-14 09:0{i}:00 - Duration: 0:01:0{'x' if i == 2 else 0}.00\n"
            f"2025-03-14 09:0{i}:00 - Average power usage (W) for gpu: [15{i}.0]\n"
            for i in range(1, 6)
        )
    )
    assert any("1 damaged line was left out (line 5)" in str(note) for note in open_log(path).warnings)
