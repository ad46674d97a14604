"""A signal to the group, and one to this process alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs sigtimedwait")

CODE = """
import os, signal, sys
from powermeter.cli.witness import Witness
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
witness = Witness({signal.SIGINT})
import time; time.sleep(0.2)
(os.killpg if sys.argv[1] == "group" else os.kill)(os.getpid(), signal.SIGINT)
heard = signal.sigtimedwait({signal.SIGINT}, 2)
seen = heard is not None and witness.saw(heard.si_signo)
witness.close()
os._exit(seen)
"""


@pytest.mark.parametrize(("to", "seen"), [("group", 1), ("alone", 0)])
def test_the_witness_knows(to, seen):
    done = subprocess.run([sys.executable, "-c", CODE, to], start_new_session=True, timeout=30, check=False)
    assert done.returncode == seen


def test_it_ends_with_its_parent():
    code = CODE.partition("import time")[0] + "print(witness._process, flush=True); os.kill(os.getpid(), 9)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    number = int(done.stdout)
    for _ in range(50):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        import time

        time.sleep(0.1)
    raise AssertionError("it is still there")
