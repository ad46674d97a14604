"""Meters that answer one request with one frame: ask, wait, check, ask once more, then say what failed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from powermeter.errors import DataError, OpenError, ReadError, Reason
from powermeter.source import Option, PolledSource, Row

from ..links.link import RAIL_OPTIONS, Link, UsbId, rail_of
from ..links.opening import open_link


class FrameMeter(PolledSource):
    """The loop that polled meters with frames of a known length share.

    A subclass gives its request, the frame's length, `decode`, which raises `DataError` for a frame
    that cannot be trusted, and `row`, which turns a reading into raw codes.

    Attributes:
        title: The instrument's name in messages.
        baud: For serial ports.
        request: What to send for one reading.
        frame_length: How many bytes answer it.
        answer_s: How long an answer may take.
        attempts: How often one sample asks before it gives up.
        refused: Frames that failed a check since `open` was first called.
        unanswered: Requests without a whole answer.
    """

    title: ClassVar[str]
    baud: ClassVar[int] = 115200
    request: ClassVar[bytes] = b""
    frame_length: ClassVar[int]
    answer_s: ClassVar[float] = 1.0
    attempts: ClassVar[int] = 3
    usb: ClassVar[Sequence[UsbId]] = ()
    covers: ClassVar[str] = "everything behind the meter, cable losses after it included"
    OPTIONS: ClassVar[dict[str, Option]] = RAIL_OPTIONS

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self.link: Link | None = None
        self.refused = 0
        self.unanswered = 0
        self.rail = rail_of(self.options, self.covers)

    @abstractmethod
    def decode(self, frame: bytes) -> Any:
        """Return the reading of a frame.

        Raises:
            DataError: Its marks, its check or its values are wrong.
        """

    @abstractmethod
    def row(self, reading: Any) -> list[int]:
        """Return one raw code per channel."""

    @abstractmethod
    def describe(self, reading: Any) -> None:
        """Set `channels` from the first reading, and refuse a reading of another instrument.

        Raises:
            OpenError: Another model answers.
        """

    def open(self) -> None:
        self.link = self.open_link()
        try:
            self.start(self.link)
            self.describe(self._ask())
        except ReadError as error:
            self.close()
            raise OpenError(f"{error}; is this port a {self.title}?", error.reason) from error
        except BaseException:
            self.close()
            raise

    def open_link(self) -> Link:
        """Open the link that the URL names."""
        return open_link(self.address.location, instrument=self.title, baud=self.baud, usb=self.usb)

    def next_request(self) -> bytes:
        """Return what to send for one reading."""
        return self.request

    def start(self, link: Link) -> None:
        """Send what must come before the first request; nothing by default."""

    def close(self) -> None:
        link, self.link = self.link, None
        if link is not None:
            link.close()

    def sample(self) -> Row:
        return Row(self.row(self._ask()))

    def info(self) -> dict[str, Any]:
        return dict(self.link.facts) if self.link else {}

    def counts(self) -> dict[str, int]:
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
                    f"{self.title} on {self.link.where}: {len(frame)} of {self.frame_length} bytes came "
                    f"within {self.answer_s:g} s",
                    Reason.NO_ANSWER,
                )
                continue
            try:
                return self.decode(frame)
            except DataError as error:
                self.refused += 1
                problem = ReadError(f"{self.title} on {self.link.where}: {error}", Reason.BAD_DATA)
        raise problem
