"""Recordings taken into a data set, and the rows of its tables."""

from __future__ import annotations

from pathlib import Path


def take(origin: Path | str, dataset: Path, readings: str = "none"):  # type: ignore[no-untyped-def]
    from powermeter.fleet.collect import collect
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.origins import origin_of

    return collect(origin_of(str(origin)), Dataset(dataset), readings)


def rows(dataset: Path, table: str) -> list[dict[str, object]]:
    from pyarrow import parquet

    found: list[dict[str, object]] = []
    for path in sorted((dataset / table).glob("device=*/day=*/*.parquet")):
        found += parquet.read_table(path, partitioning=None).to_pylist()
    return found
