"""CodeCarbon beside a wall meter of 0.001 kWh: 318 runs, their intervals, and what the ratio is made of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PureWindowsPath

import numpy as np
from publication import Figure, Publication, Source, figure, unpublished
from store import Store

from powermeter import Grade, Result, analyse
from powermeter.importers import convert

REPOSITORY = Source(
    "raphischer/ai-energy-validation",
    "d71d339c82177296bb7e0d3f04cecb26071d0031",
    "no licence; nothing is copied",
)
TABLES = "results/*_image_analysis.csv"
RATIOS = {"all": "0.781", "vision on CPU": "0.674", "vision on GPU": "0.732", "language": "0.802"}
"""Estimate over wall, as summed over the runs of a group."""


@dataclass(frozen=True)
class Run:
    """One run: the wall meter's energy with our interval, and what the estimate says."""

    group: str
    wall: Result
    estimate_j: float
    seconds: float


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield each group's ratio with its interval, its parts, and how well single runs are known."""
    store = stores[REPOSITORY.name]
    runs = [run for name in store.match(TABLES) for run in _runs(store, name, folder)]
    yield figure("runs", "runs with two readings of the display", "318", "", Result.of(len(runs), "1"))
    for title, printed in RATIOS.items():
        members = [run for run in runs if title in ("all", run.group)]
        wall = sum((run.wall for run in members[1:]), members[0].wall)
        estimate = Result.of(sum(run.estimate_j for run in members), "J", grade=Grade.ESTIMATED)
        yield figure("estimate over wall", f"{title}, {len(members)} runs", printed, "", estimate / wall)
        yield from _parts(title, members)
    widths = np.array([run.wall.half_width / run.wall.value for run in runs if run.wall.value > 0])
    least, middle, most = (float(value) for value in np.quantile(widths, (0.0, 0.5, 1.0)))
    for word, value in (("best", least), ("median", middle), ("worst", most)):
        yield unpublished(
            "one run", f"{word} relative half-width of one run's wall energy", Result.of(value, "1")
        )
    apart = [run for run in runs if not run.wall.low <= run.estimate_j <= run.wall.high]
    yield unpublished(
        "one run",
        "runs whose estimate lies outside the wall reading's interval",
        Result.of(len(apart), "1"),
        f"of {len(runs)}; the others cannot be distinguished by this display",
    )


def _runs(store: Store, name: str, folder: Path) -> Iterator[Run]:
    readings = list(csv.DictReader(io.StringIO(store.text(name))))
    rows = list(csv.DictReader(io.StringIO(store.text(name.replace("_image_analysis.csv", ".csv")))))
    logged = {row["run_id"]: row for row in rows}
    for start, stop in zip(readings[::2], readings[1::2], strict=True):
        file = start[""] if "" in start else next(iter(start.values()))
        run_id = PureWindowsPath(file).name.partition("_")[0]
        row = logged.get(run_id)
        if row is None or not row["metrics.power_draw_total"]:
            continue
        begin = datetime.fromisoformat(row["start_time"])
        seconds = float(row["metrics.running_time_total"])
        text = folder / f"{run_id}.txt"
        text.write_text(_reading(begin, 0.0, start["value"]) + _reading(begin, seconds, stop["value"]))
        convert(text, text.with_suffix(".power"))
        wall = analyse(text.with_suffix(".power")).energy
        # One meter: its gain is common.  Each pair of readings has its own last digits.
        parts = {
            key if key.startswith("gain") else f"{key}#{run_id}": part for key, part in wall.parts.items()
        }
        where = row["params.architecture"]
        task = "language" if "ollama" in name else "vision on GPU" if "NVIDIA" in where else "vision on CPU"
        yield Run(task, replace(wall, parts=parts), float(row["metrics.power_draw_total"]), seconds)


def _reading(begin: datetime, after_s: float, kwh: str) -> str:
    moment = datetime.fromtimestamp(begin.timestamp() + after_s, tz=begin.tzinfo)
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} {float(kwh):.3f} kWh\n"


def _parts(title: str, runs: list[Run]) -> Iterator[Figure]:
    """Yield wall = outside + slope × estimate: what the tool never sees, and how it errs in what it sees."""
    seconds = np.array([run.seconds for run in runs])
    wall = np.array([run.wall.value for run in runs]) / seconds
    estimate = np.array([run.estimate_j for run in runs]) / seconds
    if len(runs) < 8 or np.ptp(estimate) < 0.2 * estimate.mean():
        return
    weights = 1 / np.array([run.wall.standard_uncertainty for run in runs]) * seconds
    design = np.stack([np.ones_like(estimate), estimate], axis=1)
    solved, *_ = np.linalg.lstsq(design * weights[:, None], wall * weights, rcond=None)
    residual = (wall - design @ solved) * weights
    scatter = float(residual @ residual) / (len(runs) - 2)
    covariance = np.linalg.inv((design * weights[:, None]).T @ (design * weights[:, None])) * max(
        scatter, 1.0
    )
    outside = Result.of(float(solved[0]), "W", {"fit": float(np.sqrt(covariance[0, 0]))}, Grade.ESTIMATED)
    slope = Result.of(float(solved[1]), "1", {"fit": float(np.sqrt(covariance[1, 1]))}, Grade.ESTIMATED)
    yield unpublished(
        "what the ratio is made of",
        f"{title}: power at the wall when the estimate is 0 (fans, board, drives, supply: out of its scope)",
        outside,
    )
    yield unpublished(
        "what the ratio is made of",
        f"{title}: watts at the wall for each watt estimated (1 is right; the supply's loss belongs to it)",
        slope,
    )


PUBLICATION = Publication(
    "CodeCarbon against a wall meter",
    "Fischer, Ground-truthing AI energy consumption, arXiv 2509.22092 (2025)",
    (REPOSITORY,),
    figures,
    ("results/*.csv",),
    (
        "The ratios were computed from these data before this project read them; they are not printed in the paper.",
        "The wall meter is assumed to be good to ±1 % where its maker is not named, common to all runs.",
    ),
)
