"""Joules per inference of neural operators on a GH200, from nvidia-smi logs of 200 ms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from publication import Figure, Publication, Source, figure
from store import Store

from powermeter import analyse
from powermeter.comparison.claims import Agreement
from powermeter.importers import Choices, convert

REPOSITORY = Source(
    "joshua41057/neural-operator-jetson-benchmark", "da9eeb2a1e14f02057c94365f504bb5a7a952a3a", "MIT"
)
LOGS = "gh200/results/*/*_rep?_*.log"
HEADER = "timestamp, power.draw [W], memory.used [MiB], temperature.gpu, utilization.gpu [%]\n"
"""The query that the harness made; its logs lack the header."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield mean power and joules per inference of each run whose log is there."""
    store = stores[REPOSITORY.name]
    for name in store.match(LOGS):
        run = name.replace("_nvsmi.log", "").replace("_tegrastats_raw.log", "")
        if f"{run}.json" not in store.names:
            continue
        published = json.loads(store.text(f"{run}.json"))
        log = folder / (Path(run).name + ".csv")
        log.write_text(HEADER + store.text(name))
        convert(log, log.with_suffix(".power"), choices=Choices())
        found = analyse(log.with_suffix(".power"))
        count = published.get("measure_iters") or published.get("num_inferences")
        seconds = published.get("measure_seconds_actual") or published.get("duration_sec_actual")
        if not count or not seconds or "energy_per_inference_j" not in published:
            continue
        case = Path(run).name
        yield figure("mean power", f"{case}: mean power", repr(published["avg_power_w"]), "W", found.power)
        per_item = found.power.scaled(seconds / count, "J")
        one = figure(
            "joules per inference",
            f"{case}: energy per inference",
            repr(published["energy_per_inference_j"]),
            "J",
            per_item,
        )
        yield one
        assert one.agreement is not Agreement.NO_NUMBER


PUBLICATION = Publication(
    "Neural operators on Jetson and GH200: joules per inference",
    "Deploying PDE neural operators as trained; figures of the repository's own JSON records",
    (REPOSITORY,),
    figures,
    (LOGS, "gh200/results/*/*_rep?.json"),
)
