"""Experiments with functions: `bench(fn)`, `versus(a, b)` in turns, `sweep(fn, batch=[1, 2, 4])` in turns.

A function that takes less than a meter's reading is called several times in a row, so that each event lasts long
enough to be resolved; energies are per call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.analysis.repeat_loop import LoopLimits
from powermeter.analysis.stopping import LEAST, Settled, settle
from powermeter.comparison.benchmark import Benchmark, Target, repeat_until_known, with_sensor
from powermeter.comparison.compare import Comparison, compare
from powermeter.comparison.contrast import Contrast
from powermeter.comparison.options import CompareOptions
from powermeter.comparison.sweep_values import is_plain, stated_values
from powermeter.comparison.taking_turns import Call, Turns, calls_of
from powermeter.errors import ConfigurationError, DataError, printable
from powermeter.events import now_ns
from powermeter.meter import Meter
from powermeter.recording.encodable_text import encodable
from powermeter.result import Grade, Result
from powermeter.result.notes import Note

_GROWTH = 7 / 6
_FIRST_TURNS = 12


@dataclass(frozen=True, slots=True)
class Setup:
    """How an experiment is measured.

    Attributes:
        sources: What to record, as for `Meter`; the best there is where empty.
        path: The recording to write; a dated name where None.
        meter: A meter that is running already; it is used as it is, and `sources` and `path` do not count.
        force: Whether an existing file is replaced.
        rail: The rail to count.
        at_least_s: A function is called so often in a row that one event lasts this long, in s.
    """

    sources: Sequence[str] = ()
    path: str | Path | None = None
    meter: Meter | None = None
    force: bool = False
    rail: str | None = None
    at_least_s: float = 0.5

    @contextmanager
    def running(self) -> Iterator[Meter]:
        """Enter the meter, where it is not running already."""
        if self.meter is not None:
            yield self.meter
            return
        with Meter(*self.sources, path=self.path, force=self.force) as meter:
            yield meter


def bench(
    fn: Call,
    *,
    precision: float = 0.05,
    at_most: str | float = "10m",
    most: int | None = None,
    at_least: int = LEAST,
    name: str | None = None,
    setup: Setup | None = None,
    budget_j: float | None = None,
) -> Benchmark:
    """Return what one call of a function uses, repeated until that is known to `precision`.

    ::

        found = powermeter.bench(lambda: model(x), precision=0.05)
        print(found)

    Args:
        fn: Called without arguments.
        precision: Half-width of the 95 % interval over the mean.
        at_most: The longest it may take in all: the recorder's start, the first calls, which show how long one lasts, and
            as long again as the start took for the end.  The repeat that is running then is finished; one is always measured.
        most: The largest number of repeats.
        at_least: Repeats before the first look.
        name: The label of its events; its own name where None.
        budget_j: What a call may use, in J: it ends too as soon as it is known whether it uses more; None where that is not asked.

    Raises:
        ConfigurationError: An argument is out of its range, or calling a function runs nothing (generators, coroutines).
        OpenError: Nothing can be measured here.
    """
    setup = setup or Setup()
    label = name or _name(fn, "bench")
    limits, begun = LoopLimits(at_most, most, at_least), now_ns()
    _check(precision, fn)
    with setup.running() as meter:
        ends = _ends(limits, begun)
        calls = calls_of(fn, setup.at_least_s, ends)
        limits = replace(limits, spent_s=limits.seconds - (ends - now_ns()) * 1e-9)

        def once() -> bool:
            for _ in range(calls):
                fn()
            return True

        wanted = Target(precision, limits, calls, setup.rail, calls, budget_j)
        return repeat_until_known(meter, label, once, wanted, label)


def versus(
    a: Call,
    b: Call,
    *,
    precision: float = 0.02,
    at_most: str | float = "10m",
    most: int | None = None,
    margin: float = 0.0,
    names: tuple[str, str] | None = None,
    setup: Setup | None = None,
) -> Comparison:
    """Return what `b` uses against `a`; the two take turns (A B B A) until the change is known to `precision`.

    ::

        found = powermeter.versus(lambda: base(x), lambda: small(x))
        print(found.verdict)

    When it ends does not depend on the verdict, so that looking does not make false ones.

    Args:
        a, b: Called without arguments.
        precision: Half-width of the 95 % interval of the change, over `a`'s mean.
        at_most: The longest it may take in all: the recorder's start, the turns, and as long again as the start took for the
            end.  One turn is always taken.
        most: The largest number of turns a side.
        margin: A difference up to this share does not count.
        names: The labels of their events; their own names where None.

    Raises:
        ConfigurationError: An argument is out of its range, or calling a function runs nothing (generators, coroutines).
        DataError: Too few turns were recorded to compare anything.
    """
    setup = setup or Setup()
    limits, begun = LoopLimits(at_most, most), now_ns()
    first, second = names or (_name(a, "a"), _name(b, "b"))
    labels = encodable(first), encodable(second)  # as the recording holds them
    if labels[0] == labels[1]:
        labels = (f"{labels[0]} a", f"{labels[1]} b")
    _check(precision, a, b)

    def compared() -> Comparison:
        with meter.recording() as recording:
            return compare(recording, label=labels, rail=setup.rail, options=CompareOptions(margin=margin))

    with setup.running() as meter:
        due, ends = _FIRST_TURNS, _ends(limits, begun)
        pair = Turns(meter, dict(zip(labels, (a, b), strict=True)), setup.at_least_s, ends)
        while pair.go_on(limits):
            pair.take()
            if pair.done >= due:
                due = math.ceil(pair.done * _GROWTH)
                try:
                    if is_precise(compared().row(), precision):
                        break
                except (DataError, KeyError):
                    continue  # the recorder writes once a second: the last turns are still to come
        pair.wait(setup.meter)
    found = compared()
    return replace(
        found, notes=(*found.notes, Note.info("recorded-in", f"recorded in {printable(meter.path)}"))
    )


def _check(precision: float, *functions: object) -> None:
    """Refuse, before anything is opened, what cannot be measured.

    Raises:
        ConfigurationError: The precision is out of its range, or something cannot be called.
    """
    if not 0 < precision <= 1:
        raise ConfigurationError(f"a precision of {precision} is not usable; write 0.05 for ±5 %")
    for function in functions:
        if not callable(function):
            raise ConfigurationError(
                f"{function!r:.80} cannot be called; measure a function: lambda: model(x)"
            )


def _ends(limits: LoopLimits, begun_ns: int) -> int:
    """Return when the last repeat has to be over; to be asked when the recorder has started, whose end takes about as long."""
    return begun_ns + round(limits.seconds * 1e9) - (now_ns() - begun_ns)


def is_precise(row: Contrast, precision: float) -> bool:
    """Return whether half of a ratio's interval is at most a precision, where it is about programs."""
    return (
        row.ratio is not None
        and row.design.about_programs
        and (row.ratio.high - row.ratio.low) / 2 <= precision
    )


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a function uses for each value of a parameter.

    Attributes:
        parameter: Its name.
        per_call: Value → energy of one call in J as the turns state it, warm-up left out: by their spread alone.
        energy: Value → the same with the sensor's own errors, as it is printed; None where too few turns are known.
        against_first: Value → what it uses against the first value.
        precision: What was asked for.
        path: The recording.
    """

    parameter: str
    per_call: dict[Any, Settled]
    energy: dict[Any, Result | None]
    against_first: dict[Any, Contrast]
    precision: float
    path: Path

    def __repr__(self) -> str:
        return f"<Sweep of {self.parameter}: {', '.join(map(str, self.per_call))}>"

    def __str__(self) -> str:
        lines = [f"{self.parameter}  energy of a call (95 %), against the first"]
        for value, energy in self.energy.items():
            shown = "not known: too few turns" if energy is None else str(energy)
            simulated = ", simulated" if energy is not None and energy.grade is Grade.SIMULATED else ""
            against = self.against_first.get(value)
            lines.append(
                f"{printable(value)}  {shown}{simulated}  {against.text if against else ''}".rstrip()
            )
        lines.append(f"recorded in {printable(self.path)}")
        return "\n".join(lines)

    @property
    def reached(self) -> bool:
        """Whether each energy is known to the precision asked for."""
        return all(settled.relative <= self.precision for settled in self.per_call.values())


def sweep(
    fn: Callable[..., Any],
    *,
    precision: float = 0.05,
    at_most: str | float = "10m",
    most: int | None = None,
    name: str | None = None,
    setup: Setup | None = None,
    **values: Sequence[Any],
) -> Sweep:
    """Return what one call of a function uses for each value of one parameter; the values take turns (1 2 4 4 2 1).

    ::

        powermeter.sweep(lambda batch: model(inputs[:batch]), batch=[1, 2, 4, 8])

    Args:
        fn: Called with the parameter by name.
        precision: Half-width of the 95 % interval of each energy over its mean.
        at_most: The longest it may take in all: the recorder's start, the turns, and as long again as the start took for the
            end.  One turn is always taken.
        most: The largest number of turns of each value.
        name: The label of its events; its own name where None.
        values: The parameter's name and the values that it takes; exactly one.

    Raises:
        ConfigurationError: There is not exactly one parameter of two or more different values, or calling `fn` runs nothing.
    """
    setup = setup or Setup()
    limits, begun = LoopLimits(at_most, most), now_ns()
    _check(precision, fn)
    if len(values) != 1:
        raise ConfigurationError("sweep one parameter, for example batch=[1, 2, 4]")
    ((parameter, chosen),) = values.items()
    label = name or _name(fn, "sweep")
    stated = stated_values(parameter, chosen)
    if not is_plain(label):
        raise ConfigurationError(
            f"{label!r} is not usable as the name of a sweep: leave out brackets, commas and ="
        )
    with setup.running() as meter:
        due, ends = LEAST, _ends(limits, begun)
        titles = [f"{label}[{parameter}={value}]" for value in stated]
        each = {title: _bound(fn, parameter, value) for title, value in zip(titles, chosen, strict=True)}
        marks = {title: (label, {parameter: value}) for title, value in zip(titles, stated, strict=True)}
        turns = Turns(meter, each, setup.at_least_s, ends, marks)
        found: dict[str, Settled] = {}
        while turns.go_on(limits):
            turns.take()
            if turns.done >= due:
                due = math.ceil(turns.done * _GROWTH)
                try:
                    found = _settled(meter, turns, setup.rail)
                except DataError:
                    continue
                if all(settled.relative <= precision for settled in found.values()):
                    break
        turns.wait(setup.meter)
    found = _settled(meter, turns, setup.rail)
    first, *others = each
    with meter.recording() as recording:
        against = {
            value: compare(recording, label=(first, title), rail=setup.rail).row()
            for title, value in zip(others, chosen[1:], strict=True)
        }
    energy = {
        value: with_sensor(meter, label, turns.spans[title], found[title], setup.rail)
        for title, value in zip(each, chosen, strict=True)
    }
    per_call = {value: found[title] for title, value in zip(each, chosen, strict=True)}
    return Sweep(parameter, per_call, energy, against, precision, meter.path)


def _bound(fn: Callable[..., Any], parameter: str, value: Any) -> Call:
    return lambda: fn(**{parameter: value})


def _settled(meter: Meter, turns: Turns, rail: str | None) -> dict[str, Settled]:
    """Return the energy of one call of each function."""
    from powermeter.analysis.repeat_loop import energies_of

    found = {}
    for title, spans in turns.spans.items():
        edges = np.array(spans, np.int64).reshape(-1, 2)
        energies = energies_of(meter, edges[:, 0], edges[:, 1], rail) / turns.calls[title]
        found[title] = settle(energies, (edges[:, 1] - edges[:, 0]) * 1e-9, looks=2)
    return found


def _name(fn: Callable[..., Any], otherwise: str) -> str:
    name = getattr(fn, "__name__", "")
    return name if name and name != "<lambda>" else otherwise
