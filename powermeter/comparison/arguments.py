"""What is compared, as it is typed: `a.power`, `run.power:infer`, `'base-*.power'`, a folder, a list."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from powermeter.analysis.above_baseline import BaselineSpec
from powermeter.analysis.item_count import ItemCount
from powermeter.analysis.label_choice import LabelChoice
from powermeter.comparison.runs import AnalysedRun, read
from powermeter.errors import ConfigurationError


def recordings(text: str) -> tuple[list[str], str | None]:
    """Return the paths and the label in `a.power`, `a.power:infer`, `a1.power,a2.power` or `'a-*.power'`.

    Raises:
        ConfigurationError: A pattern matches nothing, or labels differ.
    """
    paths: list[str] = []
    labels: list[str | None] = []
    if Path(text).is_file():
        return [text], None
    for part in _split(text):
        path, label = part, None
        if not Path(part).exists() and ".power:" in part:
            path, _, label = part.partition(".power:")
            path += ".power"
        labels.append(label)
        if Path(path).is_dir():
            found = sorted(str(p) for p in Path(path).glob("*.power"))
        elif any(c in path for c in "*?[") and not Path(path).exists():
            found = sorted(glob.glob(path))  # noqa: PTH207 — the pattern may be absolute
        else:
            found = [path]
        if not found:
            raise ConfigurationError(f"{path}: no recording of that name")
        paths += found
    named = {label for label in labels if label is not None}
    if len(named) > 1:
        raise ConfigurationError(f"{text}: one side has one label, not {' and '.join(sorted(named))}")
    return paths, named.pop() if named else None


def _split(text: str) -> list[str]:
    """Split at commas, but not within brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "[") - (c == "]")
        if c == "," and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip()]


def recordings_of(
    what: Any,
    label: str | None,
    rail: str | None,
    baseline: BaselineSpec,
    by: Sequence[str],
    count: ItemCount | None = None,
) -> tuple[list[AnalysedRun], LabelChoice]:
    """Return the analysed recordings of one side and the label that is meant.

    Args:
        what: Recordings, as typed.
        label, rail, baseline, by: As for `compare`.
        count: How many items each of them stands for; its label is the one that is meant.

    Raises:
        ConfigurationError: There are none, one is there twice, or two labels are named.
        DataError: One cannot be read, or holds no power.
    """
    items: list[Any] = list(what) if isinstance(what, (list, tuple)) else [what]
    opened: list[Any] = []
    for item in items:
        if isinstance(item, str):
            paths, named = recordings(item)
            if named is not None and label not in (None, named):
                raise ConfigurationError(f"{item} names a label and so does label={label!r}")
            label = named or label
            opened += paths
        else:
            opened.append(item)
    if not opened:
        raise ConfigurationError("a side without recordings")
    paths = [str(Path(item).resolve()) for item in opened if isinstance(item, (str, Path))]
    if len(set(paths)) < len(paths):
        raise ConfigurationError(f"{opened[0]}: the same recording twice on one side is not a repeat")
    pick = LabelChoice.of(label or "")
    every = tuple(dict.fromkeys((*by, *(pick.group or {}))))
    if count:
        count = replace(count, label=pick.label)
    runs = [read(item, rail=rail, baseline=baseline, by=every, count=count) for item in opened]
    _refuse_copies(runs)
    return runs, pick


def _refuse_copies(runs: Sequence[AnalysedRun]) -> None:
    """Refuse a copy of a recording as another repeat.

    Raises:
        ConfigurationError: Two began in the same instant and saw the same energy.
    """
    seen: dict[tuple[float, float], str] = {}
    for run in runs:
        if run.started_s is None:
            continue
        first = seen.setdefault((run.started_s, run.analysis.energy.value), run.name)
        if first != run.name:
            raise ConfigurationError(
                f"{run.name} is a copy of {first}: the same recording twice is not a repeat"
            )
