"""Meters that answer one request with one frame or line: ask, wait, check, ask once more, then report what failed.

`drivers/avhzy.py` is the shortest complete example.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from powermeter.errors import DataError, ReadError, Reason
from powermeter.source import PolledSource, Row, now_ns

from ..links.link import Link
from .linked import LinkedMeter


class RequestMeter(LinkedMeter, PolledSource):
    """The loop that meters share which answer with frames of a known length or with lines.

    A subclass states what to ask and how long the answer is, and defines `decode`, `describe` and `row`.

    Attributes:
        request: What to send for one reading.
        frame_length: How many bytes answer it; of a line, how many at most.
        answers_lines: Whether the answer is a line, which is decoded without its LF or CR LF.
        answer_s: How long an answer may take.
        attempts: How often one sample asks before it fails.
        unanswered: Requests without a whole answer.
    """

    request: ClassVar[bytes] = b""
    frame_length: ClassVar[int] = 256
    answers_lines: ClassVar[bool] = False
    answer_s: ClassVar[float] = 1.0
    attempts: ClassVar[int] = 3

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self.unanswered = 0
        self._asked_ns = 0
        self._answered_ns: int | None = None

    @abstractmethod
    def row(self, reading: Any) -> Row:
        """Return the row of a reading: one raw code per channel, and its flags."""

    def next_request(self) -> bytes:
        """Return what to send for one reading."""
        return self.request

    def first_reading(self) -> Any:
        """Return the first reading after the start."""
        return self._ask()

    def sample(self) -> Row:
        """Ask once, and again where the answer cannot be trusted; an answer to a later attempt is stamped in its middle."""
        row = self.row(self._ask())
        if row.at_ns is None and self._answered_ns is not None:
            row = row._replace(at_ns=(self._asked_ns + self._answered_ns) // 2)
        return row

    def counts(self) -> dict[str, int]:
        """Return frames refused and requests that were not answered."""
        return {"frames_refused": self.refused, "requests_unanswered": self.unanswered}

    def _receive(self, link: Link) -> tuple[bytes, bool]:
        """Return what came, and whether it is a whole answer."""
        if self.answers_lines:
            line = link.read_line(self.frame_length, self.answer_s)
            return line.rstrip(b"\r\n"), line.endswith(b"\n")
        frame = link.read_exactly(self.frame_length, self.answer_s)
        return frame, len(frame) == self.frame_length

    def _ask(self) -> Any:
        if self.link is None:
            raise ReadError(f"{self.title} is not open", Reason.NO_ANSWER)
        problem = ReadError(f"{self.title} was not asked", Reason.NO_ANSWER)
        for attempt in range(self.attempts):
            self.link.clear()
            self._asked_ns = now_ns()
            self.link.write(self.next_request())
            frame, is_whole = self._receive(self.link)
            if not is_whole:
                self.unanswered += 1
                wanted = (
                    "no whole line" if self.answers_lines else f"{len(frame)} of {self.frame_length} bytes"
                )
                problem = ReadError(
                    f"{self.title} on {self.where}: {wanted} came within {self.answer_s:g} s",
                    Reason.NO_ANSWER,
                )
                continue
            self._answered_ns = now_ns() if attempt else None
            try:
                return self.decode(frame)
            except DataError as error:
                self.refused += 1
                problem = ReadError(f"{self.title} on {self.where}: {error}", Reason.BAD_DATA)
        raise problem
