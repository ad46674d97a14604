"""The recorder process as its parent sees it: start, signals, faults, a full disk, an orderly end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from waiting import (
    CEILING_S,
    Heard,
    assert_all_written,
    not_the_machines,
    readings,
    started,
    wait_for_a_reading_after,
    wait_for_readings,
    wait_until,
)

from powermeter.errors import (
    ConfigurationError,
    ExistsError,
    OpenError,
    PowermeterError,
    ReadError,
    Reason,
)
from powermeter.recorder.parent import Listener, Recorder, rebuild
from powermeter.recording import Recording, Writer
from powermeter.recording.file import PAGE

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=500Hz"


def samples_of(path: Path):
    with Recording.open(path) as recording:
        return recording.samples(1), recording.gaps(1), list(recording.warnings), recording.metadata


@pytest.mark.thorough
def test_two_sources_are_recorded_side_by_side(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL, "virtual://?name=second&shape=square"], {"place": "bench"})
    recorder.start()
    with Recording.open(path) as growing:
        assert growing.is_growing and growing.warnings == []
    wait_for_readings(path, 50)
    wait_for_readings(path, 5, source=2)
    assert recorder.is_running
    assert recorder.stop() and recorder.problem == ""
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


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_who_reads_the_file_states_how_often_it_is_written(tmp_path):
    heard = []
    listener = Listener(on_status=heard.append, status_s=0.01, flush_s=0.02)
    recorder = Recorder(tmp_path / "run.power", [URL], listener=listener)
    recorder.start()
    wait_until(lambda: len(heard) > 4)
    recorder.stop()
    counts = [message["sources"][0]["samples"] for message in heard[:5]]
    assert min(b - a for a, b in pairwise(counts)) < 100, "every half second, it would be 250"


def test_an_existing_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "run.power"
    with Writer.create(path, {"attributes": {"kept": "precious"}}):
        pass
    before = path.read_bytes()
    with pytest.raises(ExistsError, match="--force"):
        Recorder(path, [URL]).start()
    assert path.read_bytes() == before
    recorder = Recorder(path, [URL], force=True)
    recorder.start()
    assert recorder.stop()
    assert samples_of(path)[2] == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("virtual://?fault=absent", OpenError, "absent"),
        ("virtul://", ConfigurationError, "did you mean virtual"),
        ("virtual://?shpe=ramp", ConfigurationError, "did you mean shape"),
        ("no url", ConfigurationError, "is not a source"),
    ],
)
def test_a_source_that_cannot_be_used_is_named_and_nothing_is_written(tmp_path, url, error, says):
    with pytest.raises(error, match=says) as caught:
        Recorder(tmp_path / "run.power", [URL, url]).start()
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.thorough
def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="no folder"):
        Recorder(tmp_path / "absent" / "run.power", [URL]).start()


@pytest.mark.thorough
def test_faults_become_gaps_with_their_reason_and_recording_goes_on(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, ["virtual://?noise=0&shape=constant&rate=500Hz&fault=bad-data@0.4s"])
    recorder.start()
    wait_until(lambda: not_the_machines(samples_of(path)[1]))
    wait_for_a_reading_after(path, not_the_machines(samples_of(path)[1])[0].end_ns)
    assert recorder.stop()
    samples, gaps, warnings, _ = samples_of(path)
    (gap,) = not_the_machines(gaps)
    assert gap.reason == Reason.BAD_DATA.value and "checksum wrong" in gap.detail
    assert gap.start_ns < gap.end_ns < samples.times_ns[-1]
    assert not ((samples.times_ns > gap.start_ns) & (samples.times_ns < gap.end_ns)).any()
    assert warnings == []


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_to_the_recorder_never_cost_the_file(tmp_path, number):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL])
    recorder.start()
    wait_for_readings(path, 20)
    os.kill(recorder.pid, number)
    if number == signal.SIGTERM:
        wait_until(lambda: not recorder.is_running)
    else:  # Ctrl-C in the terminal is the parent's affair: it goes on
        wait_for_a_reading_after(path, time.monotonic_ns())
    assert recorder.stop() and recorder.problem == ""
    samples, gaps, warnings, metadata = samples_of(path)
    assert len(samples.times_ns) > 20 and not_the_machines(gaps) == [] and warnings == []
    assert metadata["ended"] == ("SIGTERM" if number == signal.SIGTERM else "stopped")


PROGRAM = """
import sys, time, powermeter
with powermeter.Meter({url!r}, path=sys.argv[1]) as meter:
    with powermeter.event("long"):
        print("ready", flush=True)
        time.sleep(30)
