"""`powermeter mark`: events of shell scripts, and the files for other languages."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from powermeter import events
from powermeter.marking import bindings, recordings
from powermeter.recording import Recording

POWERMETER = [sys.executable, "-m", "powermeter"]
RECORD = ("record", "-q", "--no-live", "-s", "virtual://?rate=100Hz")


@pytest.fixture
def script(here, monkeypatch):
    """Run a shell script inside a recording; return its events and the counts of its processes."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")

    def run(path: Path, code: str) -> tuple[list, dict]:
        done = here(*RECORD, "-o", path, "--", "bash", "-euc", textwrap.dedent(code))
        assert done.returncode == 0, done.stderr
        with Recording.open(path) as recording:
            assert recording.warnings == []
            return recording.events(), recording.process_counts()

    return run


STAMPS = """
import os, time
with open(os.environ["STAMPS"], "a") as file:
    print(time.monotonic_ns(), file=file)
"""


@pytest.mark.thorough
def test_the_start_of_powermeter_itself_is_not_in_an_event(script, tmp_path):
    """Each interpreter notes when it starts up: before `mark begin` has a stamp, and after `mark end` has one."""
    (tmp_path / "sitecustomize.py").write_text(STAMPS)
    found, counts = script(
        tmp_path / "run.power",
        f"""
        export PYTHONPATH={tmp_path} STAMPS={tmp_path}/stamps
        powermeter mark begin "load the model" -a model=tiny
        {sys.executable} -c pass
        powermeter mark end "load the model" -n 2.5 -a tokens=7
        powermeter mark instant epoch -a number=3
        """,
    )
    load, epoch = found
    assert load.thread == events.BY_COMMAND
    begin, work, end, _ = map(int, (tmp_path / "stamps").read_text().split())
    assert (load.name, load.count, load.attributes) == ("load the model", 2.5, {"model": "tiny", "tokens": 7})
    assert begin < load.start_ns < work
    # Where an interpreter needs three seconds to start, it is thought to have been a shell first.
    assert work < load.end_ns + 10_000_000 and (
        load.end_ns <= end + 10_000_000 or load.end_ns - work > 3_000_000_000
    )
    assert epoch.is_mark and epoch.attributes == {"number": 3} and end < epoch.start_ns
    totals = [(one.begun, one.finished, one.details["instants"]) for one in counts.values()]
    assert tuple(map(sum, zip(*totals, strict=True))) == (1, 1, 1)


@pytest.mark.thorough
def test_a_shell_that_replaces_itself_by_its_last_command_ends_the_event_then(script, tmp_path):
    found, _ = script(
        tmp_path / "run.power",
        """
        powermeter mark begin infer
        bash -c 'sleep 0.3; exec powermeter mark end infer'
        """,
    )
    assert found[0].duration_s > 0.3


@pytest.mark.thorough
def test_times_that_the_script_has_noted_are_taken(script, tmp_path):
    found, _ = script(
        tmp_path / "run.power",
        f"""
        before=$EPOCHREALTIME
        sleep 0.1
        after=$EPOCHREALTIME
        echo $before $after >{tmp_path}/noted
        powermeter mark begin infer --at $before
        powermeter mark end infer --at $after --items unknown
        """,
    )
    (infer,) = found
    before, after = map(float, (tmp_path / "noted").read_text().split())
    assert infer.count is None and infer.duration_s == pytest.approx(after - before, abs=1e-3)


@pytest.mark.thorough
def test_an_event_that_is_begun_in_one_shell_may_end_in_another(script, tmp_path):
    found, counts = script(
        tmp_path / "run.power",
        """
        bash -c 'powermeter mark begin infer; true'
        bash -c 'powermeter mark end infer -n 8; true'
        powermeter mark begin never
        """,
    )
    assert [(event.name, event.count, event.end_ns is None) for event in found] == [
        ("infer", 8, False),
        ("never", 1, True),
    ]
    assert sum(one.begun - one.finished for one in counts.values()) == 1


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key != recordings.ENVIRONMENT}
    return subprocess.run(
        [*POWERMETER, "mark", *arguments],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.thorough
def test_outside_of_a_recording_it_does_nothing():
    done = run("begin", "infer")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("begin", "x", "-n", "-3"), "--items '-3' (or -n)"),
        (("end", "x", "-n", "many"), "or unknown"),
        (("instant", "x", "--at", "soon"), "--at 'soon'"),
        (("instant", "x", "--at", "1.2.3"), "--at '1.2.3'"),
        (("begin", "x", "-a", "model"), "model=tiny"),
    ],
)
def test_bad_input_is_one_line(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.thorough
def test_the_files_for_other_languages_are_printed_as_they_are():
    assert run("header").stdout == bindings.HEADER.read_text()
    assert run("module").stdout == bindings.MODULE.read_text()


@pytest.mark.thorough
def test_an_end_with_a_wrong_count_or_attribute_is_refused_and_ends_the_event_all_the_same(script, tmp_path):
    found, counts = script(
        tmp_path / "run.power",
        """
        powermeter mark begin infer
        powermeter mark end infer -n -3 && exit 9 || test $? = 2
        powermeter mark begin other
        powermeter mark end other -n 4 -a novalue && exit 9 || test $? = 2
        """,
    )
    assert [(event.name, event.count, event.end_ns is None) for event in found] == [
        ("infer", None, False),
        ("other", 4, False),
    ]
    assert sum(account.details["odd_counts"] for account in counts.values()) == 1
