"""What a driver of somebody else's may do inside the recorder without harm to the recording or the program."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from faults import URL, contents
from scripted_source import MS, FakeClock, Scripted, played, rows
from waiting import assert_all_written, not_the_machines, started, wait_for_a_reading_after, wait_until

from powermeter.errors import OpenError, ReadError, Reason
from powermeter.recorder.parent import Recorder
from powermeter.recorder.refused_readings import PAST_NS
from powermeter.recording import Recording
from powermeter.source import Row

pytestmark = pytest.mark.thorough

DRIVER = """
import atexit, os, subprocess, sys, threading, time
from powermeter.channel import Channel, Quantity, Rail
from powermeter.source import Option, PolledSource, Row

class Strange(PolledSource):
    scheme, summary, example, default_period_s = "strange", "for this test", "strange://", 0.01
    OPTIONS = {"note": Option(str, "", "where it writes down that it has done it")}

    def open(self):
        self.channels = (Channel("p", Quantity.POWER, 1e-3, Rail("R")),)
        %s

    def info(self):
        %s
        return {}

    def close(self):
        raise SystemExit("closed")

    def sample(self):
        if not os.path.exists(self.options["note"]):
            self.act()
        return Row([5000])

    def act(self):
        %s
        with open(self.options["note"] + "-", "w") as file:
            file.write(str(child.pid) if "child" in locals() else "done")
        os.rename(file.name, self.options["note"])
