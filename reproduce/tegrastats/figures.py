"""Jetson boards: the running mean that NVIDIA's own tool prints, from the instantaneous values beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from publication import Figure, Publication, Source, figure
from store import Store

from powermeter import PowermeterError, Recording, Result, analyse
from powermeter.comparison.claims import Agreement
from powermeter.importers import convert

REPOSITORY = Source("justincdavis/jetsontools", "60ff136b1433", "MIT")
LOGS = "*all.tegrastats"
_RAIL = re.compile(r"([A-Z]\w+) (\d+)(?:mW)?/(\d+)(?:mW)?")


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield the last printed mean of each rail beside the mean of what was read."""
    store = stores[REPOSITORY.name]
    for number, name in enumerate(store.match(LOGS)):
        log = store.copy(name, folder / str(number))
        board = Path(name).parent.name if Path(name).name == "all.tegrastats" else Path(name).stem
        try:
            convert(log, folder / f"{number}.power", format="tegrastats")
        except PowermeterError as error:
            yield Figure(
                "not read", board, "", None, Agreement.NO_NUMBER, str(error).replace(str(folder), "")
            )
            continue
        last: dict[str, int] = {}
        for rail, _, mean in _RAIL.findall(store.text(name).strip().splitlines()[-1]):
            last.setdefault(rail, int(mean))
        with Recording.open(folder / f"{number}.power") as recording:
            source = recording.sources[0]
            samples = recording.samples(source.id)
            for channel in source.channels:
                rail = channel.name.partition(".")[0].upper()
                if rail not in last or channel.name not in samples.codes:
                    continue
                watts = float((samples.codes[channel.name] * channel.scale).mean())
                # The tool truncates its mean to whole mW.
                ours = Result(watts, "W", watts - 1e-3, watts)
                yield figure("running mean of each rail", f"{board}: {rail}", str(last[rail]), "mW", ours)
        try:
            whole = analyse(folder / f"{number}.power")
        except PowermeterError:
            continue
        rail = whole.line.rail.name.upper()
        if rail in last:
            yield figure(
                "with our interval",
                f"{board}: {rail}, mean power over time",
                str(last[rail]),
                "mW",
                whole.power,
            )


PUBLICATION = Publication(
    "tegrastats on five Jetson boards: NVIDIA's own running mean",
    "justincdavis/jetsontools, recorded logs",
    (REPOSITORY,),
    figures,
    (LOGS,),
)
