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

import os
import sys

from powermeter.marking.api import each, event, mark, track

__all__ = [
    "Analysis",
    "Battery",
    "Channel",
    "CompareOptions",
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
    "Quantity",
    "Rail",
    "ReadError",
    "Reason",
    "Recording",
    "RepeatLoop",
    "Result",
    "Source",
    "TokenStreamer",
    "Trace",
    "analyse",
    "bench",
    "compare",
    "discover",
    "each",
    "event",
    "layers",
    "mark",
    "open",
    "sweep",
    "to_frame",
    "tokens",
    "track",
    "versus",
    "watch",
]

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

WINGS = ("drivers", "calibration", "reports")


class WingsBeside:
    """Finds the wings in a checkout, where they lie beside this package: `python script.py` in its folder imports that one.

    It is asked first: the finder of an editable installation of another checkout would take the wings from there.
    """

    def __init__(self, root: str) -> None:
        self._files = {f"powermeter.{wing}": os.path.join(root, wing, "__init__.py") for wing in WINGS}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a wing is; None for any other module."""
        if name not in self._files:
            return None
        from importlib.util import spec_from_file_location

        return spec_from_file_location(name, self._files[name])


def find_wings(folder: str) -> None:
    """Have the wings found beside the package's folder, where none is inside and all are there."""
    root = os.path.dirname(folder)
    if os.path.isdir(os.path.join(folder, WINGS[0])):
        return
    if all(os.path.isfile(os.path.join(root, wing, "__init__.py")) for wing in WINGS):
        sys.meta_path.insert(0, WingsBeside(root))


find_wings(__path__[0])


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("powermeter")
    if name.startswith("__"):
        raise AttributeError(f"module 'powermeter' has no attribute {name!r}")
    from powermeter.registry import PUBLIC, late

    found = globals()[name] = late("powermeter", PUBLIC, name)
    return found


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__", "__doc__", "__name__", "__path__", "__file__"})
