"""Whether a recording is genuine: whether its parts agree, and what its maker claims of its source.

Each check states what the recorder writes, so that an honest recording passes whatever happened to it: a kill, a
gap, lost marks, a repair and a calibration are all noted by the recorder itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from powermeter.channel import Boundary, Gap
from powermeter.errors import plural
from powermeter.fleet.findings import HandInFinding, ask, fail, note
from powermeter.recording import Recording, SourceInfo
from powermeter.recording.commitment import Commitment
from powermeter.recording.fingerprint import false_summaries, metadata_history
from powermeter.result import Grade

_REAL = (Grade.MEASURED, Grade.DERIVED)
_ESTIMATING = ("codecarbon", "carbontracker")
"""Formats of logs whose energies are a model's."""


def of_origin(recording: Recording, team: str) -> Iterator[HandInFinding]:
    """Yield what speaks against a file having come from a recorder or an importer as it is."""
    recorded, imported = recording.facts("recorder"), recording.metadata.get("imported")
    if not recorded and not imported and not recording.metadata.get("joined"):
        yield fail(
            "no-recorder",
            "neither a recorder nor an importer noted itself in it: a program wrote this file; record the run again",
        )
    count = false_summaries(recording)
    if count:
        yield fail(
            "summary-differs",
            f"the summary of {plural(count, 'chunk')} is not that of its readings: readings were changed afterwards",
        )
    names = [_team(value, team) for value in metadata_history(recording, "attributes")]
    named = list(dict.fromkeys(name for name in names if name))
    if len(named) > 1:
        yield ask("metadata-changed", f"the team noted first is {named[0]!r} and later {named[-1]!r}")


def _team(attributes: Any, team: str) -> str:
    return str(attributes.get(team) or "") if isinstance(attributes, dict) else ""


def first_team(recording: Recording, team: str) -> str:
    """Return the team that was noted when the recording began; empty where none was."""
    return next((name for v in metadata_history(recording, "attributes") if (name := _team(v, team))), "")


def of_counts(recording: Recording) -> Iterator[HandInFinding]:
    """Yield where there are fewer readings or events than the recorder counted, or other readings than it noted.

    A repaired recording lacks what its damage took, and states so itself: then a person must look.
    """
    repaired = bool(recording.facts("salvaged"))
    for finding in (*_readings(recording), *_commitments(recording), *_events(recording)):
        yield ask(finding.code, f"{finding.text} (it was repaired)") if repaired else finding


def _readings(recording: Recording) -> Iterator[HandInFinding]:
    notes = recording.facts("recorder")
    counted = notes[-1].get("sources") if notes else None
    if not isinstance(counted, dict) or not recording.facts("closed"):
        return  # a recorder that was killed has noted more than it could write
    for source in recording.sources:
        counts_of_source = counted.get(str(source.id))
        samples = counts_of_source.get("samples") if isinstance(counts_of_source, dict) else None
        if not isinstance(samples, int):
            continue
        lost = sum(gap.lost or 0 for gap in recording.gaps(source.id) if _is_loss(gap))
        missing = samples - recording.count(source.id) - lost
        if missing > 0:
            yield fail(
                "readings-missing",
                f"the recorder counted {plural(samples, 'reading')} of {source.name or source.url}, {missing:,} of which {'is' if missing == 1 else 'are'} gone",
            )


def _commitments(recording: Recording) -> Iterator[HandInFinding]:
    """Yield where a source, or its readings up to a moment, are not those that the recorder noted then."""
    notes = recording.facts("recorder")
    for source in recording.sources:
        noted: dict[int, str] = {}
        for one in notes:
            sources = one.get("sources")
            reported = sources.get(str(source.id)) if isinstance(sources, dict) else None
            if isinstance(reported, dict) and isinstance(reported.get("digest"), str):
                noted[_whole(reported.get("written"))] = reported["digest"]
        differs = _first_difference(recording, source, noted)
        if differs is not None:
            yield fail(
                "notes-differ",
                f"{source.name or source.url}: its driver, its channels or its first {plural(differs, 'reading is', 'readings are')} not those that the "
                "recorder noted while it ran: another program wrote them",
            )


