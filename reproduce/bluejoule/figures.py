"""Bluetooth beacons by Joulescope: the event's energy, and the arithmetic from it to a day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from publication import Figure, Publication, Source, figure, unpublished
from store import Store

from powermeter import Result, analyse
from powermeter.comparison.claims import half_digit
from powermeter.importers import convert

REPOSITORY = Source("em-foundation/BlueJoule", "e30d112eba738fe02ebdfbcdd1f4bf66d8cad227", "MIT")
PAGES = "captures/*/ABOUT.md"
EVENTS = "*event-?.jls"
_CELL = r"\s*([\d.]+)\s*(nA|µA|mA|A|nW|µW|mW|W|nJ|µJ|mJ|J|V)\s*"
_SLEEP = re.compile(rf"\|{_CELL}\|{_CELL}\|{_CELL}\|{_CELL}")
_PERIOD = re.compile(rf"(\d+)&thinsp;s event period.*?\n\|[:\-|]+\n\|{_CELL}\|{_CELL}\|{_CELL}\|", re.DOTALL)
_FACTOR = {"n": 1e-9, "µ": 1e-6, "m": 1e-3}


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield the sums of each page that its own event and sleep do not make, and one event from its samples."""
    store = stores[REPOSITORY.name]
    for name in store.match(PAGES):
        page = store.text(name)
        sleep = _SLEEP.search(page)
        if sleep is None:
            continue
        volts, current = _si(sleep.group(1), sleep.group(2)), _si(sleep.group(3), sleep.group(4))
        capture = str(PurePosixPath(name).parent).removeprefix("captures/")
        doubt = {"rounding:sleep": volts * _half(sleep.group(3), sleep.group(4)) / 3**0.5}
        asleep = Result.of(volts * current, "W", doubt)
        yield figure(
            "sleep power = voltage × current",
            f"{capture}: asleep",
            sleep.group(7),
            sleep.group(8).replace("µ", "u"),
            asleep,
        )
        for period in _PERIOD.finditer(page):
            seconds = int(period.group(1))
            event = _si(period.group(2), period.group(3))
            rounding = _half(period.group(2), period.group(3)) / 3**0.5
            ours = Result.of(event, "J", {"rounding:event": rounding}) + asleep.scaled(seconds, "J")
            yield figure(
                "energy per period = event + sleep × period",
                f"{capture}: every {seconds} s",
                period.group(4),
                period.group(5).replace("µ", "u"),
                ours,
            )
            day = ours.scaled(86400 / seconds)
            yield figure(
                "energy per day",
                f"{capture}: every {seconds} s, a day",
                period.group(6),
                period.group(7).replace("µ", "u"),
                day,
            )
    for name in store.match(EVENTS):
        file = store.copy(name, folder)
        convert(file, folder / "event.power")
        found = analyse(folder / "event.power")
        yield unpublished(
            "one event from its samples",
            f"{PurePosixPath(name).name}: energy of this event; the mean of ten is published as 19.0 µJ",
            found.energy,
            "how much the ten differ is not published, so that one cannot be held against their mean",
        )


def _si(number: str, unit: str) -> float:
    return float(number) * _FACTOR.get(unit[0] if len(unit) > 1 else "", 1.0)


def _half(number: str, unit: str) -> float:
    return half_digit(number) * _FACTOR.get(unit[0] if len(unit) > 1 else "", 1.0)


PUBLICATION = Publication(
    "BlueJoule: Bluetooth beacons by Joulescope",
    "The EM Foundation, repository BlueJoule",
    (REPOSITORY,),
    figures,
    (PAGES, EVENTS),
    (
        "The captures themselves are stored as large files; one event (event-B.jls of commit a49f26183ad3) was to be had.",
    ),
)
