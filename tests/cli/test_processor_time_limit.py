"""A limit of processor time ends the summary at most: `record` was killed with its command's status."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from waiting import CEILING_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit on Windows")

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=200Hz"
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (600, 600))"
SOFTLY = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, resource.getrlimit(resource.RLIMIT_CPU)[1]))"


def run(code, *arguments):
    code = textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=CEILING_S,
        check=False,
    )


@pytest.mark.thorough
def test_what_the_system_kills_for_its_time_is_one_line():
    """The kernel sends SIGKILL to a process that has reached its limit."""
    done = run(f"""
        import os, signal
        {LIMITED}
        from powermeter.cli.processor_time_limit import do_apart
        do_apart(lambda: os.kill(os.getpid(), signal.SIGKILL), "the summary")
        raise SystemExit(7)
    """)
    assert done.returncode == 7
    assert done.stderr.count("\n") == 1 and "the summary was cut off" in done.stderr
    assert "ulimit -t" in done.stderr


@pytest.mark.thorough
def test_a_soft_limit_ends_no_more_than_a_hard_one():
    """`ulimit -S -t 1`: SIGXCPU ends who reaches it."""
    done = run(f"""
        {SOFTLY}
        from powermeter.cli.processor_time_limit import do_apart
        def work():
            while True:
                pass
        do_apart(work, "the summary")
        raise SystemExit(7)
    """)
    assert done.returncode == 7, done.stderr
    assert done.stderr.count("\n") == 1 and "the summary was cut off" in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("limit", [LIMITED, ""])
def test_what_is_done_in_time_is_printed_once_and_in_order(limit):
    done = run(f"""
        {limit}
        from powermeter.cli.processor_time_limit import do_apart
        print("before")
        do_apart(lambda: print("work"), "the summary")
        print("after")
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "before\nwork\nafter\n", "")


def test_without_a_limit_there_is_no_other_process():
    done = run("""
        import os
        from powermeter.cli.processor_time_limit import do_apart
        do_apart(lambda: print(os.getpid()), "the summary")
        print(os.getpid())
    """)
    first, second = done.stdout.split()
    assert first == second


@pytest.mark.thorough
def test_record_prints_its_summary_under_a_limit(tmp_path):
    arguments = [
        "record",
        "-s",
        URL,
        "-o",
        str(tmp_path / "run.power"),
        "--",
        "sh",
        "-c",
        "sleep 0.3; exit 7",
    ]
    done = run(f"{LIMITED}\nfrom powermeter.cli import main; main()", *arguments)
    assert done.returncode == 7
    assert done.stderr.count("energy") and "wrote" in done.stderr.rpartition("energy")[2]
