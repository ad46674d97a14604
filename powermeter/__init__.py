"""Know what an inference costs: power, charge and energy tied to events, each with an interval and a grade.

::

    import powermeter

    with powermeter.Meter("virtual://") as meter:
        with powermeter.event("infer", n=8):
            ...
    print(meter.summary())

Importing this costs a few milliseconds; numpy and the rest come when a number is asked for.
"""

from __future__ import annotations

import os

from powermeter.marking.api import ENVIRONMENT, each, event, mark, track

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any

    from powermeter.analysis.energy import analyse
    from powermeter.battery.battery import Battery
    from powermeter.comparison.compare import compare
    from powermeter.meter import Meter
    from powermeter.recording import Recording
    from powermeter.result import Grade, Result

__all__ = [
    "Battery",
    "Grade",
    "Meter",
    "Recording",
    "Result",
    "analyse",
    "compare",
    "each",
    "event",
    "mark",
    "track",
]

_HOME = {
    "Battery": "powermeter.battery.battery",
    "Grade": "powermeter.result",
    "Meter": "powermeter.meter",
    "Recording": "powermeter.recording",
    "Result": "powermeter.result",
    "analyse": "powermeter.analysis.energy",
    "compare": "powermeter.comparison.compare",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("powermeter")
    if name not in _HOME:
        raise AttributeError(f"module 'powermeter' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


if os.environ.get(ENVIRONMENT):
    from powermeter.marking.event_log import attach_to

    attach_to(os.environ[ENVIRONMENT])
