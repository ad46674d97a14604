"""Where an analysis comes from: what a comparison needs of its recording, kept so that it need not be opened again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter.analysis.same_instrument import instrument, short_name
from powermeter.recording.protocol import RecordingLike
from powermeter.signals.line import Line


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an analysis comes from.

    Attributes:
        name: The recording, for people: its file's name.
        instrument: Names what measured the counted rail; equal names are one instrument.
        recording: Names the recording: within it, offsets of clocks and baselines are common.
        started_s: UTC of the first sample in s, or None where no wall clock is known.
        program: The script or program that ran, without its folder; empty where that is not known.
    """

    name: str
    instrument: str
    recording: str
    started_s: float | None
    program: str

    @classmethod
    def of(cls, recording: RecordingLike, line: Line, start_ns: int, digest: str) -> Origin:
        """Return the origin of an analysis of one rail that begins at `start_ns`; `digest` stands for its readings."""
        path, pairs = recording.path, recording.clock_pairs()
        started = None
        if pairs:
            monotonic, utc = min(pairs, key=lambda pair: abs(pair[0] - start_ns))
            started = (utc + start_ns - monotonic) * 1e-9
        name = Path(path).name if path else "recording"
        where = short_name(str(Path(path).resolve())) if path else digest
        meter = short_name(instrument(recording, line))  # keys of errors hold it, and are exported
        return cls(name, meter, f"{name} {where}", started, _program_of(recording.metadata or {}))


def _program_of(metadata: Mapping[str, Any]) -> str:
    """Return the script that a command names, or its program; empty for what `powermeter` itself recorded."""
    words = metadata.get("command")
    names = [Path(str(word)).name for word in words] if isinstance(words, list) else []
    script = next((name for name in names if name.endswith((".py", ".sh"))), None)
    return script or next((name for name in names[:1] if not name.startswith("powermeter")), "")
