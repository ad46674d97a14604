"""Federated rounds on a Jetson and a Raspberry Pi 5: what the authors' own monitor counted, and energies it did not print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

from publication import Figure, Publication, Source, figure, unpublished
from store import Store

from powermeter import PowermeterError, Recording, Result, analyse
from powermeter.importers import Choices, convert

REPOSITORY = Source("sco-edge/E2FL", "4c2bbc461f8db90a7326de086740d8152bf1015d", "MIT")
LOGS = "eval/*/power_*.csv"
NOTES = "eval/*/fl_info_*.txt"
_COUNTED = re.compile(r"Measured power consumption: Duration=([\d.]+)s, Data size=(\d+) samples")
_STARTED = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)\] Starting power monitoring")


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield each log's samples and duration, and the energy of the fits."""
    store = stores[REPOSITORY.name]
    counted = dict(_counted(store))
    for name in store.match(LOGS):
        base, device = PurePosixPath(name).stem, PurePosixPath(name).name.split("_")[1]
        lines = store.text(name).splitlines()
        key = (
            str(PurePosixPath(name).parent),
            device,
            lines[1].partition(",")[0][:19] if len(lines) > 1 else "",
        )
        log = store.copy(name, folder)
        # The header states mW on both boards; the Raspberry Pi's values are W (its monitor sums U × I in V and A).
        choices = Choices(unit="W") if device == "RPi5" else Choices()
        try:
            convert(log, log.with_suffix(".power"), choices=choices)
            with Recording.open(log.with_suffix(".power")) as recording:
                samples, found = recording.samples(recording.sources[0].id).times_ns.size, analyse(recording)
        except PowermeterError as error:
            why = str(error).replace(str(folder), "").lstrip("/")
            yield Figure("logs that hold nothing", base, "", None, None, why)
            continue
        if key in counted:
            seconds, number = counted[key]
            yield figure(
                "samples their monitor counted", f"{base}: samples", number, "", Result.of(samples, "1")
            )
            # Their clock runs from the start of the monitor to its end, ours between the first and last reading.
            edge = 2 * found.integral.trace.interval_ns / 1e9
            yield figure(
                "time their monitor was on",
                f"{base}: duration",
                seconds,
                "s",
                found.duration,
                plus_minus=edge,
            )
        yield unpublished("energy, which the authors plot and do not print", f"{base}: energy", found.energy)


def _counted(store: Store) -> Iterator[tuple[tuple[str, str, str], tuple[str, str]]]:
    """Yield (folder, device, second it started) → (duration, samples) of each note that has both."""
    for name in store.match(NOTES):
        text = store.text(name)
        started, measured = _STARTED.search(text), _COUNTED.search(text)
        if started and measured:
            device = PurePosixPath(name).stem.split("_")[4]
            moment = datetime.fromisoformat(started.group(1))
            yield (str(PurePosixPath(name).parent), device, f"{moment:%Y-%m-%d %H:%M:%S}"), measured.groups()  # type: ignore[misc]


PUBLICATION = Publication(
    "E2FL: federated rounds on a Jetson and a Raspberry Pi 5",
    "Repository of the E2FL authors; their monitors' own log lines",
    (REPOSITORY,),
    figures,
    (LOGS, NOTES),
    (
        "The Raspberry Pi's header states mW; its values are W. Read as mW, a round would use 0.12 J instead of 117 J.",
        "The monitors' own lines are counts and durations; the energies of the rounds are ours.",
    ),
)
