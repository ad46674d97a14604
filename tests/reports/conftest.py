"""Recordings whose numbers are known without the package: 2 W at 5 V, all the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.result import Grade
from powermeter.source import Gap

SECOND = 1_000_000_000
START = 5 * SECOND
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></svg><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "a|b\n| c | `d` [x](javascript:alert(1))",
    "[red]bold[/] \x1b[31mred\x07",
    "\u202egnp.exe",
    "nul \x00 lone \ud800 end",
    "x" * 500,
]
Make = Callable[..., Path]


def channels(
    rail: Rail, volts: bool = True, grade: Grade = Grade.MEASURED, gain: float = 0.01
) -> tuple[Channel, ...]:
    accuracy = Accuracy(gain=gain, step=1e-3, source="data sheet, table 7")
    if not volts:
        return (Channel("power", Quantity.POWER, 1e-3, rail, grade=grade, accuracy=accuracy),)
    return (
        Channel(
            "voltage",
            Quantity.VOLTAGE,
            1e-3,
            rail,
            grade=grade,
            accuracy=Accuracy(source="data sheet, table 7"),
        ),
        Channel("current", Quantity.CURRENT, 1e-3, rail, grade=grade, accuracy=accuracy),
    )


def infer(
    first_s: float, seconds: float, n: int = 1, uid: int = 1, name: str = "infer", **attributes: Any
) -> Event:
    start = START + round(first_s * SECOND)
    return Event(name, start, start + round(seconds * SECOND), 1, 1, uid, None, n, attributes, 123_000_000)


@pytest.fixture(scope="session", autouse=True)
def letters_alone() -> Iterator[None]:
    """Embed fonts without their tables of ligatures and places: to read those takes longer than to draw the figure.

    A PDF has each letter at its place; nothing that shows one reads them.
    """
    with pytest.MonkeyPatch.context() as patch:
        with suppress(ImportError):
            from fontTools.subset import Options

            make = Options.__init__

            def make_without(options: Any, **chosen: Any) -> None:
                make(options, **chosen)
                options.drop_tables += ["GDEF", "GPOS", "GSUB", "MATH"]

            patch.setattr(Options, "__init__", make_without)
        yield


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that writes a recording of 2 W at 5 V, 100 samples a second for 10 s."""
    return maker(tmp_path)


def maker(folder: Path) -> Make:
    """The same for a folder that outlives a test."""

    def build(
        name: str = "run.power",
        events: Sequence[Event] = (),
        *,
        volts: bool = True,
        grade: Grade = Grade.MEASURED,
        metadata: dict[str, Any] | None = None,
        gap_s: tuple[float, float] | None = None,
        rail: Rail | None = None,
        source: str = "meter",
        info: dict[str, Any] | None = None,
        second: bool = False,
        watts: float = 2.0,
    ) -> Path:
        path = folder / name
        rail = rail or Rail("VDD_IN", covers="the whole board at its input", boundary=Boundary.BOARD)
        times = START + np.arange(1001, dtype=np.int64) * 10_000_000
        if gap_s is not None:
            low, high = (START + round(edge * SECOND) for edge in gap_s)
            times = times[(times <= low) | (times >= high)]
        with Writer.create(path, {"clock": "monotonic", "powermeter": "9.9", **(metadata or {})}) as writer:
            identifier = writer.add_source("test://1", source, "test", channels(rail, volts, grade), info)
            row = [5000, round(watts / 5 * 1000)] if volts else [round(watts * 1000)]
            writer.append(identifier, times, np.tile(np.array(row, np.int64), (times.size, 1)))
            if gap_s is not None:
                writer.add_gap(identifier, Gap(low, high, "no answer", "unplugged", 7))
            if second:
                other = writer.add_source("test://2", "other meter", "test", channels(rail, volts, grade))
                writer.append(other, times, np.tile(np.array([5000, 440], np.int64), (times.size, 1)))
            writer.add_clock_pair(START, 1_700_000_000 * SECOND)
            writer.add_events(list(events))
        return path

    return build


@pytest.fixture
def twenty() -> list[Event]:
    """Twenty events of 0.25 s, four items each: 0.5 J an event, 0.125 J and 0.025 C an item."""
    return twenty_events()


def twenty_events() -> list[Event]:
    return [infer(0.5 * i, 0.25, 4, i + 1, model="a" if i % 2 else "b") for i in range(20)]


@pytest.fixture
def hostile(make: Make) -> Path:
    """Return a recording all of whose names would be markup if they were taken for it."""
    events = [
        Event(
            label,
            5_100_000_000 + i * 10**9,
            5_600_000_000 + i * 10**9,
            uid=i + 1,
            count=2,
            attributes={"model": label},
        )
        for i, label in enumerate(HOSTILE)
    ]
    evil = HOSTILE[0]
    return make(
        events=events,
        source=evil,
        rail=Rail(evil, covers=evil),
        metadata={
            "command": ["python", evil + ".py"],
            "attributes": {evil: evil},
            "host": {"board": evil, "cpu": evil, "os": evil},
            "revision": evil,
            "frameworks": {evil: evil},
        },
        gap_s=(4.0, 4.5),
    )
