"""RAPL and NVML logs of WattAMeter: the means its own notebook prints, on a grid, against counters and integrals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from publication import Figure, Publication, Source, figure
from store import Store

from powermeter import analyse
from powermeter.importers import convert

REPOSITORY = Source("NatLabRockies/WattAMeter", "1060d909fc63244d274718ec8347cb95c300bcbe", "BSD-3-Clause")
LOGS = "examples/post-process/*_wattameter.log"
MEANS = {"rapl": ("218.22752952369177", "CPUs"), "nvml": ("926.0431117578773", "GPUs")}
"""From the output cell of examples/post-process/__marimo__/view_data.ipynb, in W."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield the mean power of processors, of cards, and of both."""
    store = stores[REPOSITORY.name]
    means = {}
    for name in store.match(LOGS):
        kind = Path(name).name.partition("_")[0]
        log = store.copy(name, folder)
        convert(log, log.with_suffix(".power"))
        means[kind] = analyse(log.with_suffix(".power")).power
        printed, what = MEANS[kind]
        yield figure(
            "mean power", f"all {what}: mean power", printed, "W", means[kind], why=_WHY.get(kind, "")
        )
    if len(means) == 2:
        both = means["rapl"] + means["nvml"]
        yield figure(
            "mean power", "CPUs and GPUs: mean power", "1144.2706412815694", "W", both, why=_WHY["nvml"]
        )


_WHY = {
    "nvml": "theirs is the mean of values interpolated on a common grid between the first and last common row; "
    "ours the mean over time between the first and last reading"
}

PUBLICATION = Publication(
    "WattAMeter: RAPL and NVML logs of one job",
    "NatLabRockies/WattAMeter, example notebook",
    (REPOSITORY,),
    figures,
    (LOGS,),
)
