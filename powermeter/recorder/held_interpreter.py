"""Ends a recorder whose program was killed while a driver holds the interpreter's lock: nothing in it runs any more that could.

The kernel does it: the program's death is a signal whose handler is the C library's `alarm`, called with the signal's number, and an
alarm that nobody puts off ends the process.  A thread puts it off as long as the interpreter runs at all.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

PATIENCE_S = 60
"""How long the interpreter may be held after the program's death; also the number of the signal, one of those for real time."""
LOOK_S = 20.0
"""How often an alarm is looked for: three times before it goes off, of which a busy machine may miss two."""
_PR_SET_PDEATHSIG = 1


def watch(program: int) -> None:
    """Let the kernel end this process where its interpreter is held for `PATIENCE_S` after its parent's death; Linux only.

    Args:
        program: The parent's process.
    """
    if sys.platform != "linux":
        return
    end_after_death(PATIENCE_S)
    threading.Thread(target=_put_off, args=(program,), daemon=True).start()


def end_after_death(patience_s: int) -> None:
    """Have an alarm go off so many seconds after the parent's death, as long as the calling thread lives; 1 to 64 s."""
    import ctypes  # numpy has loaded it

    c = ctypes.CDLL(None)
    c.signal.argtypes, c.signal.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_void_p
    # What the program ignores or blocks is inherited.
    c.signal(signal.SIGALRM, None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM, patience_s})
    c.signal(patience_s, ctypes.cast(c.alarm, ctypes.c_void_p))
    c.prctl(_PR_SET_PDEATHSIG, patience_s, 0, 0, 0)


def _put_off(program: int) -> None:
    """Start an alarm that runs anew; end it where the parent lives: it was only a thread of its that died."""
    while True:
        time.sleep(LOOK_S)
        if signal.getitimer(signal.ITIMER_REAL)[0] > 0:
            signal.alarm(0 if os.getppid() == program else PATIENCE_S)
