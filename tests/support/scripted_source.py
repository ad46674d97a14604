"""Sources that answer what a test wrote down, read on a clock that only the test moves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from powermeter.channel import Channel, Quantity
from powermeter.recorder.reading import Clock, SourceReader
from powermeter.source import (
    Address,
    PolledSource,
    Row,
)

MS = 1_000_000
CHANNEL = (Channel("x.power", Quantity.POWER, 1e-3),)


class FakeClock(Clock):
    """Time passes only in `wait_until` and where a source says that a read takes time."""

    def __init__(self) -> None:
        self.at = 0
        self.waits: list[int] = []

    def now_ns(self) -> int:
        return self.at

    def wait_until(self, deadline_ns: int, stop: threading.Event) -> None:
        self.waits.append(deadline_ns)
        self.at = max(self.at, deadline_ns)


class Scripted(PolledSource):
    """A polled source that plays a list: a row, an exception, or a function; then it stops the reading."""

    scheme = "scripted"
    summary = "for this test"
    example = "scripted://"
    default_period_s = 0.01

    def __init__(
        self, script: Sequence[object], clock: FakeClock, read_ns: int = 0, opens: Sequence[object] = ()
    ):
        super().__init__(Address.parse("scripted://?dither=no"))
        self.script: Iterator[object] = iter(script)
        self.clock, self.read_ns = clock, read_ns
        self.opens = iter(opens)
        self.calls: list[str] = []
        self.channels = CHANNEL
        self.acquisition: SourceReader | None = None
        self.next_flags = 0

    def open(self) -> None:
        self.calls.append("open")
        outcome = next(self.opens, None)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            self.channels = outcome  # type: ignore[assignment]

    def close(self) -> None:
        self.calls.append("close")

    def sample(self) -> Row | None:
        step = next(self.script, StopIteration)
        if step is StopIteration:
            assert self.acquisition is not None
            self.acquisition.stop()
            return None
        self.clock.at += self.read_ns
        if isinstance(step, Callable):  # type: ignore[arg-type]
            step = step(self)
        if isinstance(step, Exception):
            raise step
        return Row(step, self.next_flags) if isinstance(step, list) else step  # type: ignore[return-value]


def played(source: Scripted) -> SourceReader:
    acquisition = SourceReader(source, source.clock)
    source.acquisition = acquisition
    acquisition.stop_asked.wait = lambda pause: pass_once(source, acquisition, pause)  # type: ignore[method-assign]
    acquisition.run()
    return acquisition


def pass_once(source: Scripted, acquisition: SourceReader, pause: float | None) -> bool:
    source.clock.at += round((pause or 0) * 1e9)
    source.calls.append(f"wait {pause}")
    return acquisition.stop_asked.is_set()


def run(script: Sequence[object], read_ns: int = 0, **attributes: object):
    source = Scripted(script, FakeClock(), read_ns, attributes.pop("opens", ()))  # type: ignore[arg-type]
    for name, value in attributes.items():
        setattr(source, name, value)
    acquisition = played(source)
    return source, acquisition, acquisition.take()


def rows(harvest) -> list[tuple[int, int]]:
    return [
        (int(t), int(c[0])) for times, codes, _ in harvest.blocks for t, c in zip(times, codes, strict=True)
    ]
