"""The recorder process as its parent sees it: start, signals, faults, a full disk, an orderly end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from powermeter.errors import (
    ConfigurationError,
    ExistsError,
    OpenError,
    PowermeterError,
    ReadError,
    Reason,
)
from powermeter.recorder.parent import Listener, Recorder, _rebuild
from powermeter.recording import Recording

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=500Hz"


def wait_until(condition, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def samples_of(path: Path):
    with Recording.open(path) as recording:
        return recording.samples(1), recording.gaps(1), list(recording.warnings), recording.metadata


def test_two_sources_are_recorded_side_by_side(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL, "virtual://?name=second&shape=square"], {"place": "bench"})
    recorder.start()
    with Recording.open(path) as growing:
        assert growing.is_growing and growing.warnings == []
    time.sleep(0.25)
    assert recorder.is_running
    assert recorder.stop() and recorder.ended_well and recorder.problem == ""
    with Recording.open(path) as recording:
        assert recording.warnings == [] and not recording.is_growing
        assert recording.metadata["place"] == "bench" and recording.metadata["ended"] == "stopped"
        assert [source.name for source in recording.sources] == ["virtual://", "second"]
        for source in recording.sources:
            assert len(recording.samples(source.id).times_ns) > 5
        assert len(recording.clock_pairs()) == 2
        note = recording.facts("recorder")[-1]
    assert note["cpu_s"] > 0 and note["peak_memory"] > 1e6
    assert note["sources"]["1"]["samples"] > 50 and note["sources"]["1"]["errors"] == 0
    assert [item.name for item in tmp_path.iterdir()] == ["run.power"], "SQLite's files were left beside it"


def test_status_messages_carry_running_totals(tmp_path):
    heard = []
    recorder = Recorder(
        tmp_path / "run.power", [URL], listener=Listener(on_status=heard.append, status_s=0.1)
    )
    recorder.start()
    wait_until(lambda: any(m["sources"][0]["energy_j"] for m in heard))
    recorder.stop()
    (source,) = heard[-1]["sources"]
    assert source["rail"] == "VIRTUAL"
    assert source["power_w"] == pytest.approx(5.0)
    assert source["energy_j"] == pytest.approx(5.0 * source["charge_c"])


def test_an_existing_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "run.power"
    path.write_text("precious")
    with pytest.raises(ExistsError, match="--force"):
        Recorder(path, [URL]).start()
    assert path.read_text() == "precious"
    recorder = Recorder(path, [URL], force=True)
    recorder.start()
    assert recorder.stop()
    assert samples_of(path)[2] == []


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("virtual://?fault=absent", OpenError, "absent"),
        ("virtul://", ConfigurationError, "did you mean virtual"),
        ("virtual://?shpe=ramp", ConfigurationError, "did you mean 'shape'"),
        ("no url", ConfigurationError, "is not a source"),
    ],
)
def test_a_source_that_cannot_be_used_is_named_and_nothing_is_written(tmp_path, url, error, says):
    with pytest.raises(error, match=says) as caught:
        Recorder(tmp_path / "run.power", [URL, url]).start()
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="no folder"):
        Recorder(tmp_path / "absent" / "run.power", [URL]).start()


def test_faults_become_gaps_with_their_reason_and_recording_goes_on(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, ["virtual://?noise=0&shape=constant&rate=500Hz&fault=bad-data@0.4s"])
    recorder.start()
    time.sleep(0.7)
    assert recorder.stop()
    samples, (gap,), warnings, _ = samples_of(path)
    assert gap.reason == Reason.BAD_DATA.value and "checksum wrong" in gap.detail
    assert samples.times_ns[0] < gap.start_ns < gap.end_ns < samples.times_ns[-1]
    assert not ((samples.times_ns > gap.start_ns) & (samples.times_ns < gap.end_ns)).any()
    assert warnings == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_to_the_recorder_never_cost_the_file(tmp_path, number):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL])
    recorder.start()
    time.sleep(0.2)
    os.kill(recorder.pid, number)
    if number == signal.SIGTERM:
        wait_until(lambda: not recorder.is_running)
    else:
        time.sleep(0.1)
        assert recorder.is_running, "Ctrl-C in the terminal is the parent's affair"
    assert recorder.stop() and recorder.problem == ""
    samples, gaps, warnings, metadata = samples_of(path)
    assert len(samples.times_ns) > 20 and gaps == [] and warnings == []
    assert metadata["ended"] == ("SIGTERM" if number == signal.SIGTERM else "stopped")


PROGRAM = """
import sys, time, powermeter
with powermeter.Meter({url!r}, path=sys.argv[1]) as meter:
    with powermeter.event("long"):
        print("ready", flush=True)
        time.sleep(30)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_measured_program_never_cost_the_file(tmp_path, number):
    path = tmp_path / "run.power"
    code = textwrap.dedent(PROGRAM).format(url=URL)
    program = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert program.stdout is not None and program.stdout.readline() == b"ready\n"
    time.sleep(0.2)
    os.killpg(program.pid, number)
    program.wait(20)
    program.stdout.close()

    def closed() -> bool:
        with Recording.open(path) as recording:
            return bool(recording.facts("closed"))

    wait_until(closed)
    samples, gaps, warnings, metadata = samples_of(path)
    assert len(samples.times_ns) > 20 and gaps == [] and warnings == []
    assert metadata["ended"] == ("stopped" if number == signal.SIGINT else "the measured program is gone")
    if number == signal.SIGINT:  # Python unwinds: the event it was in has an end
        with Recording.open(path) as recording:
            (event,) = recording.events()
        assert event.name == "long" and event.attributes == {"error": "KeyboardInterrupt"}


