"""MLPerf Tiny, closed and open: energy of every window and the median per inference, v0.7 to v1.3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from publication import Figure, Publication, Source, figure
from store import Store

from powermeter import PowermeterError, Recording, Result, analyse
from powermeter.analysis.published import published
from powermeter.comparison.claims import Agreement
from powermeter.importers import convert

SOURCES = tuple(
    Source(f"mlcommons/tiny_results_{version}", commit, "Apache-2.0")
    for version, commit in {
        "v0.7": "64623f41b6721bdff6d0133a524c63a003123b3b",
        "v1.0": "c7761cf84076d601c4a0ed2ecc51e77d40696ed2",
        "v1.1": "c32ef94d19429ef1d318e9c7a60002a4bd70e11b",
        "v1.2": "cadb362343f559d459e7cdb8748685ba76b9eb23",
        "v1.3": "cd605ea0981306693c9e19765a15801c776988dc",
    }.items()
)
BESIDE = ("*/results.txt", "*/log.txt", "*/script.async")
"""What lies beside a run's files; some versions print their windows there."""
FILES = ("*-energy.bin", "*-timestamps.json", "*/energy/results.txt", "*/energy/results.json")


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield each run's windows, by the publisher's rule, and the median per inference."""
    for repository, store in stores.items():
        runs = {str(PurePosixPath(name).parent) for pattern in FILES[::3] for name in store.match(pattern)}
        runs |= {str(PurePosixPath(name).parent) for name in store.match(FILES[0])}
        for number, run in enumerate(sorted(runs)):
            here = folder / f"{repository.replace('.', '_')}-{number}"
            try:
                for name in store.names:
                    if str(PurePosixPath(name).parent) == run:
                        store.copy(name, here)
                convert(here, here.with_suffix(".power"))
                with Recording.open(here.with_suffix(".power")) as recording:
                    found, ours_too = published(recording), analyse(recording)
            except (PowermeterError, FileNotFoundError) as error:
                reason = (
                    f"{PurePosixPath(str(error).partition(' at ')[0]).name}: the snapshot that was to be had lists it without its content"
                    if isinstance(error, FileNotFoundError)
                    else str(error).replace(str(here), run)
                )
                yield Figure("runs that cannot be read", run, "", None, Agreement.NO_NUMBER, reason)
                continue
            if found is None:
                continue
            for window, one in enumerate(found.values, 1):
                if one.printed_j is not None:
                    printed = f"{one.printed_j * 1e6:.9g}"
                    ours = Result.of(one.energy_j, "J", {"edges:rule": _EDGE_J})
                    yield figure(
                        f"windows of {repository}, by their rule",
                        f"{run}: window {window}",
                        printed,
                        "uJ",
                        ours,
                    )
            if found.median_j is not None and found.printed_median_j is not None:
                printed = f"{found.printed_median_j * 1e6:.9g}"
                ours = Result.of(found.median_j, "J", {"edges:rule": 0.0005e-6 / 1.96})
                yield figure(
                    f"medians of {repository}, by their rule", f"{run}: per inference", printed, "uJ", ours
                )
                rows = [row for row in ours_too.rows if row.energy_median is not None and row.items]
                best = min(rows, key=lambda row: abs(row.energy_median.value - ours.value), default=None)
                interval = best.energy_median if best else None
                yield figure(
                    f"medians of {repository}, ours", f"{run}: per inference", printed, "uJ", interval
                )


_EDGE_J = 0.005e-6 / 1.96
"""The publishers print windows to 0.01 µJ."""

PUBLICATION = Publication(
    "MLPerf Tiny: energy of every window, v0.7 to v1.3",
    "MLCommons, benchmark results of 2022 to 2025",
    SOURCES,
    figures,
    (*FILES, *BESIDE),
)
