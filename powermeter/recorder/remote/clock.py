"""A board's monotonic clock on this machine's: exchanges of messages, and how far the relation may be off.

The board stamps a message somewhere between its sending and the receipt of the answer, so that half of that time is the most that the
offset may be off, however unlike the two ways are.  Of each few seconds the fastest exchange counts.
"""

from __future__ import annotations

import threading
from bisect import bisect_right

SPAN_NS = 4_000_000_000
"""Of each such stretch the fastest exchange is kept."""
DRIFT = 5e-5
"""How much faster or slower a board's clock may run (the usual limit of a quartz)."""
_KEPT = 4096
_NEAR = 8


class BoardClock:
    """The relation, as it is learned."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: list[int] = []
        self._offset: list[int] = []
        self._doubt: list[int] = []
        self._largest = 0

    @property
    def is_known(self) -> bool:
        """Whether there was an exchange."""
        return bool(self._at)

    def add(self, sent_ns: int, board_ns: int, received_ns: int) -> None:
        """Note an exchange: sent and received on this machine, stamped on the board in between."""
        doubt = max(received_ns - sent_ns, 0) // 2
        offset = sent_ns + doubt - board_ns
        with self._lock:
            if self._at and board_ns - self._at[-1] < SPAN_NS:
                if doubt < self._doubt[-1]:
                    self._offset[-1], self._doubt[-1] = offset, doubt
                return
            self._at.append(board_ns)
            self._offset.append(offset)
            self._doubt.append(doubt)
            if len(self._at) > _KEPT:
                del self._at[0], self._offset[0], self._doubt[0]

    def here(self, board_ns: int) -> int:
        """Return a moment of the board's clock on this machine's: by the exchange near it that leaves the least doubt."""
        with self._lock:
            if not self._at:
                return board_ns
            last = bisect_right(self._at, board_ns)
            near = range(max(last - _NEAR, 0), min(last + _NEAR, len(self._at)))
            doubt, i = min((self._doubt[k] + int(DRIFT * abs(board_ns - self._at[k])), k) for k in near)
            self._largest = max(self._largest, doubt)
            return board_ns + self._offset[i]

    @property
    def doubt_ns(self) -> int:
        """The most that a moment which was converted may be off, in ns."""
        with self._lock:
            return max(self._largest, min(self._doubt, default=0))
