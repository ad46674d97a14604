"""`powermeter record -- CMD`: the command does not notice, its status is ours, its events are there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from waiting import CEILING_S

from powermeter.recording import Recording, Writer
from powermeter.recording.verification import verify

URL = "virtual://?shape=constant&noise=0&rate=200Hz"
RECORD = [sys.executable, "-m", "powermeter", "record", "--quiet", "--no-live", "-s", URL]


@pytest.fixture
def record(here):
    def run(path: Path, *command: str, options: tuple[str, ...] = ()):
        return here(*RECORD[3:], *options, "-o", path, "--", *command)

    return run


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", textwrap.dedent(code))


def test_the_commands_output_input_and_status_pass_through(tmp_path):
    code = "import sys; print(sys.stdin.read().upper()); print('to stderr', file=sys.stderr); sys.exit(37)"
    done = subprocess.run(
        [*RECORD, "-o", str(tmp_path / "run.power"), "--", *python(code)],
        input="hello",
        capture_output=True,
        text=True,
        timeout=CEILING_S,
        check=False,
    )
    assert done.returncode == 37
    assert done.stdout == "HELLO\n" and "to stderr" in done.stderr
    assert done.stderr.splitlines()[-1] == f"wrote {tmp_path / 'run.power'}"


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_command_ended_by_a_signal_gives_128_and_its_number(record, tmp_path):
    done = record(tmp_path / "run.power", *python("import os; os.kill(os.getpid(), 9)"))
    assert done.returncode == 128 + 9
    with Recording.open(tmp_path / "run.power") as recording:
        (warning,) = recording.warnings
    assert warning.code == "program-failed" and "ended with status 137 (SIGKILL)" in warning


@pytest.mark.thorough
@pytest.mark.parametrize(("status", "warned"), [(0, []), (3, ["program-failed"])])
def test_what_the_command_ended_with_is_in_the_recording(record, tmp_path, status, warned):
    record(tmp_path / "run.power", *python(f"import sys; sys.exit({status})"))
    with Recording.open(tmp_path / "run.power") as recording:
        assert recording.metadata["command_status"] == status
        assert [warning.code for warning in recording.warnings] == warned
    verified = verify(tmp_path / "run.power")
    assert verified.is_whole and [note.code for note in verified.notes if note.severity != "info"] == warned


@pytest.mark.thorough
def test_events_of_the_program_its_threads_and_its_children_are_recorded(record, tmp_path):
    code = """
        import subprocess, sys, threading, multiprocessing, powermeter

        def work(name):
            with powermeter.event(name):
                pass

        if __name__ == "__main__":
            with powermeter.event("main", n=2, model="tiny"):
                thread = threading.Thread(target=work, args=("thread",))
                thread.start(); thread.join()
                child = "import powermeter\\nwith powermeter.event('child'): pass"
                subprocess.run([sys.executable, "-c", child], check=True)
                for how in ("fork", "spawn"):
                    process = multiprocessing.get_context(how).Process(target=work, args=(how,))
                    process.start(); process.join()
    """
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code))
    path = tmp_path / "run.power"
    done = record(path, sys.executable, str(script))
    assert done.returncode == 0, done.stderr
    with Recording.open(path) as recording:
        events = {event.name: event for event in recording.events()}
        assert recording.warnings == []
        samples = recording.samples(1).times_ns
    assert set(events) == {"main", "thread", "child", "fork", "spawn"}
    assert events["main"].count == 2 and events["main"].attributes == {"model": "tiny"}
    assert events["thread"].process == events["main"].process != events["child"].process
    for event in events.values():
        assert samples[0] <= event.start_ns <= event.end_ns <= samples[-1] + 10**9


def test_metadata_says_what_was_measured(record, tmp_path):
    path = tmp_path / "run.power"
    record(path, *python("pass"))
    with Recording.open(path) as recording:
        metadata = recording.metadata
    assert metadata["command"][0] == sys.executable and metadata["clock"] == "monotonic"
    assert {"powermeter", "started_utc", "host"} <= set(metadata)


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_command_and_the_file_is_closed(tmp_path, number):
    """Ctrl-C goes to the whole foreground group, as here; SIGTERM to `powermeter` alone, which hands it on."""
    path = tmp_path / "run.power"
    code = """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
        try:
            print("ready", flush=True)
            time.sleep(100)
        except KeyboardInterrupt:
            sys.exit(4)
    """
    command = [*RECORD, "-o", str(path), "--", *python(code)]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    if number == signal.SIGINT:
        os.killpg(child.pid, number)
    else:
        child.send_signal(number)
    _, said = child.communicate(timeout=CEILING_S)
    assert child.returncode == (4 if number == signal.SIGINT else 3), said
    assert said.splitlines()[-1] == f"wrote {path}"
    with Recording.open(path) as recording:
        assert [note.code for note in recording.warnings] == ["program-failed"]
        assert recording.metadata["ended"] == "stopped"


@pytest.mark.thorough
def test_without_a_command_it_records_for_a_while(here, tmp_path):
    path = tmp_path / "run.power"
    started = time.monotonic_ns()
    done = here(*RECORD[3:], "--duration", "300ms", "-o", path)
    ended = time.monotonic_ns()
    assert done.returncode == 0 and ended - started > 300_000_000
    with Recording.open(path) as recording:
        first, last = recording.span_ns(1)
    assert started < first < last < ended


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--", "no-such-program-anywhere"), 127, "no program 'no-such-program-anywhere'"),
        (("--duration", "soon"), 2, "'soon' is not a duration"),
        (("--duration", "1s", "--", "true"), 2, "a command ends by itself"),
        (("--source", "nothing://", "--duration", "1s"), 2, "no source 'nothing'"),
        (("--source", "virtual://?rate=fast", "--duration", "1s"), 2, "option 'rate'"),
        (("--source", "virtual://?fault=absent", "--duration", "1s"), 5, "absent"),
        (("--battery", "4V", "--duration", "1s"), 2, "4V"),
        (("--nonsense",), 2, "no such option"),
    ],
)
def test_bad_input_is_one_line_a_status_and_no_file(here, tmp_path, arguments, status, said):
    done = here("record", "-o", tmp_path / "run.power", *arguments)
    assert done.returncode == status, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused_before_the_command_runs(record, tmp_path):
    path, proof = tmp_path / "run.power", tmp_path / "proof"
    with Writer.create(path, {"attributes": {"kept": "precious"}}):
        pass
    before = path.read_bytes()
    done = record(path, *python(f"open({str(proof)!r}, 'w')"))
    assert done.returncode == 3 and "--force" in done.stderr
    assert path.read_bytes() == before and not proof.exists()
    done = record(path, *python("pass"), options=("--force",))
    assert done.returncode == 0
    with Recording.open(path) as recording:
        assert recording.warnings == []


@pytest.mark.thorough
def test_a_script_without_its_interpreter_is_explained_and_a_failed_program_named(record, tmp_path):
    script = tmp_path / "infer.py"
    script.write_text("print(1)")
    done = record(tmp_path / "run.power", str(script))
    assert done.returncode == 126 and f"run it: python {script}" in done.stderr
    assert "(status 126)" in done.stderr and not (tmp_path / "run.power").exists()
    done = record(tmp_path / "run.power", *python("raise SystemExit(3)"))
    assert done.returncode == 3 and "ended with status 3" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_while_the_command_line_is_imported_prints_no_traceback(tmp_path):
    """The signal comes right after our own code has begun, long before a verb is loaded."""
    code = (
        "import os, signal, sys; sys.argv = ['powermeter', 'show', 'x.power']\n"
        "class Here:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'powermeter.cli': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Here())\n"
        "from powermeter.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=CEILING_S, check=False
    )
    assert done.returncode == -signal.SIGINT and done.stderr == ""


@pytest.mark.parametrize(
    ("words", "reason"), [((), "no command after --"), (("",), "the command after -- is empty")]
)
def test_an_empty_command_is_refused_at_once(record, tmp_path, words, reason):
    """`-- $CMD` with an unset variable would be recorded until Ctrl-C."""
    done = record(tmp_path / "run.power", *words)
    assert done.returncode == 2 and reason in done.stderr
    assert not (tmp_path / "run.power").exists()
