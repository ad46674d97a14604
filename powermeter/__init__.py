"""Power, charge and energy tied to what a program was doing, each with an interval and a grade.

::

    import powermeter

    with powermeter.Meter("virtual://") as meter:
        with powermeter.event("infer", n=8):
            ...
    print(meter.summary())

Importing this costs about a millisecond; numpy and the rest come when a number is asked for.  What is
listed in `__all__` is public, and so is what its types document; docs/reference/api.md lists it.
"""

from __future__ import annotations

from powermeter.marking.api import each, event, mark, track

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis
    from powermeter.battery.battery import Battery
    from powermeter.channel import Channel, Rail
    from powermeter.comparison.compare import Comparison, compare
    from powermeter.comparison.experiments import bench, sweep, versus
    from powermeter.comparison.repeat_loop import RepeatLoop
    from powermeter.discovery import Finding
    from powermeter.entry import analyse, discover, open, to_frame
    from powermeter.errors import (
        ConfigurationError,
        DataError,
        ExistsError,
        NotInstalledError,
        OpenError,
        PowermeterError,
        ReadError,
        Reason,
    )
    from powermeter.events import Event
    from powermeter.hooks.watch import watch
    from powermeter.meter import Meter
    from powermeter.notes import Note
    from powermeter.recording import Recording
    from powermeter.result import Grade, Result
    from powermeter.signals.trace import Trace
    from powermeter.source import Source

__all__ = [
    "Analysis",
    "Battery",
    "Channel",
    "Comparison",
    "ConfigurationError",
    "DataError",
    "Event",
    "ExistsError",
    "Finding",
    "Grade",
    "Meter",
    "NotInstalledError",
    "Note",
    "OpenError",
    "PowermeterError",
    "Rail",
    "ReadError",
    "Reason",
    "Recording",
    "RepeatLoop",
    "Result",
    "Source",
    "Trace",
    "analyse",
    "bench",
    "compare",
    "discover",
    "each",
    "event",
    "mark",
    "open",
    "sweep",
    "to_frame",
    "track",
    "versus",
    "watch",
]

_HOME = {
    "Analysis": "powermeter.analysis.energy",
    "Battery": "powermeter.battery.battery",
    "Channel": "powermeter.channel",
    "Comparison": "powermeter.comparison.compare",
    "ConfigurationError": "powermeter.errors",
    "DataError": "powermeter.errors",
    "Event": "powermeter.events",
    "ExistsError": "powermeter.errors",
    "Finding": "powermeter.discovery",
    "Grade": "powermeter.result",
    "Meter": "powermeter.meter",
    "NotInstalledError": "powermeter.errors",
    "Note": "powermeter.notes",
    "OpenError": "powermeter.errors",
    "PowermeterError": "powermeter.errors",
    "Rail": "powermeter.channel",
    "ReadError": "powermeter.errors",
    "Reason": "powermeter.errors",
    "Recording": "powermeter.recording",
    "RepeatLoop": "powermeter.comparison.repeat_loop",
    "Result": "powermeter.result",
    "Source": "powermeter.source",
    "Trace": "powermeter.signals.trace",
    "analyse": "powermeter.entry",
    "bench": "powermeter.comparison.experiments",
    "compare": "powermeter.comparison.compare",
    "discover": "powermeter.entry",
    "open": "powermeter.entry",
    "sweep": "powermeter.comparison.experiments",
    "to_frame": "powermeter.entry",
    "versus": "powermeter.comparison.experiments",
    "watch": "powermeter.hooks.watch",
}
"""Public name → the module that has it, loaded when the name is first used."""


if not TYPE_CHECKING:  # a type checker shall refuse names that are not there

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version

            return version("powermeter")
        if name in ("load_ipython_extension", "unload_ipython_extension"):  # of `%load_ext powermeter`
            from powermeter.hooks import notebook

            return getattr(notebook, name)
        if name not in _HOME:
            raise AttributeError(f"module 'powermeter' has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module(_HOME[name]), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__", "__doc__", "__name__", "__path__", "__file__"})
