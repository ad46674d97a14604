"""The reading of one source that sends by itself: blocks, a stream that breaks, an order that is not that of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
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


def streamed(script: Sequence[object], patience_s: float = 2.0):
    source = Stream(script)
    source.patience_s = patience_s
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


SECOND = 10**9


def test_a_stream_whose_clock_is_set_back_is_a_gap_until_it_has_caught_up():
    """All of its readings were put into the moment of the last one before, and their energy vanished without a line."""
    blocks = [at(1.0, 2.0), at(1.5, 1.7), at(1.9, 2.4), at(2.5, 2.6)]
    source, reader, harvest = streamed(blocks)
    assert [time / SECOND for time, _ in rows(harvest)] == [1.0, 2.0, 2.5, 2.6]
    (gap,) = harvest.gaps
    assert (gap.start_ns, gap.end_ns, gap.reason) == (2 * SECOND, 2.5 * SECOND, "bad data")
    assert gap.detail == "a reading is stamped 0.5 s before an earlier one"
    assert reader.health.errors == 2 and source.reopened == 2


@pytest.mark.parametrize(("back_s", "kept"), [(0.010, 4), (0.0101, 2)])
def test_inside_of_a_block_too_a_stamp_may_be_ten_milliseconds_late(back_s, kept):
    _, _, harvest = streamed([at(0.0, 0.1), at(0.3, 0.3 - back_s)])
    assert len(list(rows(harvest))) == kept


def at(*seconds: float, flags: Sequence[int] | None = None) -> Block:
    return block(*(round(s * SECOND) for s in seconds), flags=flags)


@pytest.mark.parametrize(
    ("blocks", "usual_s"),
    [
        ([at(0.0, 0.1)], 0.0),  # of one block no pace is known
        ([at(0.0, 0.1), at(0.2, 0.3)], 0.1),
        ([at(0.0, 0.1), at(0.2, 0.3), at(0.5, 0.7)], 0.125),  # 0.2 s a row: a quarter of the way from 0.1
    ],
)
def test_the_usual_pace_is_that_of_the_blocks_and_follows_a_quarter_at_a_time(blocks, usual_s):
    _, reader, _ = streamed(blocks, patience_s=0.0)
    assert reader.patience_ns == round(3 * usual_s * SECOND)
    assert reader.last_ns == int(blocks[-1].times_ns[-1])


def test_what_came_is_heard_when_it_came_by_the_hosts_clock():
    clock = FakeClock()
    source = Stream([at(0.0, 0.1)])
    reader = SourceReader(source, clock)
    clock.at = 77 * SECOND
    reader.run()
    assert reader.heard_ns == 77 * SECOND


@pytest.mark.parametrize(
    ("pause", "patience_s", "silent"),
    [(2.01, 2.0, True), (2.0, 2.0, False), (0.31, 0.1, True), (0.29, 0.1, False)],
)
def test_silence_is_longer_than_the_patience_and_than_three_usual_steps(pause, patience_s, silent):
    _, reader, harvest = streamed(
        [at(0.0, 0.1), at(0.2, 0.3), at(0.3 + pause, 0.4 + pause)], patience_s=patience_s
    )
    assert [(g.start_ns, g.end_ns) for g in harvest.gaps] == (
        [(round(0.3 * SECOND), round((0.3 + pause) * SECOND))] if silent else []
    )
    if silent:
        assert harvest.gaps[0].detail == f"nothing came for {pause:.1f} s"
        reader.source.patience_s = 0.0
        assert reader.patience_ns == 3 * SECOND // 10, "a silence is no pace"


def test_a_gap_that_is_open_is_not_noted_twice():
    """The stream broke at 0.3 s: what is missing until it goes on is one gap, the break's."""
    _, _, harvest = streamed(
        [at(0.0, 0.1), at(0.2, 0.3), ReadError("unplugged", Reason.ABSENT), at(60.0, 60.1)]
    )
    assert [(g.start_ns, g.end_ns, g.reason) for g in harvest.gaps] == [
        (round(0.3 * SECOND), 60 * SECOND, "absent")
    ]


def test_stamps_never_run_back_and_rows_and_repeats_are_counted():
    _, reader, harvest = streamed([at(0.001, 0.003, 0.002), at(0.0025, 0.0035, flags=[REPEAT, 2])])
    stamps = [times.tolist() for times, _, _ in harvest.blocks]
    assert stamps == [[10**6, 3 * 10**6, 3 * 10**6], [3 * 10**6, 3_500_000]]
    assert (reader.health.samples, reader.health.repeats) == (5, 1)


def test_a_stream_that_would_be_no_better_is_not_opened_again():
    """An instrument of another rate than it is read with was opened again every two seconds, for ever."""
    final = ReadError("its ticks count 2 s in 1 s", Reason.BAD_DATA, is_final=True)
    source, reader, harvest = streamed([block(10, 20), final, block(90, 95)])
    assert not source.reopened and reader.failure == "its ticks count 2 s in 1 s"
    assert [time for time, _ in rows(harvest)] == [10, 20] and reader.ended.is_set()


def test_what_a_stream_finds_wrong_at_its_end_is_why_it_failed():
    """Found once reading was stopped: nothing is opened again, and the reason is kept for the recording."""

    class Ends(Stream):
        def read_block(self, timeout_s: float) -> Block | None:
            acquisition.stop()
            return super().read_block(timeout_s)

        def finish(self) -> None:
            raise ReadError("its ticks count 0.1 s in 1 s", Reason.BAD_DATA)

    source = Ends([block(1, 2)])
    acquisition = SourceReader(source, FakeClock())
    acquisition.run()
    assert acquisition.failure == "its ticks count 0.1 s in 1 s" and not source.reopened
    assert acquisition.health.samples == 2 and acquisition.ended.is_set()
