"""Energy of content from language models on the device or fetched: the table of means, with intervals of the repeats."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from publication import Figure, Publication, Source, figure
from store import Store

from powermeter import Grade, Result

REPOSITORY = Source(
    "S2-group/cain-2025-device-remote-llm-energy-rep-pkg", "e2457e3f0c0bf37f6f4b41379227420334389d22", "MIT"
)
TABLE = "data-analysis/run_table.csv"
MEANS = {
    ("on_device", "100"): ("52.82", "15.07"),
    ("on_device", "500"): ("349.34", "35.99"),
    ("on_device", "1000"): ("431.97", "43.35"),
    ("remote", "100"): ("15.18", "8.90"),
    ("remote", "500"): ("41.01", "13.17"),
    ("remote", "1000"): ("48.56", "14.38"),
}
"""Mean energy in J and mean time in s, by method and length, from the output of analysis-visualization.ipynb."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield the means of each method and length, and by how much the device uses more."""
    rows = list(csv.DictReader(io.StringIO(stores[REPOSITORY.name].text(TABLE))))
    for (method, length), printed in MEANS.items():
        chosen = [row for row in rows if row["method"] == method and row["length"] == length]
        what = f"{method.replace('_', ' ')}, {length} words"
        kept = _without_outliers(chosen)
        for column, unit, number in (
            ("energy_usage_J", "J", printed[0]),
            ("execution_time", "s", printed[1]),
        ):
            quantity = "energy" if unit == "J" else "time"
            yield figure(
                f"mean {quantity}, their outliers left out",
                f"{what}, {len(kept)} of {len(chosen)} runs: {quantity}",
                number,
                unit,
                _mean(kept, column, unit),
            )
            yield figure(
                f"mean {quantity}, all runs",
                f"{what}, {len(chosen)} runs: {quantity}",
                number,
                unit,
                _mean(chosen, column, unit),
                why=_WHY if len(chosen) - len(kept) > 0.05 * len(chosen) else "",
            )


def _mean(rows: list[dict[str, str]], column: str, unit: str) -> Result:
    values = np.array([float(row[column]) for row in rows])
    parts = {"repeats": float(values.std(ddof=1)) / len(values) ** 0.5}
    return Result.of(float(values.mean()), unit, parts, Grade.ESTIMATED)


def _without_outliers(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the rows within 1.5 interquartile ranges, metric after metric, as the notebook does."""
    for column in _METRICS:
        values = np.array([float(row[column]) for row in rows])
        low, high = np.quantile(values, (0.25, 0.75))
        reach = 1.5 * (high - low)
        rows = [row for row, value in zip(rows, values, strict=True) if low - reach <= value <= high + reach]
    return rows


_METRICS = ("energy_usage_J", "execution_time", "cpu_usage", "gpu_usage", "memory_usage")
_WHY = "the table leaves out what lies beyond 1.5 interquartile ranges, metric after metric; whoever pays for the energy pays for those runs too"

PUBLICATION = Publication(
    "On-device or remote language models (CAIN 2025)",
    "Nguyen et al., CAIN 2025, doi 10.5281/zenodo.14670949",
    (REPOSITORY,),
    figures,
    (TABLE,),
    (
        "The energies were computed by the experiment's profiler, so they are estimates; only the spread of repeats is known of them.",
    ),
)