"""


@pytest.mark.thorough
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
    wait_for_readings(path, 20)
    os.killpg(program.pid, number)
    program.wait(CEILING_S)
    program.stdout.close()

    def closed() -> bool:
        with Recording.open(path) as recording:
            return bool(recording.facts("closed"))

    wait_until(closed)
    samples, gaps, warnings, metadata = samples_of(path)
    assert len(samples.times_ns) > 20 and not_the_machines(gaps) == [] and warnings == []
    assert metadata["ended"] == ("stopped" if number == signal.SIGINT else "the measured program is gone")
    if number == signal.SIGINT:  # Python unwinds: the event it was in has an end
        with Recording.open(path) as recording:
            (event,) = recording.events()
        assert event.name == "long" and event.attributes == {"error": "KeyboardInterrupt"}


@pytest.mark.thorough
def test_a_killed_recorder_raises_nothing_and_what_is_missing_is_listed(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, [URL])
    recorder.start()
    wait_until(lambda: samples_of(path)[0].times_ns.size > 100)
    os.kill(recorder.pid, signal.SIGKILL)
    wait_until(lambda: not recorder.is_running)
    before = time.monotonic_ns()
    problem = recorder.problem
    after = time.monotonic_ns()
    assert "died (status -9)" in problem and "earlier than the program" in problem and "\n" not in problem
    assert recorder.problem == problem and recorder.stop() is False
    samples, gaps, _, _ = samples_of(path)
    (gap,) = not_the_machines(gaps)
    assert (gap.start_ns, gap.reason) == (samples.times_ns[-1], "failed") and "status -9" in gap.detail
    assert before <= gap.end_ns <= after, "up to when the program has found out"


@pytest.mark.thorough
def test_a_recorder_that_is_killed_before_its_first_reading_is_listed_as_a_gap(tmp_path):
    path = tmp_path / "run.power"
    recorder = Recorder(path, ["virtual://?fault=block"])
    recorder.start()
    os.kill(recorder.pid, signal.SIGKILL)
    wait_until(lambda: not recorder.is_running)
    assert "died" in recorder.problem
    recorder.stop()
    samples, gaps, _, _ = samples_of(path)
    assert not samples.times_ns.size and [gap.reason for gap in gaps] == ["failed"]


# A full disk ------------------------------------------------------------------------------------


def _limit(pid: int, size: int) -> None:
    import resource

    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


needs_prlimit = pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")


@pytest.fixture
def full(tmp_path) -> Iterator[tuple[Recorder, Heard]]:
    """A recorder that has written some readings, and can write no more since it has tried to."""
    path, heard = tmp_path / "run.power", Heard()
    recorder = started(path, URL, heard=heard)
    wait_for_readings(path, 100)
    _limit(recorder.pid, PAGE)  # nothing of the log finds room in the file either
    heard.wait_for_tries()
    yield recorder, heard
    with suppress(ProcessLookupError):
        os.kill(recorder.pid, signal.SIGKILL)


@pytest.mark.thorough
@needs_prlimit
def test_a_disk_that_is_full_for_a_while_loses_nothing(full):
    recorder, heard = full
    written = readings(recorder.path)
    heard.wait_for_tries()
    assert readings(recorder.path) == written, "the disk took something"
    _limit(recorder.pid, -1)
    assert recorder.stop() and recorder.problem == ""
    assert_all_written(recorder.path)
    assert readings(recorder.path) > written
    with Recording.open(recorder.path) as recording:
        assert recording.facts("recorder")[-1]["disk_error"]


@pytest.mark.thorough
@needs_prlimit
def test_a_disk_that_stays_full_holds_nobody_up_and_what_was_written_is_right(full, at_work):
    recorder, _ = full
    assert recorder.stop() is False
    assert recorder.is_running, "it is left to wait for the disk on its own"
    assert "disk" in recorder.problem and "not closed yet" in recorder.problem
    samples, _, _, _ = samples_of(recorder.path)
    assert len(samples.times_ns) > 100
    assert set(samples.codes["virtual.current"].tolist()) == {100_000}


@pytest.mark.thorough
@needs_prlimit
def test_a_disk_that_has_room_again_after_the_end_loses_nothing(full, at_work):
    recorder, _ = full
    written = readings(recorder.path)
    assert recorder.stop() is False
    _limit(recorder.pid, -1)
    wait_until(lambda: not recorder.is_running)
    assert_all_written(recorder.path)
    assert readings(recorder.path) > written


# What the recorder says -------------------------------------------------------------------------


def test_errors_arrive_as_the_class_they_were():
    lost = rebuild({"class": "OpenError", "message": "no port", "reason": "permission"})
    assert isinstance(lost, OpenError) and lost.reason is Reason.PERMISSION and str(lost) == "no port"
    assert isinstance(rebuild({"class": "ExistsError", "message": "x"}), ExistsError)
    assert type(rebuild({"class": "Reason", "message": "x"})) is ReadError
    assert type(rebuild({"class": "SystemExit", "message": "x"})) is ReadError
    assert isinstance(rebuild({}), PowermeterError)


@pytest.mark.thorough
def test_a_recorder_that_does_not_start_leaves_no_pipe_open(tmp_path):
    recorder = Recorder(tmp_path / "run.power", ["virtual://?fault=absent"])
    with pytest.raises(OpenError):
        recorder.start()
    process = recorder.process
    assert process is not None and process.returncode is not None
    assert recorder.orders is not None and recorder.orders.closed
    assert recorder.answers is not None and recorder.answers.closed


@pytest.mark.thorough
def test_a_program_that_has_given_up_its_rights_ends_as_without_us(tmp_path, monkeypatch):
    """After os.setuid it may not send the recorder a signal: the program ended with a traceback."""
    recorder = started(tmp_path / "run.power", URL)
    assert recorder.process is not None

    def refused(number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(recorder.process, "send_signal", refused)
    assert recorder.stop() is True and recorder.problem == ""


@pytest.mark.thorough
def test_a_program_and_record_start_without_numpy():
    """Its import takes a small board seconds, and the recorder, which needs it, is a process of its own."""
    code = "import sys, powermeter.cli.record, powermeter.meter; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.thorough
@pytest.mark.parametrize("line", ["no JSON", "[[1, 2]]", "null", "[" * 100_000, "\udcff"])
def test_a_line_that_the_recorder_cannot_read_is_printed_and_ends_neither_it_nor_its_orders(
    tmp_path, line, patient
):
    """The thread that reads orders ended with the line: `stop` was never read."""
    path = tmp_path / "run.power"
    recorder = started(path, URL)
    assert recorder.orders is not None
    os.write(recorder.orders.descriptor, line.encode("utf-8", "surrogateescape") + b"\n")
    recorder.note({"exit_code": 7})
    assert recorder.stop()
    assert "was to note what it cannot read" in " ".join(recorder.notices)
    with Recording.open(path) as recording:
        assert recording.metadata["exit_code"] == 7