def _first_difference(recording: Recording, source: SourceInfo, noted: Mapping[int, str]) -> int | None:
    """Return up to which reading they first differ from what was noted; None where nowhere."""
    wanted = sorted(noted)
    held = Commitment(source.driver, source.channels)
    if wanted and wanted[0] == 0:
        wanted.pop(0)
    for piece in recording.stream(source.id):
        start = 0
        while wanted and start < len(piece):
            end = min(len(piece), start + wanted[0] - held.samples)
            held.add(piece.times_ns[start:end], piece.flags[start:end], piece.table()[start:end])
            start = end
            if held.samples == wanted[0] and held.digest != noted[wanted.pop(0)]:
                return held.samples
        if not wanted:
            return None
    return None  # fewer readings than noted: counted elsewhere


def _is_loss(gap: Gap) -> bool:
    return gap.reason in ("dropped", "damaged")


def _events(recording: Recording) -> Iterator[HandInFinding]:
    held: dict[int, set[int]] = {}
    counts: dict[int, int] = {}
    for event in recording.events():
        counts[event.process] = counts.get(event.process, 0) + 1
        if event.uid:
            held.setdefault(event.process, set()).add(event.uid)
    for process, reported in recording.process_counts().items():
        known = _whole(reported.details.get("lost")) + _whole(reported.details.get("refused"))
        missing = reported.written - counts.get(process, 0)
        if missing > 0:
            yield fail(
                "events-missing",
                f"process {process} wrote {plural(reported.written, 'event')}, {missing:,} of which {'is' if missing == 1 else 'are'} gone",
            )
            continue
        uids = held.get(process, set())
        skipped = max(uids) - min(uids) + 1 - len(uids) - known if uids else 0
        running = max(reported.begun - reported.finished, 0)
        if skipped > running and recording.facts("recorder"):
            yield ask(
                "events-skipped",
                f"{skipped:,} numbers are skipped among the events of process {process}: they went into another "
                "recording, or they were taken out; look at the program",
            )


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def of_source(recording: Recording, measured: bool) -> Iterator[HandInFinding]:
    """Yield where a simulation or an estimate stands behind the energies, and where it claims to be measured.

    Args:
        recording: Open.
        measured: Whether only measured energies are accepted.
    """
    accept = note if not measured else fail
    stamped = bool(recording.metadata.get("simulated"))
    for source in recording.sources:
        powered = [c for c in source.channels if c.rail is not None]
        if not powered:
            continue
        name = source.name or source.url
        claims = [c for c in powered if c.grade in _REAL]
        scheme = source.url.partition("://")[0]
        simulated = stamped or bool(source.info.get("simulated")) or "virtual" in (scheme, source.driver)
        simulated = simulated or any("simulated" in c.accuracy.source.lower() for c in powered)
        if simulated and claims:
            yield fail(
                "simulated-as-measured",
                f"{name}: a simulated source whose readings claim to be {claims[0].grade.value}",
            )
        elif simulated or any(c.grade is Grade.SIMULATED for c in powered):
            yield accept("simulated", f"{name}: simulated; nothing drew this energy")
        elif "replay" in (scheme, source.driver):
            yield accept("replayed", f"{name}: an earlier recording played again; hand that one in")
        modelled = scheme == "estimate" or source.driver in ("estimate", *_ESTIMATING)
        modelled = modelled or any(c.rail is not None and c.rail.boundary is Boundary.MODEL for c in powered)
        modelled = modelled or any(c.accuracy.model > 0 for c in claims)
        if modelled and claims:
            yield fail(
                "estimate-as-measured",
                f"{name}: a model of the machine whose readings claim to be {claims[0].grade.value}",
            )
        elif not modelled and all(c.grade is Grade.ASSUMED for c in powered):
            yield ask(
                "assumed", f"{name}: nothing in the log states what measured it; ask which meter it was"
            )
        elif modelled or all(c.grade in (Grade.ESTIMATED, Grade.ASSUMED) for c in powered):
            yield accept("estimate", f"{name}: estimated by a model; no instrument saw this energy")
