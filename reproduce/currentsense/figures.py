"""An INA219 read as raw counts, without times: what can be said, and that no energy can."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from publication import Figure, Publication, Source, figure
from store import Store

from powermeter import Grade, PowermeterError, Result
from powermeter.comparison.claims import Agreement
from powermeter.importers import convert

REPOSITORY = Source(
    "Santandersecurityresearch/CurrentSense-TinyML", "ee0b04c33f2b7cbfd6a446c4f724591ddd64d363", "MIT"
)
LOGS = "example_data/led-*.log"
_LSB_A = 100e-6
"""Adafruit's library calls setCalibration_32V_2A in begin(); its current register counts 100 µA."""
_GAIN = 0.01
"""A 0.1 ohm shunt of 1 % on the breakout board."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield the currents with the LED on and off, and that an energy is refused."""
    store = stores[REPOSITORY.name]
    means = {}
    for name in store.match(LOGS):
        state = Path(name).stem
        counts = np.array(
            [value for line in store.text(name).splitlines() if line.startswith("[") for value in _row(line)]
        )
        seen = counts[counts > 0]  # zeros are dropouts, as the authors say
        parts = {
            "gain:shunt": _GAIN * float(seen.mean()) * _LSB_A / 3**0.5,
            "noise": float(seen.std(ddof=1)) * _LSB_A / len(seen) ** 0.5,
        }
        means[state] = Result.of(float(seen.mean()) * _LSB_A, "A", parts, Grade.DERIVED)
        try:
            convert(store.copy(name, folder), folder / f"{state}.power")
            yield Figure(
                "energy is refused",
                f"{state}: energy",
                "",
                None,
                Agreement.DIFFERS,
                "an energy was made of counts without times",
            )
        except PowermeterError as error:
            why = str(error).replace(str(folder), "").lstrip("/")
            yield Figure("energy is refused", f"{state}: energy", "", None, None, why)
    on, off = means.get("led-on2"), means.get("led-off2")
    if on and off:
        yield figure(
            "currents",
            "the threshold they name for the LED being on, beside its mean current",
            "15",
            "mA",
            on,
            plus_minus=3,
            why="the threshold lies between off and on",
        )
        yield figure(
            "currents", "difference between on and off, 'a few mA'", "4", "mA", on - off, plus_minus=2
        )
        yield figure(
            "currents",
            "one count, by their text 'roughly 10 uA'",
            "10",
            "uA",
            Result.of(_LSB_A, "A"),
            plus_minus=2,
            why="the library's calibration makes it 100 µA; with 10 µA the LED's current would be 1.7 mA and their own threshold of 15 mA never reached",
        )


def _row(line: str) -> list[int]:
    try:
        found = json.loads(line)
    except ValueError:
        return []
    return [value for value in found if isinstance(value, int) and abs(value) < 32768]


PUBLICATION = Publication(
    "CurrentSense-TinyML: an INA219 as side channel",
    "Santander Security Research, repository and notebook",
    (REPOSITORY,),
    figures,
    (LOGS,),
    (
        "Two statements of the notebook contradict each other by a factor of ten; the data and the library decide.",
    ),
)
