"""Kernel energies of PowerSensor3 against mean power × kernel time, on an RTX 4000 Ada and a Jetson AGX Orin."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from publication import Figure, Publication, Source, figure, unpublished
from store import Store

from powermeter import Grade, Result

REPOSITORY = Source(
    "nlesc-recruit/powersensor3-results", "8a7568e96a7b0a4d5cfcbdb7206b093b37e36c2d", "Apache-2.0"
)
CACHES = "GPU-tuning/*_gemm_opt_*.json"
_SIZE = 4096
_FLOP = 8 * _SIZE**3
"""Of one complex matrix product: 4 multiplications and 4 additions for each of n³ terms."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield for each device the best configuration's published efficiency, and energy against P × t over all."""
    store = stores[REPOSITORY.name]
    for name in store.match(CACHES):
        device = Path(name).name.partition("_")[0]
        try:
            runs = [
                run for run in _cache(store.text(name)).values() if isinstance(run.get("ps_energy"), float)
            ]
        except FileNotFoundError:
            continue
        energy = np.array([run["ps_energy"] for run in runs])
        product = np.array([run["ps_power"] * run["time"] / 1e3 for run in runs])
        ratio = energy / product
        best = max(runs, key=lambda run: run["TFLOPS/J"])
        spread = float(np.std(best["times"], ddof=1)) / np.sqrt(len(best["times"])) / best["time"]
        computed = Result.of(
            _FLOP / 1e12 / (best["ps_power"] * best["time"] / 1e3),
            "1",
            {"repeats": spread * best["TFLOPS/J"], "gain:powersensor3": 0.005 * best["TFLOPS/J"]},
        )
        yield figure(
            "efficiency of the best kernel",
            f"{device}: TFLOP/J of the best of {len(runs)}",
            repr(best["TFLOPS/J"]),
            "",
            computed,
            why=_WHY,
        )
        low, middle, high = (float(q) for q in np.quantile(ratio, (0.025, 0.5, 0.975)))
        yield unpublished(
            "energy over mean power × time",
            f"{device}: median over {len(runs)} kernels, 95 % of them between",
            Result(middle, "1", low, high, Grade.DERIVED),
            "1 where the energy was integrated over the kernel itself; apart from 1 where the sensor's window holds more than it",
        )


_WHY = (
    "their energy is integrated over a window that is 1 % (median) longer than the kernel's own time, so mean power × time "
    "is less; with their energy the quotient is theirs to the last digit"
)


def _cache(text: str) -> dict[str, dict[str, object]]:
    """Return the runs of a cache, whose writer leaves the last brackets open while it tunes."""
    try:
        found = json.loads(text)
    except ValueError:
        found = json.loads(text.rstrip().rstrip(",") + "}}")
    runs: dict[str, dict[str, object]] = found["cache"]
    return runs


PUBLICATION = Publication(
    "PowerSensor3: kernel energies",
    "van der Vlugt et al., ISPASS 2025, arXiv 2504.17883",
    (REPOSITORY,),
    figures,
    (CACHES,),
    ("Its fast traces (pmt-powersensor3.log) are stored as large files and were not to be had.",),
)
