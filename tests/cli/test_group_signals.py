"""A signal to the group, and one to this process alone."""

from __future__ import annotations

import subprocess
import sys

import pytest
from waiting import CEILING_S, is_alive, wait_until

pytestmark = [pytest.mark.thorough, pytest.mark.skipif(sys.platform != "linux", reason="needs sigtimedwait")]

CODE = """
import os, signal, sys
from powermeter.cli.group_signals import Witness
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
witness = Witness({signal.SIGINT})
(os.killpg if sys.argv[1] == "group" else os.kill)(os.getpid(), signal.SIGINT)
heard = signal.sigtimedwait({signal.SIGINT}, 100)
seen = witness.saw(heard.si_signo)
again = witness.saw(heard.si_signo)
witness.close()
os._exit(seen + 2 * again)
"""


@pytest.mark.parametrize(("to", "seen"), [("group", 1), ("alone", 0)])
def test_the_witness_knows(to, seen):
    done = subprocess.run(
        [sys.executable, "-c", CODE, to], start_new_session=True, timeout=CEILING_S, check=False
    )
    assert done.returncode == seen


def test_it_ends_with_its_parent():
    code = CODE.partition("(os.kill")[0] + "print(witness.process, flush=True); os.kill(os.getpid(), 9)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=CEILING_S, check=False
    )
    number = int(done.stdout)
    wait_until(lambda: not is_alive(number), "it is still there")


def test_one_that_is_gone_knows_nothing():
    code = CODE.replace(
        "(os.killpg", "os.kill(witness.process, 9); os.waitpid(witness.process, 0)\n(os.killpg"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "group"], start_new_session=True, timeout=CEILING_S, check=False
    )
    assert done.returncode == 0


def test_none_is_left_behind_when_it_is_closed():
    code = CODE.partition("(os.killpg")[0] + (
        "witness.close()\ntry:\n    os.waitpid(-1, os.WNOHANG)\nexcept ChildProcessError:\n    os._exit(7)\nos._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=CEILING_S, check=False)
    assert done.returncode == 7  # there is no child any more, not even one that nobody asked for its end