def test_a_killed_recorder_raises_nothing_and_what_is_missing_is_listed(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL])
    recorder.start()
    wait_until(lambda: samples_of(path)[0].times_ns.size > 100)
    os.kill(recorder.pid, signal.SIGKILL)
    wait_until(lambda: not recorder.is_running)
    time.sleep(0.3)
    problem = recorder.problem
    assert "died (status -9)" in problem and "earlier than the program" in problem and "\n" not in problem
    assert recorder.problem == problem and recorder.stop() is False
    samples, gaps, _, _ = samples_of(path)
    (gap,) = gaps
    assert (gap.start_ns, gap.reason) == (samples.times_ns[-1], "failed") and "status -9" in gap.detail
    assert 0.3e9 <= gap.end_ns - gap.start_ns < 5e9


def test_a_recorder_that_is_killed_before_its_first_reading_is_listed_as_a_gap(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, ["virtual://?rate=10Hz"])
    recorder.start()
    os.kill(recorder.pid, signal.SIGKILL)
    wait_until(lambda: not recorder.is_running)
    assert "died" in recorder.problem
    samples, gaps, _, _ = samples_of(path)
    assert not samples.times_ns.size and [gap.reason for gap in gaps] == ["failed"]


# A full disk ------------------------------------------------------------------------------------


def _limit(pid: int, size: int) -> None:
    import resource

    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


needs_prlimit = pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")


@needs_prlimit
def test_a_disk_that_is_full_for_a_while_loses_nothing(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL])
    recorder.start()
    log = path.with_name(path.name + "-wal")
    _limit(recorder.pid, log.stat().st_size)
    time.sleep(0.8)
    with Recording.open(path) as recording:
        assert len(recording.samples(1).times_ns) == 0
    _limit(recorder.pid, -1)
    time.sleep(0.6)
    assert recorder.stop()
    samples, gaps, warnings, _ = samples_of(path)
    assert warnings == [] and gaps == []
    assert np.diff(samples.times_ns).max() < 0.2e9 and len(samples.times_ns) > 500
    with Recording.open(path) as recording:
        assert recording.facts("recorder")[-1]["disk_error"]


@needs_prlimit
def test_a_disk_that_stays_full_is_said_and_what_was_written_is_right(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL])
    recorder.start()
    time.sleep(0.7)
    log = path.with_name(path.name + "-wal")
    _limit(recorder.pid, log.stat().st_size)
    time.sleep(0.6)
    began = time.monotonic()
    assert recorder.stop() is False
    assert time.monotonic() - began < 1.5, "the program was held up by a disk"
    assert "full" in recorder.problem and "not closed yet" in recorder.problem
    samples, _, _, _ = samples_of(path)
    assert len(samples.times_ns) > 100
    assert set(samples.codes["virtual.current"].tolist()) == {100_000}
    os.kill(recorder.pid, signal.SIGKILL)


@needs_prlimit
def test_a_disk_that_has_room_again_after_the_end_loses_nothing(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL])
    recorder.start()
    time.sleep(0.7)
    _limit(recorder.pid, path.with_name(path.name + "-wal").stat().st_size)
    time.sleep(0.6)
    assert recorder.stop() is False
    end_ns = time.monotonic_ns()
    _limit(recorder.pid, -1)
    wait_until(lambda: not recorder.is_running)
    samples, gaps, warnings, _ = samples_of(path)
    assert warnings == [] and gaps == [] and end_ns - samples.times_ns[-1] < 2e9
    assert np.diff(samples.times_ns).max() < 0.2e9


# What the recorder says -------------------------------------------------------------------------


def test_errors_arrive_as_the_class_they_were():
    lost = _rebuild({"class": "OpenError", "message": "no port", "reason": "permission"})
    assert isinstance(lost, OpenError) and lost.reason is Reason.PERMISSION and str(lost) == "no port"
    assert isinstance(_rebuild({"class": "ExistsError", "message": "x"}), ExistsError)
    assert type(_rebuild({"class": "Reason", "message": "x"})) is ReadError
    assert type(_rebuild({"class": "SystemExit", "message": "x"})) is ReadError
    assert isinstance(_rebuild({}), PowermeterError)
