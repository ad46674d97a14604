"""What went wrong while a run was recorded, what its importer assumed, and what no one knows of it."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.analysis.energy import Analysis
from powermeter.analysis.event_accounts import HOW_TO_MARK, differences, still_running
from powermeter.analysis.rail_voltage import BUDGET_V_TEXT, at_the_socket, refused_at_budget_v
from powermeter.channel import Boundary
from powermeter.recording import Recording
from powermeter.result.notes import Note, Severity
from powermeter.signals.headline_rail import overlap
from powermeter.units import format_percent

from .instruments import Instrument
from .rails_table import RailUse

PROGRAM = "program"
"""The rail of a model that holds what the measured program alone uses."""

MOSTLY_OTHERS = 0.5
"""With less than this share of a run the program is not what most of it was used for."""

VOLTAGE_UNKNOWN = "voltage-unknown"
"""The code of the note that a charge is counted at an assumed voltage."""

REMEDIES = {
    "not-counted": "; --rail NAME counts another one",
    "others-charged": f"; --rail {PROGRAM} counts the program alone",
}
"""Code → how the note's text ends: options of a command line, which a paper does not print."""


def warnings_of(
    recording: Recording, analysis: Analysis, sources: Sequence[Instrument], voltage_known: bool
) -> list[Note]:
    """Return what went wrong while it was recorded, and what no one knows of it."""
    found = list(recording.warnings)
    for i in sources:
        if i.simulated:
            text = f"{i.name}: a simulated load; its numbers describe no real device"
            found.append(Note.warning("simulated-load", text))
    found += [Note.warning("source-stopped", f"{i.name} stopped: {i.failure}") for i in sources if i.failure]
    for i in sources:
        found += _of_source(i)
    found += _beside(analysis)
    if recording.is_growing:
        found.append(Note.warning("growing", "the recording is still being written"))
    if analysis.charge is None and not voltage_known and not at_the_socket(analysis.line.rail.boundary, None):
        refused = refused_at_budget_v(analysis.line.rail, analysis.power.value)
        found.append(
            Note.withheld("no-charge", refused) if refused else Note.warning(VOLTAGE_UNKNOWN, BUDGET_V_TEXT)
        )
    processes = recording.process_counts()
    owner = str(recording.metadata.get("marks") or "").rpartition("/")[2].partition(".")[0]
    beyond = still_running(processes, int(owner) if owner.isdecimal() else None)
    texts = [*differences(processes), *([beyond] if beyond else [])]
    return found + [Note.warning("events", text) for text in texts]


def _beside(analysis: Analysis) -> list[Note]:
    """Return the note that names what was measured too, has no part in what is counted, and is in no number."""
    counted, every = analysis.line, analysis.lines
    others = [
        line.rail.name
        for line in every
        if line.key != counted.key
        and not line.parts
        and line.rail.boundary is not Boundary.MODEL
        and not overlap(counted, line, every)
        and line.power() is not None
    ]
    if not others:
        return []
    names = dict.fromkeys(others)
    listed = ", ".join(list(names)[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    were = "was measured too and is" if len(names) == 1 else "were measured too and are"
    text = f"{listed} {were} in no number here: only {counted.rail.name} is counted; --rail NAME counts another one"
    return [Note.warning("not-counted", text)]


def of_others(rails: Sequence[RailUse], boundary: Boundary) -> list[Note]:
    """Return the note that most of what a model charges to a run is other programs', where it knows the program's own part."""
    share = own_share(rails, boundary)
    if share is None or share >= MOSTLY_OTHERS:
        return []
    whole = next(rail for rail in rails if rail.counted)
    text = (
        f"the program's own part of {whole.name} is about {format_percent(share, 1)}: the rest, which idle power and other "
        f"programs make, is in every number here; --rail {PROGRAM} counts the program alone"
    )
    return [Note.warning("others-charged", text)]


def own_share(rails: Sequence[RailUse], boundary: Boundary) -> float | None:
    """Return what part of what a model charges to a run is the program's own; None where that is not known."""
    own = next((rail for rail in rails if rail.name == PROGRAM), None)
    whole = next((rail for rail in rails if rail.counted), None)
    if own is None or whole is None or own.parent != whole.name or boundary is not Boundary.MODEL:
        return None
    return own.energy.value / whole.energy.value if whole.energy.value > 0 else None


def unmarked(recording: Recording, analysis: Analysis) -> tuple[Note, ...]:
    """Return the note that shows how to mark events, where a program ran and marked none."""
    ran = recording.metadata.get("command") and recording.metadata.get("marks")
    begun = any(one.begun or one.details.get("lost") for one in recording.process_counts().values())
    return (Note.info("unmarked", HOW_TO_MARK),) if ran and not analysis.events and not begun else ()


def imported(recording: Recording) -> list[Note]:
    """Return what the importer had to assume; of a file that holds texts only, each under the code `import`."""
    texts, codes = (recording.metadata.get(key) for key in ("import_warnings", "import_codes"))
    if not isinstance(texts, list):
        return []
    if not isinstance(codes, list) or len(codes) != len(texts):
        return [Note.info("import", str(text)) for text in texts]
    return [_coded(code, str(text)) for code, text in zip(codes, texts, strict=True)]


def _coded(code: Sequence[str], text: str) -> Note:
    try:
        name, severity = code
        return Note(name, Severity(severity), text)
    except ValueError:
        return Note.info("import", text)


def _of_source(instrument: Instrument) -> list[Note]:
    """Return what a driver warned of; of one that left texts only, each under the code `source`."""
    texts, remarks = (instrument.facts.get(key) for key in ("warnings", "remarks"))
    if not isinstance(texts, list):
        return []
    if not isinstance(remarks, list) or len(remarks) != len(texts):
        remarks = [None] * len(texts)
    found = []
    for sentence, remark in zip(texts, remarks, strict=True):
        line = f"{instrument.name}: {sentence}"
        try:
            found.append(Note(str(remark["code"]), Severity(remark["severity"]), line))
        except (TypeError, KeyError, ValueError):
            found.append(Note.warning("source", line))
    return found
