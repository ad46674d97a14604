"""The recorder's own interpreter: `python -m powermeter.recorder` reads its order, records and returns the exit status.

It ends, and closes the recording properly, when it reads `stop`, when its parent is gone, or on SIGTERM;
Ctrl-C in the terminal is the parent's affair.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
from typing import TextIO

from powermeter.errors import PowermeterError, ReadError, printable
from powermeter.marking import recordings
from powermeter.recorder import held_interpreter
from powermeter.recorder.last_reading import READERS_END_S
from powermeter.recorder.messages import notice, send, take_pipes
from powermeter.recorder.process import Process
from powermeter.recording.encodable_text import LONGEST
from powermeter.recording.liveness import CUT_OFF, PROGRAM_GONE
from powermeter.recording.sha256 import prefer_small

ENDING_S = 0.2
"""How long after its pipes were closed a program counts as one that may just be ending."""


def main() -> int:
    """Read the order, record, and return the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(0.0002)  # a waiting reader gets the interpreter within its period
    orders = take_pipes()
    order = json.loads(orders.readline())
    prefer_small()
    process = Process(order)
    held_interpreter.watch(int(order.get("parent") or os.getppid()))
    # In a thread: the main one may be holding the lock of the very event that is to be set.
    signal.signal(
        signal.SIGTERM,
        lambda *_: threading.Thread(target=process.stop, args=("SIGTERM",), daemon=True).start(),
    )
    threading.Thread(
        target=_listen, args=(process, orders, str(order.get("when_gone", PROGRAM_GONE))), daemon=True
    ).start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)  # samples in waiting are not garbage
    try:
        process.run()
    except PowermeterError as error:
        reason = getattr(error, "reason", None)
        send(
            {
                "type": "error",
                "class": type(error).__name__,
                "message": str(error),
                "reason": reason.value if reason is not None else None,
            }
        )
        return error.exit_code
    except BaseException as error:  # noqa: BLE001 – reported to the parent, who has a place to print it
        send(
            {
                "type": "error",
                "class": "ReadError",
                "message": f"{type(error).__name__}: {error}",
                "reason": None,
            }
        )
        return ReadError.exit_code
    takes_in = process.why == CUT_OFF and os.getppid() == process.parent  # what it has marked since
    if order.get("marks") and not takes_in:  # a parent that did not wait has noted the end there
        recordings.withdraw(order["marks"])
    send({"type": "closed"})
    return 0


def _listen(process: Process, orders: TextIO, when_gone: str) -> None:
    for line in orders:
        if line.strip() == "stop":
            process.stop("stopped")
            break
        _note(process, line)
    else:
        process.stop(when_gone if _has_ended(process.parent) else CUT_OFF)
    if not process.is_recording:  # it hangs in the opening of an instrument: nothing is written yet
        time.sleep(READERS_END_S)
        if not process.is_recording:
            os._exit(1)


def _has_ended(program: int) -> bool:
    """Return whether the program that started this process ends; its files are closed a little before that shows."""
    for _ in range(10):
        if sys.platform == "win32" or os.getppid() != program:
            return True
        time.sleep(ENDING_S / 10)
    return False


def _note(process: Process, line: str) -> None:
    """Note what a line holds; one that holds nothing must not end what waits for `stop`."""
    try:
        metadata = json.loads(line)
    except (ValueError, RecursionError):
        metadata = None
    if isinstance(metadata, dict):
        process.note(metadata)
    else:
        notice(f"the recorder was to note what it cannot read: {printable(line.strip()[:LONGEST])}")


if __name__ == "__main__":
    sys.exit(main())
