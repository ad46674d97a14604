"""Meters that answer one request with one frame: ask, wait, check, ask once more, then say what failed.

`drivers/avhzy.py` is the shortest complete example.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from powermeter.errors import DataError, ReadError, Reason
from powermeter.source import PolledSource, Row

from .linked import LinkedMeter


class RequestMeter(LinkedMeter, PolledSource):
    """The loop that polled meters with frames of a known length share.

    A subclass states what to ask and how long the answer is, and defines `decode`, `describe` and `row`.

    Attributes:
        request: What to send for one reading.
        frame_length: How many bytes answer it.
        answer_s: How long an answer may take.
        attempts: How often one sample asks before it gives up.
        unanswered: Requests without a whole answer.
    """

    request: ClassVar[bytes] = b""
    frame_length: ClassVar[int]
    answer_s: ClassVar[float] = 1.0
    attempts: ClassVar[int] = 3

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self.unanswered = 0

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
        """Ask once, and again where the answer cannot be trusted."""
        return self.row(self._ask())

    def counts(self) -> dict[str, int]:
        """Return frames refused and requests that were not answered."""
        return {"frames_refused": self.refused, "requests_unanswered": self.unanswered}

    def _ask(self) -> Any:
        if self.link is None:
            raise ReadError(f"{self.title} is not open", Reason.NO_ANSWER)
        problem = ReadError(f"{self.title} was not asked", Reason.NO_ANSWER)
        for _ in range(self.attempts):
            self.link.clear()
            self.link.write(self.next_request())
            frame = self.link.read_exactly(self.frame_length, self.answer_s)
            if len(frame) < self.frame_length:
                self.unanswered += 1
                problem = ReadError(
                    f"{self.title} on {self.where}: {len(frame)} of {self.frame_length} bytes came "
                    f"within {self.answer_s:g} s",
                    Reason.NO_ANSWER,
                )
                continue
            try:
                return self.decode(frame)
            except DataError as error:
                self.refused += 1
                problem = ReadError(f"{self.title} on {self.where}: {error}", Reason.BAD_DATA)
        raise problem
