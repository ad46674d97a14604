"""Monsoon's CSV: seconds under a header of milliseconds."""

import numpy as np
import pytest
from tool_log import convert

from powermeter.analysis.energy import analyse


def test_monsoon_seconds_under_a_header_of_milliseconds(tmp_path):
    path = tmp_path / "m.csv"
    lines = [f"{i // 10 * 0.002:.4f},500.0,4.0,\n" for i in range(200)]  # packets of ten, 5 kHz
    path.write_text("Time(ms),Main(mA),Main Voltage(V),\n" + "".join(lines))
    log, recording = convert(path, tmp_path)
    with recording:
        samples = recording.samples(1)
        assert (samples.times_ns[-1] - samples.times_ns[0]) / 1e9 == pytest.approx(0.038)
        assert (np.diff(samples.times_ns) > 0).all()
        assert analyse(recording).plain_energy == pytest.approx(2.0 * 0.038)
    assert any("seconds, although the header states ms" in note for note in log.warnings)


def test_monsoon_milliseconds_are_believed_where_they_can_be(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(
        "Time(ms),USB(mA),Aux(mA),USB Voltage(V),\n" + "".join(f"{i},100,0,5,\n" for i in range(50))
    )
    log, recording = convert(path, tmp_path)
    with recording:
        assert analyse(recording, rail="usb").plain_energy == pytest.approx(0.5 * 0.049)
    assert any("import again with --column 'Time(ms)=s'" in note for note in log.warnings)
    _, recording = convert(path, tmp_path, columns={"Time(ms)": "s"})
    with recording:
        assert analyse(recording, rail="usb").plain_energy == pytest.approx(0.5 * 49)
