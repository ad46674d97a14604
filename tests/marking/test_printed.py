"""Events from the lines that a program prints."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from itertools import pairwise

import pytest

from powermeter.errors import ConfigurationError
from powermeter.marking.printed import Found, PrintedMarks, by_pattern
from powermeter.recording import Recording

RECORD = [sys.executable, "-m", "powermeter", "record", "-q", "--no-live", "-s", "virtual://?rate=100Hz"]


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        (r"(?P<name>\w+) took (?P<ms>[\d.]+) ms", "infer took 2.5 ms", Found("infer", 7_500_000, 10_000_000)),
        (r"t=(?P<us>\d+)us n=(?P<n>\d+)", "t=1000us n=8", Found("t=1000us n=8", 9_000_000, 10_000_000, 8)),
        (r"epoch (?P<number>\d+)", "epoch 3", Found("epoch 3", 10_000_000, 10_000_000, 1, {"number": 3})),
        (r"(?P<name>x) (?P<items>\S+)", "x many", Found("x", 10_000_000, 10_000_000, None)),
        (r"(?P<name>x)(?P<loss>[\d.]+)?", "x", Found("x", 10_000_000, 10_000_000)),
    ],
)
def test_a_line_becomes_an_event_by_the_groups_of_a_pattern(pattern, line, found):
    assert by_pattern(pattern)(line, 10_000_000, 0) == [found]
    assert by_pattern(pattern)("something else", 10_000_000, 0) == []


def test_a_broken_pattern_is_refused():
    with pytest.raises(ConfigurationError, match="not a regular expression"):
        by_pattern("(unclosed")


def test_lines_arrive_in_any_pieces(running):
    marks = PrintedMarks(running.log, by_pattern("infer"))
    for piece in (b"in", b"fer\nnot this\nan", b" infer", b"\xff\r\n", b"infer"):
        marks.take(1, piece)
    marks.take(2, b"other infer\n")
    assert marks.found == 3
    marks.end(1)
    assert marks.found == 4
    assert len(running.end()) == 4


def record(path, pattern, code):
    command = [
        *RECORD,
        "-o",
        str(path),
        "--events-from",
        pattern,
        "--",
        sys.executable,
        "-c",
        textwrap.dedent(code),
    ]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


def test_a_command_is_not_changed_and_its_lines_are_events(tmp_path):
    code = """
        import sys, time
        for number in range(3):
            time.sleep(0.05)
            print(f"step {number}: 40.0 ms for 8 images")
        print("and to stderr", file=sys.stderr)
        sys.exit(37)
    """
    path = tmp_path / "run.power"
    done = record(path, r"(?P<name>step) (?P<number>\d): (?P<ms>[\d.]+) ms for (?P<n>\d+)", code)
    assert done.returncode == 37
    assert done.stdout == b"".join(b"step %d: 40.0 ms for 8 images\n" % n for n in range(3))
    assert b"and to stderr\n" in done.stderr
    with Recording.open(path) as recording:
        assert recording.warnings == []
        found = recording.events()
    assert [(event.name, event.count, event.attributes) for event in found] == [
        ("step", 8, {"number": number}) for number in range(3)
    ]
    gaps = [later.end_ns - earlier.end_ns for earlier, later in pairwise(found)]
    assert all(gap > 40_000_000 for gap in gaps), "the lines came in one block, at the end"
    assert all(event.duration_s == pytest.approx(0.04) for event in found)


def test_a_pattern_that_never_fits_is_reported(tmp_path):
    done = record(tmp_path / "run.power", "never", "print('something else')")
    assert done.returncode == 0 and b"no line that it printed" in done.stderr


def test_a_background_process_that_keeps_the_output_does_not_hold_us_up(tmp_path):
    code = """
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(15)"])
        print("step")
    """
    begun = time.monotonic()
    done = record(tmp_path / "run.power", "step", code)
    assert done.returncode == 0 and time.monotonic() - begun < 14
    assert os.path.getsize(tmp_path / "run.power") > 0  # noqa: PTH202
