"""Marks in the `__del__` of the last objects: Python has taken `open` away by then, and perhaps whole modules."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from running_recording import Running
from waiting import CEILING_S

from powermeter.marking import recordings

HELD = """
import os, sys
import powermeter
{before}
class Held:
    def __del__(self, write=os.write, event=powermeter.event, mark=powermeter.mark):
        {marks}
        write(1, b"saved")
{where} = Held()
del Held
"""
EVENT, MARK = "with event('flush', model='tiny'): pass", "mark('flush')"


def leave(before: str, marks: str, where: str, folder: str | None) -> None:
    """Run a program whose last object marks, and check that it notices nothing."""
    environment = {name: value for name, value in os.environ.items() if name != recordings.ENVIRONMENT}
    if folder is not None:
        environment[recordings.ENVIRONMENT] = folder
    code = HELD.format(before=before, marks=marks, where=where)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=CEILING_S, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"saved", b"")


@pytest.mark.parametrize("marks", [EVENT, MARK])
def test_a_first_mark_in_the_last_moment_is_kept(running: Running, marks: str) -> None:
    """`open` was looked for, which is gone: a NameError came out of the mark, and the rest of the program's `__del__` did not run."""
    leave("", marks, "held", running.folder)
    assert [event.name for event in running.end()] == ["flush"]


@pytest.mark.parametrize("marks", [EVENT, MARK])
def test_outside_of_a_recording_the_last_moment_is_quiet(marks: str) -> None:
    leave("", marks, "held", None)


@pytest.mark.parametrize("before", ["", "powermeter.mark('before')"])
@pytest.mark.parametrize("marks", [EVENT, MARK])
def test_a_mark_after_this_package_is_taken_apart_is_dropped_without_an_error(
    running: Running, before: str, marks: str
) -> None:
    """What another module still holds is deleted after this package's modules, whose names are None by then."""
    leave(before, marks, "sys.modules['os'].held", running.folder)
    assert [event.name for event in running.end()] == (["before"] if before else [])
