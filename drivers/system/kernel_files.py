"""Instruments of which each reading is a file of the kernel: AMD's, a Jetson's, a processor's counters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from powermeter.channel import Channel
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import PolledSource

from .sysfs import read_code


class KernelFiles(PolledSource):
    """Files that are opened for each reading.

    Attributes:
        title: What they hold, in messages: `counters`.
        files: Where they are; none while it is closed.
    """

    title: ClassVar[str]
    files: tuple[Path, ...] = ()

    def keep(self, channels: Sequence[Channel], files: Sequence[Path]) -> None:
        """Set the channels and the files that are read for them.

        Raises:
            OpenError: They are not those of before.
        """
        if self.channels and self.channels != tuple(channels):
            raise OpenError(
                f"{self.scheme}://: the {self.title} are not those of before", Reason.WRONG_DEVICE
            )
        self.channels, self.files = tuple(channels), tuple(files)

    def read_files(self) -> list[int]:
        """Read each file once, one after the other.

        Raises:
            ReadError: It is closed, or one cannot be read.
        """
        if not self.files:
            raise ReadError(f"{self.scheme}:// is not open", Reason.ABSENT)
        return [read_code(file) for file in self.files]

    def close(self) -> None:
        """Forget the files."""
        self.files = ()
