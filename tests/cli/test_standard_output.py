"""Standard descriptors that are closed, and outputs that take nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors of a shell")


def run(code: str, redirection: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", f'{sys.executable} -c "$CODE" {redirection}'],
        env={"CODE": code, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.thorough
@pytest.mark.parametrize(("redirection", "closed"), [("", 0), ("<&-", 1), ("2>&-", 4), ("<&- >&- 2>&-", 7)])
def test_closed_descriptors_are_held_and_reported(redirection, closed):
    code = (
        "import os\n"
        "from powermeter.cli.standard_output import open_standard, report_problem\n"
        "closed = open_standard()\n"
        "first = os.open('/dev/null', os.O_RDONLY)\n"
        "report_problem('nobody reads this'); print('nor this')\n"
        "os._exit(sum(1 << one for one in closed) if first > 2 else 99)\n"
    )
    assert run(code, redirection).returncode == closed


@pytest.mark.thorough
@pytest.mark.parametrize("redirection", [">/dev/full", "2>/dev/full", ">/dev/full 2>&1"])
def test_what_cannot_be_written_does_not_change_the_status(redirection):
    code = (
        "import sys\n"
        "from powermeter.cli.standard_output import put_stderr, settle\n"
        "print('x' * 100000, end=''); put_stderr('y')\n"
        "settle(); sys.exit(7)\n"
    )
    assert (
        run(
            code.replace("print('x' * 100000, end='')", "sys.stdout.write('x' * 100)"), redirection
        ).returncode
        == 7
    )


def test_what_is_left_of_a_full_output_goes_nowhere_and_the_other_one_stays():
    code = (
        "import os, sys\n"
        "from powermeter.cli.standard_output import settle\n"
        "sys.stdout.write('x' * 100)\n"
        "settle()\n"
        "sys.stderr.write('still here\\n')\n"
        "os._exit(0 if os.readlink('/proc/self/fd/1') == os.devnull else 9)\n"
    )
    done = run(code, ">/dev/full")
    assert (done.returncode, done.stderr) == (0, b"still here\n")


@pytest.mark.thorough
@pytest.mark.parametrize("redirection", ["", "<&-", ">&-", "<&- >&- 2>&-"])
def test_a_verb_holds_the_standard_descriptors_before_it_opens_a_file(redirection, tmp_path):
    code = (
        "import os\n"
        "from powermeter import cli\n"
        "def run(arguments):\n"
        "    os._exit(0 if os.open(os.devnull, os.O_RDONLY) > 2 else 9)\n"
        "cli.run = run\n"
        "cli.main([])\n"
    )
    assert run(code, redirection).returncode == 0
