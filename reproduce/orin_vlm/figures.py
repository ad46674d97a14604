"""Energy of a generated token of a 2B vision-language model on a Jetson Orin Nano, from tegrastats at 100 ms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from publication import Figure, Publication, Source, figure, unpublished
from store import Store

from powermeter import Grade, Quantity, Recording, Result, analyse
from powermeter.importers import convert

REPOSITORY = Source(
    "hokwangchoi/jetson-orin-nano-benchmarks", "91f5b77a78c073b00e00c6b264d7dcbc3e7eea60", "MIT"
)
LOG = "vlm-benchmarks/assets/results/tegrastats/trt_20260419_013102.raw"
_GPU = re.compile(r"GR3D_FREQ (\d+)%")
_TOKEN_S = 16e-3
"""Time per output token that the page states."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield power in inference and idle, their difference, and joules per token."""
    store = stores[REPOSITORY.name]
    log = store.copy(LOG, folder)
    convert(log, folder / "trt.power", format="tegrastats")
    whole = analyse(folder / "trt.power", rail="VDD_IN")
    with Recording.open(folder / "trt.power") as recording:
        source = recording.sources[0]
        samples = recording.samples(source.id)
        power = next(
            channel
            for channel in source.channels
            if channel.quantity is Quantity.POWER and "vdd_in" in channel.name.lower()
        )
        watts = samples.codes[power.name] * power.scale
    load = np.array(
        [float(found.group(1)) for line in store.text(LOG).splitlines() if (found := _GPU.search(line))]
    )
    gain = whole.power.standard_uncertainty / whole.power.value
    run, rest = watts[load >= 90], watts[load <= 5]
    phases = {}
    for title, values in (("inference (GPU at 90 % and more)", run), ("idle (GPU at most 5 %)", rest)):
        mean = float(values.mean())
        blocks = np.array([part.mean() for part in np.array_split(values, 8)])
        noise = float(blocks.std(ddof=1)) / len(blocks) ** 0.5
        phases[title[:4]] = Result.of(
            mean, "W", {"gain:vdd_in": gain * mean, "repeats": noise}, Grade.MEASURED
        )
    yield figure("power", "while it generates", "21", "W", phases["infe"], plus_minus=1)
    yield figure("power", "idle", "7", "W", phases["idle"], plus_minus=1)
    net = phases["infe"] - phases["idle"]
    yield figure(
        "energy per token",
        "net power × 16 ms per token",
        "0.23",
        "J",
        net.scaled(_TOKEN_S, "J"),
        plus_minus=0.01,
    )
    yield unpublished(
        "energy of the log",
        "whole log, by the clock of its lines",
        whole.energy,
        "the authors' own table assumes 100 ms a line and ends at 66 s; the lines' clock shows 72 s",
    )


PUBLICATION = Publication(
    "A vision-language model on a Jetson Orin Nano: joules per token",
    "hokwangchoi/jetson-orin-nano-benchmarks, the page's profiling section",
    (REPOSITORY,),
    figures,
    (LOG,),
)