"""
ACTS = {
    "prints": "print('5'); print('[]'); os.write(1, b'\\xff no end'); sys.stdout.flush()",
    "closes its outputs": "sys.stdout = sys.stderr = None; os.close(0); os.close(1)",
    "leaves a thread": "threading.Thread(target=time.sleep, args=(3600,)).start()",
    "waits at the end": "atexit.register(time.sleep, 3600)",
    "leaves a program": "child = subprocess.Popen(['sleep', '3600'])",
}


@pytest.fixture
def strange(tmp_path, monkeypatch):
    """Return a function that installs a driver that does one thing once, and returns its URL and its note."""

    def install(act: str = "pass", opening: str = "pass", stating: str = "pass") -> tuple[str, Path]:
        folder = tmp_path / "installed" / "strange-0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 0\n")
        (folder / "entry_points.txt").write_text("[powermeter.drivers]\nstrange = strange:Strange\n")
        (folder.parent / "strange.py").write_text(textwrap.dedent(DRIVER % (opening, stating, act)))
        monkeypatch.syspath_prepend(str(folder.parent))
        note = tmp_path / "note"
        return f"strange://?note={note}", note

    return install


@pytest.mark.skipif(sys.platform == "win32", reason="its acts are those of POSIX")
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_a_driver_does_beside_reading_harms_nothing(tmp_path, strange, act):
    url, note = strange(act)
    path = tmp_path / "run.power"
    recorder = started(path, URL, url)
    wait_until(note.exists)
    wait_for_a_reading_after(path, time.monotonic_ns())
    wait_for_a_reading_after(path, time.monotonic_ns(), source=2)
    assert recorder.stop() and recorder.problem == "" and not recorder.is_running
    if note.read_text() != "done":
        os.kill(int(note.read_text()), signal.SIGKILL)  # it is there: nobody has waited for its end
    assert_all_written(path)
    with Recording.open(path) as recording:
        assert not recording.warnings and not not_the_machines(recording.gaps(1))
        assert recording.metadata["ended"] == "stopped"


@pytest.mark.parametrize(
    ("part", "act", "says"),
    [
        ("opening", "raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("opening", "self.channels = self.channels * 2", "two of its channels have one name"),
        ("opening", "self.channels = ('p',)", "not a sequence of Channel"),
        ("opening", "self.channels = (Channel('p', Quantity.POWER, float('nan')),)", "scale nan"),
        ("opening", "self.channels = (Channel('p', Quantity.POWER, '1'),)", "scale '1'"),
        ("opening", "self.channels = (Channel('p', Quantity.POWER, 0.0),)", "scale 0.0"),
        ("opening", "self.channels = (Channel('p', Quantity.POWER, 1e308),)", r"scale 1e\+308"),
        ("opening", "self.channels = (Channel('p', Quantity.POWER, 1e-31),)", "scale 1e-31"),
        ("opening", "self.channels = (Channel('p', Quantity.POWER, 1.0, offset=-1e31),)", r"offset -1e\+31"),
        ("opening", "self.channels = (Channel('p', Quantity.POWER, 1.0, wrap=0.5),)", "not whole"),
        ("opening", "self.channels = (Channel('p\\udcff', Quantity.POWER, 1.0),)", "can be written down"),
        ("stating", "return None", r"info\(\) returned a NoneType"),
        ("stating", "sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_driver_that_cannot_be_recorded_is_named_and_leaves_no_file(tmp_path, strange, part, act, says):
    url, _ = strange(**{part: act})
    path = tmp_path / "run.power"
    with pytest.raises(OpenError, match=rf"^strange://.*{says}"):
        Recorder(path, [URL, url]).start()
    assert not path.exists()


class Unstatable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError("meter \udcff: a\0b\nc"), r"meter \udcff: a?b?c"),
        (RuntimeError("x" * 30_000_000), "RuntimeError: x"),
        (Unstatable(), "Unstatable: it cannot state why: RuntimeError"),
    ],
    ids=["unprintable", "endless", "unstatable"],
)
def test_the_text_of_any_error_can_be_written_down(error, says):
    clock = FakeClock()
    (gap,) = played(Scripted([[1], error, [2]], clock)).take().gaps
    assert gap.detail.startswith(says) and len(gap.detail) <= 220
    gap.detail.encode()


@pytest.mark.parametrize(("back_ns", "is_kept"), [(10 * MS, True), (11 * MS, False)])
def test_a_polled_reading_of_an_earlier_time_is_a_gap(back_ns, is_kept):
    """It was put into the moment of the reading before, and nothing stated it."""
    clock = FakeClock()
    script = [Row([1], 0, 50 * MS), Row([2], 0, 50 * MS - back_ns), Row([3], 0, 60 * MS)]
    harvest = played(Scripted(script, clock)).take()
    assert [code for _, code in rows(harvest)] == ([1, 2, 3] if is_kept else [1, 3])
    assert [(gap.start_ns, gap.end_ns, gap.reason) for gap in harvest.gaps] == (
        [] if is_kept else [(50 * MS, 60 * MS, "bad data")]
    )


@pytest.mark.parametrize("at_ns", [10**17, -(10**17), 2**70, float("nan"), "now"])
def test_a_stamp_that_no_reading_can_have_is_a_gap(at_ns):
    """Taken as it is, the first makes a recording of three years, the others end the recorder."""
    clock = FakeClock()
    clock.at = 2 * PAST_NS
    harvest = played(Scripted([[1], Row([2], 0, at_ns), [3]], clock)).take()
    ((times, codes, _),) = harvest.blocks
    assert codes[:, 0].tolist() == [1, 3] and times[1] - times[0] == 20 * MS
    assert [gap.reason for gap in harvest.gaps] == [Reason.BAD_DATA.value]


def test_a_stamp_may_be_numpys(tmp_path):
    """As codes may: it is a whole number, and the file has it as one."""
    clock = FakeClock()
    at_ns = np.int64(clock.at + MS)
    harvest = played(Scripted([[1], Row([2], 0, at_ns), ReadError("lost"), [3]], clock)).take()
    assert [gap.reason for gap in harvest.gaps] == ["no answer"] and type(harvest.gaps[0].start_ns) is int
    assert harvest.blocks[0][1][:, 0].tolist() == [1, 2, 3]


def test_a_gap_of_a_driver_with_an_unprintable_text_is_written(tmp_path):
    from powermeter.channel import Channel, Gap, Quantity
    from powermeter.recording import Writer

    with Writer.create(tmp_path / "run.power") as writer:
        source = writer.add_source("a://", "a", "a", (Channel("p", Quantity.POWER, 1e-3),))
        writer.add_gap(source, Gap(1, 2, "absent", "port \udcff"))
    assert contents(tmp_path / "run.power")[1][0].detail == r"port \udcff"
