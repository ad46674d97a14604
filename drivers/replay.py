"""`replay://run.power`: plays a source of an earlier recording back, in real time or as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from powermeter.errors import ConfigurationError, DataError, OpenError, Reason
from powermeter.recording import Recording, Samples
from powermeter.result import Grade
from powermeter.source import Address, Block, Gap, Option, StreamingSource, now_ns
from powermeter.units import NS, parse_quantity


class Replay(StreamingSource):
    """A recording's own samples, moved to the present; its gaps stay gaps."""

    scheme = "replay"
    summary = "an earlier recording played back"
    example = "replay://run.power?speed=1"
    OPTIONS: ClassVar[dict[str, Option]] = {
        "source": Option(str, None, "which source of the recording, by name; the first one otherwise"),
        "speed": Option(partial(parse_quantity, unit="1"), 1.0, "how many times faster than it was recorded"),
    }

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        if not address.location:
            raise ConfigurationError("replay:// needs a file: replay://run.power")
        if self.options["speed"] <= 0:
            raise ConfigurationError(f"{address}: speed must be above 0")
        self._recording: Recording | None = None
        self._pieces: Iterator[Samples] = iter(())
        self._piece: Samples | None = None
        self._gaps: list[Gap] = []
        self._position = 0
        self._first_ns = self._last_ns = 0
        self._start_ns = 0
        self._info: dict[str, Any] = {}

    def open(self) -> None:
        self.close()
        try:
            self._recording = recording = Recording.open(Path(self.address.location))
            source = recording.source(self.options["source"])
            self._gaps = recording.gaps(source.id)
            self._pieces = (piece for piece in recording.stream(source.id) if len(piece))
            self._info = {**source.info, "replay_of": source.url, "warnings": recording.warnings}
            self.channels = source.channels
            if source.info.get("simulated"):  # also of versions that graded it as measured
                self.channels = tuple(replace(c, grade=Grade.SIMULATED) for c in source.channels)
        except DataError as error:
            self.close()
            raise OpenError(str(error), Reason.BAD_DATA) from error
        except ConfigurationError:
            self.close()
            raise
        self._piece = next(self._pieces, None)
        if self._piece is None:
            self.close()
            raise OpenError(f"{self.address.location} holds no samples of {source.name}", Reason.BAD_DATA)
        self._position = 0
        self._first_ns = int(self._piece.times_ns[0])
        self._last_ns = self._first_ns - 1
        self._start_ns = now_ns()

    def close(self) -> None:
        if self._recording is not None:
            self._recording.close()
        self._recording = None
        self._pieces = iter(())

    def info(self) -> dict[str, Any]:
        return self._info

    def read_block(self, timeout_s: float) -> Block | None:
        if self._piece is not None and self._position >= len(self._piece):
            self._piece, self._position = next(self._pieces, None), 0
        if self._piece is None:
            raise EOFError
        times, first = self._piece.times_ns, self._first_ns
        speed = self.options["speed"]
        moved_next = self._start_ns + round((int(times[self._position]) - first) / speed)
        wait_s = (moved_next - now_ns()) / NS
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return None
        time.sleep(max(wait_s, min(timeout_s, 0.02)))
        reached = first + round((now_ns() - self._start_ns) * speed)
        end = max(int(np.searchsorted(times, reached, "right")), self._position + 1)
        part = slice(self._position, end)
        self._position = end
        moved = self._start_ns + np.round((times[part] - first) / speed).astype(np.int64)
        codes = np.stack([self._piece.codes[channel.name][part] for channel in self.channels], axis=1)
        gaps = self._moved_gaps(self._last_ns, int(times[end - 1]))
        self._last_ns = int(times[end - 1])
        return Block(moved, codes, self._piece.flags[part], gaps=gaps)

    def _moved_gaps(self, low_ns: int, high_ns: int) -> list[Gap]:
        """Return the gaps that end after one time and up to another, on the present clock."""
        first, speed = self._first_ns, self.options["speed"]
        return [
            Gap(
                self._start_ns + round((gap.start_ns - first) / speed),
                self._start_ns + round((gap.end_ns - first) / speed),
                gap.reason,
                gap.detail,
                gap.lost,
            )
            for gap in self._gaps
            if low_ns < gap.end_ns <= high_ns
        ]
