"""The reading of one source that sends by itself: blocks, a stream that breaks, an order that is not that of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scripted_source import CHANNEL, FakeClock, rows

from powermeter.errors import ReadError, Reason
from powermeter.recorder.reading import SourceReader
from powermeter.source import (
    REPEAT,
    Address,
    Block,
    Gap,
    Row,
    StreamingSource,
)


class Stream(StreamingSource):
    scheme = "stream"
    summary = "for this test"
    example = "stream://"

    def __init__(self, script: Sequence[object]):
        super().__init__(Address.parse("stream://"))
        self.script = iter(script)
        self.channels = CHANNEL
        self.reopened = 0

    def open(self) -> None:
        self.reopened += 1

    def read_block(self, timeout_s: float) -> Block | None:
        step = next(self.script, EOFError())
        if isinstance(step, Exception):
            raise step
        return Row(step, self.next_flags) if isinstance(step, list) else step  # type: ignore[return-value]


def block(*times: int, flags: Sequence[int] | None = None, **more: object) -> Block:
    codes = np.arange(len(times), dtype=np.int64).reshape(-1, 1)
    marks = None if flags is None else np.array(flags, np.uint8)
    return Block(np.array(times, np.int64), codes, marks, **more)  # type: ignore[arg-type]


def streamed(script: Sequence[object]):
    source = Stream(script)
    acquisition = SourceReader(source, FakeClock())
    acquisition.stop_asked.wait = lambda pause: False  # type: ignore[method-assign]
    acquisition.run()
    return source, acquisition, acquisition.take()


def test_blocks_and_gaps_are_handed_on():
    lost = Gap(2, 3, "dropped", "", 4)
    _, acquisition, harvest = streamed([block(1, 2), None, block(3, flags=[REPEAT], gaps=[lost])])
    assert [time for time, _ in rows(harvest)] == [1, 2, 3]
    assert harvest.gaps == [lost]
    assert (acquisition.health.samples, acquisition.health.repeats) == (3, 1)


def test_a_broken_stream_is_reopened_and_the_hole_is_a_gap():
    source, acquisition, harvest = streamed(
        [block(10, 20), ReadError("unplugged", Reason.ABSENT), block(90, 95)]
    )
    assert source.reopened == 1 and acquisition.health.reopened == 1
    assert harvest.gaps == [Gap(20, 90, "absent", "unplugged", None)]


def test_a_stream_out_of_order_is_put_in_order_of_time():
    _, _, harvest = streamed([block(10, 5, 30), block(20, 40)])
    assert [time for time, _ in rows(harvest)] == [10, 10, 30, 30, 40]
