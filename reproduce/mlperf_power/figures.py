"""MLPerf Power: every official result whose log is to be had, by the publisher's rule and with our interval."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from publication import Figure, Publication, Source, figure
from store import Store

from powermeter import PowermeterError, Recording, Result, analyse
from powermeter.analysis.published import published
from powermeter.comparison.claims import Agreement
from powermeter.importers import convert

RESULTS = Source("mlcommons/cm4mlperf-results", "84d8b84c6d6e3d646e27d511e438fd12d144ade9", "Apache-2.0")
LOGS = tuple(
    Source(f"mlcommons/inference_results_{version}", commit, "Apache-2.0")
    for version, commit in {
        "v1.0": "f7759baf",
        "v1.1": "7fc43356",
        "v2.0": "425a0d30c",
        "v2.1": "91f7859b8",
        "v3.0": "1948f9b5b",
        "v4.1": "198fc467",
    }.items()
)
TABLE = "experiment/*/cm-result.json"
FILES = ("mlperf_log_detail.txt", "mlperf_log_summary.txt", "spl.txt")
EVERY = int(os.environ.get("POWERMETER_REPRODUCE_EVERY", "1"))
"""Only every n-th result, for a quick look."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield each published power or energy per query whose log is in one of the repositories."""
    for number, row in enumerate(_rows(stores[RESULTS.name])):
        store = stores.get(str(row["git_url"]).rpartition("/")[2])
        if store is None or number % EVERY:
            continue
        run = f"{row['Location']}/performance/run_1"
        if f"{run}/spl.txt" not in _names(store):
            continue
        here = folder / f"run{number}"
        what = f"{row['version']} {run.removesuffix('/performance/run_1')}"
        try:
            for file in FILES:
                store.copy(f"{run}/{file}", here)
            convert(here, folder / f"run{number}.power")
            with Recording.open(folder / f"run{number}.power") as recording:
                theirs, ours = published(recording), analyse(recording)
        except (PowermeterError, FileNotFoundError) as error:
            why = str(error).replace(str(folder), "")
            yield Figure(
                f"{row['version']}: not read", what, f"{row['Result_Power']}", None, Agreement.NO_NUMBER, why
            )
            continue
        finally:
            for file in here.glob("*"):
                file.unlink()
        if theirs is None or not theirs.values:
            continue
        yield from _judged(row, what, theirs.values[0], ours.power.relative or 0.0)
        (folder / f"run{number}.power").unlink()


def _judged(row: Mapping[str, object], what: str, one: object, relative: float) -> Iterator[Figure]:
    value = float(str(row["Result_Power"]))
    watts = str(row["Result_Power_Units"]).lower() == "watts"
    mean_w, per_item = one.mean_w, one.per_item_j  # type: ignore[attr-defined]
    ours = mean_w if watts else per_item
    if ours is None:
        yield Figure(
            f"{row['version']}: not read", what, str(value), None, Agreement.NO_NUMBER, "no number of queries"
        )
        return
    streams = 8 if row.get("inferred") and row.get("Scenario") == "MultiStream" else 1
    exact = Result.of(
        ours * streams, "W" if watts else "J", {"gain:analyser": relative * ours * streams / 1.96}
    )
    unit = "W" if watts else "mJ"
    found = figure(f"{row['version']}, by their rule", what, repr(value), unit, exact)
    yield found
    if found.apart is not None and abs(found.apart) > 1e-9:
        yield Figure(
            f"{row['version']}: not to the last digit",
            what,
            f"{value} {unit}",
            exact,
            Agreement.DIFFERS,
            f"{found.apart:.2e} apart",
            found.apart,
        )


def _rows(store: Store) -> Iterator[dict[str, object]]:
    seen: set[tuple[str, str]] = set()
    for name in store.match(TABLE):
        try:
            rows = json.loads(store.text(name))
        except FileNotFoundError:  # a table over all versions, whose rows stand in the versions' own too
            continue
        for row in rows:
            key = (str(row.get("git_url")), str(row.get("Location")))
            if row.get("Result_Power") is None or key in seen:
                continue
            seen.add(key)
            yield row


_LISTED: dict[int, frozenset[str]] = {}


def _names(store: Store) -> frozenset[str]:
    return _LISTED.setdefault(id(store), frozenset(store.names))


PUBLICATION = Publication(
    "MLPerf Power: official results, v1.0 to v4.1",
    "MLCommons, published table of results",
    (RESULTS, *LOGS),
    figures,
    (
        TABLE,
        "*/performance/run_1/spl.txt",
        "*/performance/run_1/mlperf_log_detail.txt",
        "*/performance/run_1/mlperf_log_summary.txt",
    ),
    (
        "Results of v3.1 and v4.0 are too large to have been brought here whole; repositories of v5.x and v6.x that could be had hold no power logs.",
        "Multi-stream results that MLCommons infers from a single stream are eight times its energy per query.",
    ),
)
