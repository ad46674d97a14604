"""What every instrument is to the recorder: it opens, names its channels, and closes; polled or streaming."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from powermeter.channel import Channel
from powermeter.source.address import Address, Option, parse_options
from powermeter.source.found import Found


class Source(ABC):
    """An instrument that can be opened, read and closed again.

    Subclass `PolledSource` or `StreamingSource`.  The constructor only looks at the URL; `open`
    touches the instrument.  After `close`, `open` may be called again (the recorder does so to
    recover a lost instrument); the channels must then be the same.

    Attributes:
        scheme: The URL scheme, also the registry's name.
        summary: One line for `powermeter devices` and the documentation.
        example: A URL that works.
        patience_s: How long nothing may come from it before it is reported as stalled.
        OPTIONS: What may follow the `?`, beside `COMMON_OPTIONS`.
        channels: What a row of raw codes holds, in order; known after `open`.
    """

    scheme: ClassVar[str]
    summary: ClassVar[str]
    example: ClassVar[str]
    OPTIONS: ClassVar[Mapping[str, Option]] = {}
    COMMON_OPTIONS: ClassVar[Mapping[str, Option]] = {
        "name": Option(str, None, "a name of your own for this source in reports"),
    }

    patience_s: ClassVar[float] = 1.4
    channels: tuple[Channel, ...] = ()

    def __init__(self, address: Address) -> None:
        self.address = address
        self.options = parse_options(address, {**self.COMMON_OPTIONS, **self.OPTIONS})

    @property
    def name(self) -> str:
        """The user's name for it, or the URL without options."""
        return self.options["name"] or f"{self.address.scheme}://{self.address.location}"

    @abstractmethod
    def open(self) -> None:
        """Open the instrument and set `channels`.

        Raises:
            OpenError: It cannot be opened; the message names the remedy.
            NotInstalledError: A library is missing; the message names the extra.
        """

    def close(self) -> None:  # noqa: B027
        """Release the instrument; never raises, may be called twice."""

    def info(self) -> dict[str, Any]:
        """Return plain facts about the opened instrument for the recording: model, serial, settings."""
        return {}

    def counts(self) -> dict[str, int]:
        """Return what it had to cope with so far (frames refused, samples lost); kept in the recording."""
        return {}

    @property
    def clock_doubt_ns(self) -> float:
        """The most that all its stamps together may be off against this machine's clock, in ns; noted at the end."""
        return 0.0

    @classmethod
    def discover(cls) -> list[Found]:
        """Look for instruments of this kind without writing to any hardware, within two seconds."""
        return []
