"""One JSON line at a time to a parent that may be gone or slow."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest
from waiting import CEILING_S

from powermeter.recorder import messages


def test_a_message_is_one_line(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    messages.send({"type": "notice", "text": "two\nlines and \udcff"})
    assert out.getvalue().count("\n") == 1 and json.loads(out.getvalue())["text"].startswith("two\nlines")


def test_a_parent_that_is_gone_is_no_error(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    gone = open(writing, "w", encoding="utf-8")  # noqa: SIM115 – closing it raises as well
    monkeypatch.setattr(sys, "stdout", gone)
    messages.send({"type": "status"})
    messages.send({"type": "status"})
    assert sys.stdout is not gone, "from here on it goes nowhere"
    with pytest.raises(BrokenPipeError):
        gone.close()


def test_a_parent_that_reads_nothing_is_not_waited_for(monkeypatch):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writing, True)
    with open(writing, "w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert not messages.can_send()
        messages.notice("nobody waits for this")
    os.close(reading)


def test_what_a_driver_prints_reads_or_closes_is_not_the_pipe_to_the_parent():
    code = (
        "import os, sys\n"
        "from powermeter.recorder import messages\n"
        "orders = messages.take_pipes()\n"
        "print('5'); os.write(1, b'\\xff no end'); print(repr(sys.stdin.read()))\n"
        "sys.stdout = None; os.close(0); os.close(1)\n"
        "messages.send({'type': 'got', 'order': orders.readline()})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"stop\n", capture_output=True, timeout=CEILING_S, check=True
    )
    assert json.loads(done.stdout) == {"type": "got", "order": "stop\n"}
