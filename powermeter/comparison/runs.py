"""One recording of a comparison: its analysis, the instrument behind it, and which of its labels is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter.analysis import throttling
from powermeter.analysis.above_baseline import BaselineSpec
from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.item_count import ItemCount
from powermeter.analysis.labels import LabelRow
from powermeter.comparison.same_instrument import instrument, short_name
from powermeter.errors import ConfigurationError
from powermeter.recording import Recording

_FILTER = re.compile(r"(?P<label>[^\[\]]*)\[(?P<inside>[^\[\]]+)\]\Z")


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedRun:
    """One recording, analysed.

    Attributes:
        name: For people.
        analysis: What it states.
        instrument: Names what measured it; equal names are one instrument.
        recording: Names the recording: within it, offsets of clocks and baselines are common too.
        started_s: UTC of its first sample in s, or None where no wall clock is known.
        throttled: Whether the board reported that it held itself back.
        program: The script or program that ran, without its folder; empty where that is not known.
    """

    name: str
    analysis: Analysis
    instrument: str
    recording: str
    started_s: float | None = None
    throttled: bool = False
    program: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """A label, and the attributes its events must have; no label is every label."""

    label: str | None = None
    group: Mapping[str, str] | None = None

    @classmethod
    def of(cls, text: str) -> Pick:
        """Read `infer` or `infer[model=small,batch=8]`.

        Raises:
            ConfigurationError: What stands in the brackets is not NAME=VALUE.
        """
        found = _FILTER.match(text)
        if found is None:
            return cls(text or None)
        pairs = [part.partition("=") for part in found["inside"].split(",")]
        if not found["label"] or not all(name.strip() and equals for name, equals, _ in pairs):
            raise ConfigurationError(f"{text!r}: write a label and attributes as infer[model=small,batch=8]")
        return cls(found["label"], {name.strip(): value.strip() for name, _, value in pairs})

    @property
    def title(self) -> str:
        """As typed: `infer[model=small]`."""
        inside = ",".join(f"{k}={v}" for k, v in (self.group or {}).items())
        return (self.label or "") + (f"[{inside}]" if inside else "")

    def rows(self, analysis: Analysis) -> list[LabelRow]:
        """Return the rows of an analysis that are meant."""
        return [
            r
            for r in analysis.rows
            if self.label in (None, r.label)
            and all(str(r.group.get(k)) == v for k, v in (self.group or {}).items())
        ]


def read(
    what: Any,
    *,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: Sequence[str] = (),
    name: str = "",
    count: ItemCount | None = None,
) -> AnalysedRun:
    """Analyse one recording.

    Args:
        what: A path, an open recording, or an `Analysis` (which keeps its own rail, baseline and groups).
        rail, baseline, by: As for `analyse`.
        name: For people; the file's otherwise.
        count: How many items it stands for; the events' own counts otherwise.

    Raises:
        DataError: It cannot be read, or holds no power.
    """
    if isinstance(what, (str, Path)):
        with Recording.open(what) as opened:
            name = name or Path(what).name
            return read(opened, rail=rail, baseline=baseline, by=by, name=name, count=count)
    if isinstance(what, Analysis):
        # Which instrument measured is not kept in an analysis: each counts as another, unless the caller states that it was one.
        meter = short_name(f"{what.line.key} {what.power_trace.recording}")
        return AnalysedRun(name or what.line.key, what, meter, f"analysis {id(what)}")
    analysis = analyse(what, rail=rail, baseline=baseline, by=by, items=count)
    path = getattr(what, "path", None)
    pairs = what.clock_pairs()
    started = None
    if pairs:
        monotonic, utc = min(pairs, key=lambda pair: abs(pair[0] - analysis.start_ns))
        started = (utc + analysis.start_ns - monotonic) * 1e-9
    name = name or (Path(path).name if path else "recording")
    where = f"{name} {short_name(str(Path(path).resolve()))}" if path else f"recording {id(what)}"
    meter = short_name(instrument(what, analysis))  # keys of errors hold it, and are exported
    program = _program_of(getattr(what, "metadata", None) or {})
    return AnalysedRun(name, analysis, meter, where, started, bool(throttling.spells(what)), program)


def _program_of(metadata: Mapping[str, Any]) -> str:
    """Return the script that a command names, or its program; empty for what `powermeter` itself recorded."""
    words = metadata.get("command")
    names = [Path(str(word)).name for word in words] if isinstance(words, list) else []
    script = next((name for name in names if name.endswith((".py", ".sh"))), None)
    return script or next((name for name in names[:1] if not name.startswith("powermeter")), "")
