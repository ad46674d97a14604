"""`replay://run.power`: plays a source of an earlier recording back, in real time or as fast as it goes."""

from __future__ import annotations

import time
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
        self._samples: Samples | None = None
        self._gaps: list[Gap] = []
        self._position = 0
        self._start_ns = 0
        self._info: dict[str, Any] = {}

    def open(self) -> None:
        try:
            with Recording.open(Path(self.address.location)) as recording:
                source = recording.source(self.options["source"])
                self._samples = recording.samples(source.id)
                self._gaps = recording.gaps(source.id)
                self._info = {**source.info, "replay_of": source.url, "warnings": recording.warnings}
                self.channels = source.channels
                if source.info.get("simulated"):  # also of versions that graded it as measured
                    self.channels = tuple(replace(c, grade=Grade.SIMULATED) for c in source.channels)
        except DataError as error:
            raise OpenError(str(error), Reason.BAD_DATA) from error
        if not len(self._samples.times_ns):
            raise OpenError(f"{self.address.location} holds no samples of {source.name}", Reason.BAD_DATA)
        self._position = 0
        self._start_ns = now_ns()

    def info(self) -> dict[str, Any]:
        return self._info

    def read_block(self, timeout_s: float) -> Block | None:
        assert self._samples is not None
        times = self._samples.times_ns
        if self._position >= len(times):
            raise EOFError
        first = int(times[0])
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
        codes = np.stack([self._samples.codes[channel.name][part] for channel in self.channels], axis=1)
        return Block(moved, codes, self._samples.flags[part], gaps=self._moved_gaps(part, speed, first))

    def _moved_gaps(self, part: slice, speed: float, first: int) -> list[Gap]:
        """Return the gaps that end within a part of the samples, on the present clock."""
        assert self._samples is not None
        times = self._samples.times_ns
        low = int(times[part.start - 1]) if part.start else first - 1
        high = int(times[part.stop - 1])
        return [
            Gap(
                self._start_ns + round((gap.start_ns - first) / speed),
                self._start_ns + round((gap.end_ns - first) / speed),
                gap.reason,
                gap.detail,
                gap.lost,
            )
            for gap in self._gaps
            if low < gap.end_ns <= high
        ]
