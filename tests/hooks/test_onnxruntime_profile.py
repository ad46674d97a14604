"""ONNX Runtime's profile: as version 1.32 wrote it in New York, by its name and its file's time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from powermeter.errors import DataError
from powermeter.hooks.onnxruntime_profile import profiles, runs
from powermeter.recording import Recording

NAME = "onnxruntime_profile__2026-11-26_15-23-25_213.json"
BEGIN_US = 1795724605_213_161  # as get_profiling_start_time_ns told: 20:23:25.213161 UTC
ENTRIES = [
    {
        "cat": "Session",
        "pid": 1,
        "tid": 1,
        "dur": 327,
        "ts": 3,
        "ph": "X",
        "name": "model_loading_uri",
        "args": {},
    },
    {"cat": "Session", "dur": 7638, "ts": 354, "ph": "X", "name": "session_initialization"},
    {"cat": "Node", "dur": 74, "ts": 9109, "ph": "X", "name": "MatMul_0_kernel_time"},
    {"cat": "Session", "dur": 87, "ts": 9103, "ph": "X", "name": "SequentialExecutor::Execute"},
    {"cat": "Session", "dur": 1110, "ts": 8085, "ph": "X", "name": "model_run"},
    {"cat": "Session", "dur": 73, "ts": 23012, "ph": "X", "name": "model_run"},
    {"cat": "Session", "dur": -5, "ts": 1, "name": "model_run"},
    "odd",
]


def write(folder: Path, name: str = NAME, late_s: float = 0.3) -> Path:
    path = folder / name
    path.write_text(json.dumps(ENTRIES))
    end = BEGIN_US * 1000 + 23_085_000 + round(late_s * 1e9)
    os.utime(path, ns=(end, end))
    return path


@pytest.mark.parametrize("late_s", [0.0, 300.0])
def test_runs_are_placed_to_a_millisecond_whatever_the_zone(tmp_path: Path, late_s: float) -> None:
    found = runs(write(tmp_path, late_s=late_s), 0)
    assert [(one.name, one.count) for one in found] == [
        ("load", 1),
        ("load", 1),
        ("model_run", None),
        ("model_run", None),
    ]
    for one, ts in zip(found, (3, 354, 8085, 23012), strict=True):
        assert abs(one.start_ns - (BEGIN_US + ts) * 1000) <= 500_000
    assert found[3].end_ns - found[3].start_ns == 73_000


def test_a_profile_that_cannot_be_placed_or_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="millisecond"):
        runs(write(tmp_path, "onnxruntime_profile__2026-11-26_15-23-25.json"), 0)
    for text in ("{}", "no", "[" * 100_000):
        path = tmp_path / NAME
        path.write_text(text)
        with pytest.raises(DataError, match="not a profile"):
            runs(path, 0)


def test_only_new_profiles_count(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "other.json").write_text("[]")
    assert profiles(tmp_path, path.stat().st_mtime_ns) == [path]
    assert profiles(tmp_path, path.stat().st_mtime_ns + 1) == []
    assert profiles(tmp_path / "nowhere", 0) == []


@pytest.mark.thorough
def test_record_reads_what_a_program_leaves(tmp_path: Path) -> None:
    program = f"""
        import datetime, json, pathlib, time
        begin = time.time()
        time.sleep(0.2)
        name = datetime.datetime.fromtimestamp(begin).strftime("p_%Y-%m-%d_%H-%M-%S_") + "%03d" % (begin % 1 * 1000)
        pathlib.Path(name + ".json").write_text({json.dumps(json.dumps(ENTRIES))})
    """
    path = tmp_path / "run.power"
    record = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-q",
        "--no-live",
        "-s",
        "virtual://",
        "-o",
        str(path),
    ]
    done = subprocess.run(
        [*record, "--events-from", "onnxruntime", "--", sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    with Recording.open(path) as recording:
        events = recording.events()
    assert [event.name for event in events] == ["load", "load", "model_run", "model_run"]
    assert events[2].count is None and events[2].duration_s == pytest.approx(1110e-6)
