"""The public names as a program uses them; checked by mypy and pyright, never run."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import assert_type

import powermeter
from powermeter import (
    Analysis,
    Battery,
    Channel,
    CompareOptions,
    Comparison,
    ConfigurationError,
    DataError,
    Event,
    ExistsError,
    Finding,
    Grade,
    Meter,
    Note,
    NotInstalledError,
    OpenError,
    PowermeterError,
    Quantity,
    Rail,
    ReadError,
    Reason,
    Recording,
    RepeatLoop,
    Result,
    Source,
    TokenStreamer,
    Trace,
)


def record() -> None:
    """Record, mark and look at a run."""
    with Meter("virtual://", path="run.power", battery="4Ah", place="FRA", force=True) as meter:
        with powermeter.event("infer", n=8, model="a"):
            pass
        with meter.event("load"):
            pass
        powermeter.mark("done")
    assert_type(meter.problem, str)
    assert_type(meter.path, Path)
    assert_type(meter.recording(), Recording)
    assert_type(meter.analysis(rail="VDD_IN", by=("model",)), Analysis)
    assert_type(meter.summary(width=80), str)


@powermeter.track
def infer(size: int, name: str = "") -> float:
    """Return what a model returns."""
    return float(size)


def marked() -> None:
    """Keep the types of what is decorated or walked through."""
    assert_type(infer(3, name="x"), float)
    for number in powermeter.each([1, 2, 3], name="batch"):
        assert_type(number, int)


def analysed() -> None:
    """Read a recording."""
    analysis = powermeter.analyse("run.power", baseline="idle", by="model")
    assert_type(analysis, Analysis)
    assert_type(analysis.energy, Result)
    with powermeter.open("run.power") as recording:
        assert_type(recording, Recording)
        assert_type(powermeter.analyse(recording, baseline=2.1), Analysis)
    row = analysis.rows[0]
    assert_type(row.energy_per_item, Result | None)
    powermeter.to_frame("run.power", "labels", by="model")


def calculated(energy: Result, other: Result) -> None:
    """Calculate with results."""
    assert_type(energy + other - energy, Result)
    assert_type(energy * 2 / 8, Result)
    assert_type(2 * energy, Result)
    assert_type(energy / other, Result)
    assert_type(energy < 0.5, bool)
    assert_type(energy >= other, bool)
    assert_type(float(energy), float)
    assert_type(str(energy), str)
    assert_type(f"{energy:mWh}", str)
    assert_type(energy.to("mWh"), Result)
    assert_type(energy.grade, Grade)
    assert_type(Battery("4Ah").count(energy), Result)


def compared() -> None:
    """Compare two recordings."""
    found = powermeter.compare("base.power", "small.power")
    assert_type(found, Comparison)
    how = CompareOptions(paired=True, of="energy", margin=0.02)
    assert_type(powermeter.compare("base.power", label=("a", "b"), options=how), Comparison)


def found() -> None:
    """Look for instruments and handle what goes wrong."""
    assert_type(powermeter.discover(), tuple[Finding, ...])
    try:
        Meter("ina219://1/0x40").__enter__()
    except OpenError as error:
        assert_type(error.reason, Reason)
    except (DataError, ReadError, ConfigurationError, ExistsError, NotInstalledError):
        pass
    except PowermeterError as error:
        assert_type(error.exit_code, int)


def nouns(channel: Channel, event: Event, note: Note, source: Source) -> None:
    """Use the nouns."""
    assert_type(channel.rail, Rail | None)
    assert_type(event.duration_s, float | None)
    assert_type(note.code, str)
    assert_type(source.channels, tuple[Channel, ...])


def experiments() -> None:
    """Repeat until it is known well enough."""
    assert_type(powermeter.bench(lambda: infer(3), precision=0.02).per_item, Result | None)
    assert_type(powermeter.versus(lambda: infer(3), lambda: infer(4)), Comparison)
    for energy in powermeter.sweep(infer, size=[1, 2, 4]).energy.values():
        assert_type(energy, Result | None)
    with Meter("virtual://") as meter:
        loop = RepeatLoop(meter, "infer", precision=0.05, n=8)
        for _ in loop:
            infer(3)
        assert_type(loop.reached, bool)


class Model:
    """A model of somebody's."""


def models(model: Model, recording: Recording) -> None:
    """Watch models and what they generate."""
    assert_type(powermeter.watch(model, "encoder", layers=True, n=8), Model)
    for text in powermeter.tokens(["a", "b"], model="llama", prompt_tokens=12):
        assert_type(text, str)
    for piece in powermeter.tokens(lambda: iter([b"a"])):
        assert_type(piece, bytes)
    TokenStreamer("llama").end()
    assert_type(powermeter.layers(recording, "infer").whole, Result)


def traces(trace: Trace) -> None:
    """Read a rail's columns."""
    assert_type(trace.between(0, 1_000_000_000), Trace)
    assert_type(trace.quantity, Quantity)
    assert_type(trace.start_ns, int)
