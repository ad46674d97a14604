"""OpenMetrics text: families whole and in order, each sample with its stamp, the end marked."""

from __future__ import annotations

import io
import re
import shutil
import subprocess

import pytest

from powermeter.channel import Boundary, Rail
from powermeter.errors import DataError
from powermeter.recording import Recording, Writer
from powermeter.reports.exports.prometheus import write_prometheus

LINE = re.compile(
    r'([a-z_]+)\{source="((?:[^"\\\n]|\\.)*)",channel="([^"]*)",rail="((?:[^"\\\n]|\\.)*)"\} (\S+) (\d+\.\d{9})'
)


def text_of(path):
    file = io.BytesIO()
    with Recording.open(path) as recording:
        write_prometheus(recording, file)
    return file.getvalue().decode()


def test_every_sample_has_its_value_and_stamp(make):
    lines = text_of(make()).splitlines()
    assert lines[-1] == "# EOF"
    found = [m.groups() for line in lines if (m := LINE.fullmatch(line))]
    assert len(found) == 2 * 1001 and len(found) == len([x for x in lines if not x.startswith("#")])
    volts = [f for f in found if f[0] == "powermeter_voltage_volts"]
    assert [float(f[4]) for f in volts] == [5.0] * 1001
    assert volts[0][5] == "1700000000.000000000" and volts[-1][5] == "1700000010.000000000"
    families = [f[0] for f in found]
    assert families == sorted(families, key=families.index)  # no family is interrupted by another


def test_a_label_cannot_break_out_of_its_quotes(make):
    rail = Rail('a"} 1\n# EOF\\', boundary=Boundary.BOARD)
    lines = text_of(make(rail=rail)).splitlines()
    assert [line for line in lines if line.startswith("#")][-1] == "# EOF" == lines[-1]
    assert lines.count("# EOF") == 1
    assert all(LINE.fullmatch(line) for line in lines if not line.startswith("#"))


def test_without_the_time_of_day_it_is_refused(tmp_path):
    from powermeter.channel import Channel, Quantity

    with Writer.create(tmp_path / "x.power", {}) as writer:
        source = writer.add_source("x://", "m", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("b")),))
        import numpy as np

        writer.append(source, np.arange(3, dtype=np.int64), np.arange(3, dtype=np.int64))
    with pytest.raises(DataError, match="time of day"):
        text_of(tmp_path / "x.power")


@pytest.mark.thorough
@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs Prometheus' own promtool (Debian: prometheus)"
)
def test_promtool_takes_every_sample(make, tmp_path):
    text = tmp_path / "run.prom"
    text.write_text(text_of(make()), "utf-8")
    blocks = tmp_path / "blocks"
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", text, blocks]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    titles, *rows = (line.split("  ") for line in done.stdout.splitlines())
    at = [title.strip() for title in titles if title.strip()].index("NUM SAMPLES")
    counts = [[cell.strip() for cell in row if cell.strip()][at] for row in rows]
    assert sum(map(int, counts)) == 2 * 1001  # 100 readings a second: no two in one of its milliseconds
