"""What every meter on a cable, a radio or a socket has in common, whether it answers or sends."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.platforms.assumptions import NO_LIMITS
from powermeter.source import Found, Option, Source

from ..links.link import RAIL_OPTIONS, Link, UsbId, rail_of
from ..links.opening import closed_on_failure, open_link
from ..links.serial_port import port_problem


def thermometer(step: float) -> Channel:
    """Return the channel of a meter's own thermometer, whose limits nobody states, with its step in °C."""
    accuracy = Accuracy(step=step, source=NO_LIMITS)
    return Channel("temperature", Quantity.TEMPERATURE, step, accuracy=accuracy)


class LinkedMeter(Source):
    """A meter behind a link: found, opened, identified, started, described, stopped, closed.

    Attributes:
        title: The instrument's name in messages.
        baud: For serial ports.
        usb: Its USB ids, to find it without a port name.
        covers: What its rail covers, in words.
        start_message, stop_message: Sent after opening and before closing; empty where none is needed.
        link: The open link; None while closed.
        rail: The rail it measures, as the URL names it.
        refused: Frames that failed a check since `open` was first called.
    """

    title: ClassVar[str]
    baud: ClassVar[int] = 115200
    usb: ClassVar[Sequence[UsbId]] = ()
    covers: ClassVar[str] = "everything behind the meter, cable losses after it included"
    start_message: ClassVar[bytes] = b""
    stop_message: ClassVar[bytes] = b""
    OPTIONS: ClassVar[dict[str, Option]] = RAIL_OPTIONS

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self.link: Link | None = None
        self.rail = rail_of(self.options, self.covers)
        self.refused = 0

    @abstractmethod
    def decode(self, frame: bytes) -> Any:
        """Return the reading of a frame; of a stream also None, for a frame that holds none.

        Raises:
            DataError: The frame cannot be trusted.
        """

    @abstractmethod
    def describe(self, reading: Any) -> None:
        """Set `channels` from the first reading, and refuse one of another instrument.

        Raises:
            OpenError: Another model answers.
        """

    @abstractmethod
    def first_reading(self) -> Any:
        """Return the first reading after the start."""

    def connect(self) -> Link:
        """Open the link that the URL names."""
        return open_link(self.address.location, instrument=self.title, baud=self.baud, usb=self.usb)

    def restarted(self) -> None:
        """Forget what belongs to one connection; called before each opening."""

    def identify(self, link: Link) -> None:
        """Make sure that it is the right instrument, where it can be asked; called before it is started.

        Raises:
            OpenError: It is another one.
        """

    def drain(self, link: Link) -> None:
        """Throw away what it had sent before it was opened, where that could be taken for new; called before `identify`."""

    def start(self, link: Link) -> None:
        """Make it measure or send."""
        if self.start_message:
            link.write(self.start_message)

    def stop(self, link: Link) -> None:
        """Make it stop sending.

        Raises:
            ReadError: It is gone, which is as good.
        """
        if self.stop_message:
            link.write(self.stop_message)

    def open(self) -> None:
        """Connect, identify, start, and describe the channels from what comes first."""
        self.restarted()
        self.link = self.connect()
        before = self.channels
        with closed_on_failure(self, f"is this the {self.title}'s port?"):
            self.drain(self.link)
            self.identify(self.link)
            self.start(self.link)
            self.describe(self.first_reading())
            self.channels = self.link.graded(self.channels)
            if before and self.channels != before:
                self.channels = before
                raise OpenError(f"{self.address}: it has other channels than before", Reason.WRONG_DEVICE)

    def close(self) -> None:
        """Stop the instrument and release the link."""
        link, self.link = self.link, None
        if link is None:
            return
        try:
            self.stop(link)
        except ReadError:
            pass  # pulled: it stops by itself
        finally:
            link.close()

    @classmethod
    def found_on(
        cls,
        path: str,
        what: str,
        *,
        rate_hz: float,
        resolution_w: float,
        rank: int,
        certainty: str = "sure",
        rails: tuple[str, ...] = ("input",),
    ) -> Found:
        """Return what `discover` reports of such a meter on a port or HID device, and whether this user may open it.

        Args:
            path: `/dev/ttyUSB0`, `/dev/hidraw0`.
            what: The instrument, as its ids name it.
            rate_hz: Fresh readings a second.
            resolution_w: One step of its power.
            rank: Of instruments of one tier a lower one goes first; CONTRIBUTING.md has the ranges.
            certainty: `sure`, `likely` or `guess`.
            rails: Their names, where it has several.
        """
        problem, remedy = port_problem(path)
        return Found(
            f"{cls.scheme}://{path}",
            f"{what} on {path}",
            rails=rails,
            rate_hz=rate_hz,
            resolution_w=resolution_w,
            covers=cls.covers,
            certainty=certainty,
            problem=problem,
            remedy=remedy,
            rank=rank,
        )

    def info(self) -> dict[str, Any]:
        """Return its title and what the operating system knows of the link."""
        return {"model": self.title, **(self.link.facts if self.link else {})}

    @property
    def where(self) -> str:
        """Where it is, for messages."""
        return self.link.where if self.link else self.address.location
