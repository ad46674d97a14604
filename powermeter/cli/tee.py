"""Passes a command's output on, and shows it to somebody on the way."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

_PIECE = 1 << 16
_PATIENCE_S = 2.0
"""How long both outputs together are waited for after the command's end."""


@contextmanager
def watched_outputs(
    take: Callable[[int, bytes], None], end: Callable[[int], None], streams: Sequence[int] = (1, 2)
) -> Iterator[dict[int, int]]:
    """Yield descriptors for a command's standard output (1) and error (2); what comes is passed on to our own.

    Standard output is a terminal's where the system has such, so that a program writes each line when it has one:
    into a pipe it would come in blocks, and late.

    Args:
        take: Called with the descriptor (1 or 2) and each piece, in a thread for each.
        end: Called when one has ended.
        streams: Which of the two; the other stays our own.
    """
    ends = {stream: _terminal() if stream == 1 else os.pipe() for stream in streams}
    threads = [
        threading.Thread(target=_pass_on, args=(stream, ends[stream][0], take, end), daemon=True)
        for stream in ends
    ]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()) if _HAS_MASKS else None
    for thread in threads:
        thread.start()
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        yield {stream: ours for stream, (_, ours) in ends.items()}
    finally:
        for _, ours in ends.values():
            os.close(ours)
        patience = time.monotonic() + _PATIENCE_S
        for thread in threads:
            thread.join(max(0.0, patience - time.monotonic()))  # a grandchild may keep the output open


_HAS_MASKS = hasattr(signal, "pthread_sigmask")


def _terminal() -> tuple[int, int]:
    try:
        import pty
        import termios

        theirs, ours = pty.openpty()
        settings = termios.tcgetattr(ours)
        settings[1] &= ~termios.OPOST  # lines end as the program ends them
        termios.tcsetattr(ours, termios.TCSANOW, settings)
    except (ImportError, OSError):
        return os.pipe()
    return theirs, ours


def _pass_on(
    stream: int, source: int, take: Callable[[int, bytes], None], end: Callable[[int], None]
) -> None:
    try:
        while data := os.read(source, _PIECE):
            take(stream, data)
            with suppress(OSError):  # our own reader has gone; the command goes on
                os.write(stream, data)
    except OSError:  # the end of a terminal
        pass
    finally:
        end(stream)
        os.close(source)
