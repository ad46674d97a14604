"""How one driver is opened for the contract suite without its instrument."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from powermeter import registry
from powermeter.source import Address, Source
from powermeter.testing.contract_load import CONSTANT_W, constant
from powermeter.testing.meter import SimulatedMeter
from powermeter.testing.terminal import Simulation, TerminalPort

Setting = Callable[[Path], AbstractContextManager[Mapping[str, Any]]]
"""Makes what a URL needs in a folder; yields the values of its braces."""


@contextmanager
def nothing(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield only the folder, for a driver that needs nothing else."""
    yield {"folder": folder}


def simulated(meter: type[SimulatedMeter], *, volts: float = 5.0) -> Setting:
    """Return a setting with a simulated meter on a pseudo-terminal, `{port}`, and its `simulation`."""

    @contextmanager
    def running(folder: Path) -> Iterator[Mapping[str, Any]]:
        port = TerminalPort(folder / meter.kind)
        with serving(Simulation(meter(constant(CONSTANT_W), volts=volts), port)) as simulation:
            yield {"folder": folder, "port": port.where, "simulation": simulation}

    return running


@contextmanager
def serving(simulation: Simulation) -> Iterator[Simulation]:
    """Run a simulation in a thread."""
    simulation.port.plug()
    thread = threading.Thread(target=simulation.run, daemon=True)
    thread.start()
    try:
        yield simulation
    finally:
        simulation.stop()
        thread.join(5.0)


def release_as_killed(source: Source) -> bool:
    """Release a driver's link without stopping its instrument, as the end of a program that is killed does; return whether it has one."""
    link = getattr(source, "link", None)
    if link is None:
        return False
    link.close()
    vars(source)["link"] = None
    return True


@dataclass(frozen=True)
class Case:
    """How one driver is opened here.

    Attributes:
        scheme: The driver's name in the registry.
        url: With braces for what `setting` yields.
        setting: Makes what the URL needs.
        absent: A URL of an instrument that is not there; empty where there always is one.
        lose: Makes one value of the instrument disappear, from what `setting` yields; None where it cannot.
        overload: Puts the instrument over its range; None where it does not report that, or is a simulated
            meter that does (`SimulatedMeter.flags_overload`).
        driver: The class, where it is not in the registry.
    """

    scheme: str
    url: str
    setting: Setting = nothing
    absent: str = ""
    lose: Callable[[Mapping[str, Any]], None] | None = None
    overload: Callable[[Mapping[str, Any]], None] | None = None
    driver: type[Source] | None = field(default=None)

    @property
    def source_class(self) -> type[Source]:
        """The driver."""
        return self.driver or registry.driver_class(self.scheme)

    @contextmanager
    def source(self, folder: Path) -> Iterator[tuple[Source, Mapping[str, Any]]]:
        """Yield an unopened source and what its setting made; closed at the end."""
        with self.setting(folder) as made:
            source = self.source_class(Address.parse(self.url.format(**made)))
            try:
                yield source, made
            finally:
                source.close()
