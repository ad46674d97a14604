"""What each rail of a recording used over the run, and which of them is counted."""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.analysis.energy import Analysis
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run
from powermeter.errors import DataError
from powermeter.result import Result, plain
from powermeter.signals.clock_ticks import as_clocked, open_in_ticks
from powermeter.signals.line import Line

from .wording import show

MOST = 24
HEADS = ("rail", "energy", "mean power", "grade", "")


@dataclass(frozen=True, slots=True)
class RailUse:
    """One rail over the run.

    Attributes:
        name: As `--rail` takes it.
        parent: The rail that feeds it, or None.
        energy: Between its first and last reading, in J.
        power: Its mean, in W.
        counted: Whether every other number of the report is of it.
    """

    name: str
    parent: str | None
    energy: Result
    power: Result
    counted: bool

    @property
    def role(self) -> str:
        """`counted`, `inside VDD_IN`, or nothing."""
        return "counted" if self.counted else f"inside {self.parent}" if self.parent else ""

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """As `HEADS`."""
        return self.name, show(self.energy).text, show(self.power).text, self.energy.grade.value, self.role

    def record(self) -> dict[str, object]:
        """Return it as plain values."""
        return {
            "name": self.name,
            "parent": self.parent,
            "energy": plain(self.energy),
            "power": plain(self.power),
            "counted": self.counted,
        }


def rails_of(a: Analysis) -> tuple[RailUse, ...]:
    """Return what each rail used, the counted one first; empty where there is only one."""
    if len(a.lines) < 2:
        return ()
    names = [line.rail.name for line in a.lines]
    found = []
    for line in sorted(a.lines[:MOST], key=lambda line: line.key != a.line.key):
        name = line.rail.name if names.count(line.rail.name) == 1 else line.key
        if line.key == a.line.key:
            found.append(RailUse(name, None, a.energy, a.power, True))
            continue
        used = _used(line)
        if used is not None:
            found.append(RailUse(name, line.rail.parent, *used, False))
    return tuple(found) if len(found) > 1 else ()


def _used(line: Line) -> tuple[Result, Result] | None:
    """Return energy and mean power of a rail; None where it has no power or too few readings."""
    trace = line.power()
    if trace is None or len(trace) < 2:
        return None
    try:
        integral = Integral.of(open_in_ticks(as_clocked(trace), placed=False))
        run = measure_run(integral, bridges=Bridges.of(integral), origin=f"rail {line.key}")
    except DataError:
        return None
    return run.energy, run.power
