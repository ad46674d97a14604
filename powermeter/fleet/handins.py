"""A class's hand-ins: the files of a folder, what is found about each, and what it earns.

The layout is `FOLDER/TEAM/NAME.power`; a file that lies in the folder itself is of the team it is named after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, PowermeterError, plural
from powermeter.fleet import authenticity
from powermeter.fleet.copies import Owned, copies
from powermeter.fleet.findings import (
    ACCEPTED,
    LOOK,
    NOT_ACCEPTED,
    HandInFinding,
    Weight,
    ask,
    fail,
    heaviest,
    note,
)
from powermeter.fleet.handin_content import of_content
from powermeter.fleet.rubric import Rubric
from powermeter.recording import Recording, verification
from powermeter.recording.file_names import SUFFIX
from powermeter.recording.fingerprint import Fingerprint, fingerprint

MOST_FILES = 20_000
"""Recordings of one folder; a class or a shelf has fewer, a fleet is collected."""


@dataclass(slots=True)
class HandIn:
    """One recording of a class.

    Attributes:
        path: The file.
        name: Its path below the folder.
        team: Who hands it in.
        findings: What speaks against it, or is worth knowing.
        noted: The team that it names itself; empty where it names none.
        print: What names its content; None where it cannot be read.
        changed: Whether a row or reading is not as it was written.
    """

    path: Path
    name: str
    team: str
    findings: list[HandInFinding] = field(default_factory=list)
    noted: str = ""
    print: Fingerprint | None = None
    changed: bool = False

    @property
    def weight(self) -> Weight | None:
        """The heaviest finding's; None where there is none."""
        return heaviest(self.findings)

    @property
    def word(self) -> str:
        """`accepted`, `look` (a person must) or `not accepted`."""
        return {Weight.FAIL: NOT_ACCEPTED, Weight.ASK: LOOK}.get(self.weight or Weight.NOTE, ACCEPTED)

    def points(self, rubric: Rubric) -> float:
        """Return what it earns: the points of every criterion that no failing finding speaks against.

        What was changed or copied, or is not what it claims to be, earns nothing.
        """
        failed = {finding.criterion for finding in self.findings if finding.weight is Weight.FAIL}
        if self.print is None or "unedited" in failed or self.is_dishonest:
            return 0.0
        return sum(points for name, points in rubric.points.items() if name not in failed)

    @property
    def is_dishonest(self) -> bool:
        """Whether it claims to be what it is not; what is merely incomplete or not asked for is not."""
        return any(f.weight is Weight.FAIL and f.code in DISHONEST for f in self.findings)

    def to_dict(self, rubric: Rubric) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "file": self.name,
            "team": self.team,
            "verdict": self.word,
            "points": self.points(rubric),
            "most_points": rubric.most_points,
            "dishonest": self.is_dishonest,
            "findings": [finding.to_dict() for finding in self.findings],
        }


DISHONEST = frozenset(
    {
        "changed",
        "summary-differs",
        "readings-missing",
        "notes-differ",
        "events-missing",
        "copy",
        "no-recorder",
        "simulated-as-measured",
        "estimate-as-measured",
        "budget",
    }
)
"""Findings of files that claim what is not so."""


def find_recordings(folder: Path) -> list[Path]:
    """Return the recordings below a folder in order of their names; hidden files and links that lead outside are left out.

    Raises:
        ConfigurationError: It is not a folder, holds none, or holds too many.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder")
    root = folder.resolve()
    found, outside = [], 0
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        inside = path.relative_to(folder).parts
        if any(part.startswith(".") for part in inside):
            continue
        if not path.resolve().is_relative_to(root):
            outside += 1
            continue
        if path.is_file() or path.is_symlink():
            found.append(path)
        if len(found) > MOST_FILES:
            raise ConfigurationError(
                f"{folder} holds more than {MOST_FILES:,} recordings; use powermeter collect"
            )
    if not found:
        links = f"; {plural(outside, 'link')} out of it left out: copy what is meant" if outside else ""
        raise ConfigurationError(f"{folder} holds no recordings (*{SUFFIX}){links}")
    return found


def team_of(path: Path, folder: Path) -> str:
    """Return who hands a file in: the first folder below `folder`, or the file's own name."""
    inside = path.relative_to(folder).parts
    return inside[0] if len(inside) > 1 else path.name.removesuffix(SUFFIX)


def check_folder(folder: Path, rubric: Rubric | None = None, key: bytes | None = None) -> list[HandIn]:
    """Return every recording below a folder with what is found about it, alone and beside the others.

    Args:
        folder: The class's.
        rubric: What is asked; the defaults otherwise.
        key: What signatures are checked with, where they are.

    Raises:
        ConfigurationError: As `find_recordings`.
    """
    rubric = rubric or Rubric()
    found = [
        check_file(path, rubric, key, team=team_of(path, folder), name=path.relative_to(folder).as_posix())
        for path in find_recordings(folder)
    ]
    owned = [Owned(one.name, one.team, one.noted, one.print) for one in found if one.print is not None]
    beside = copies(owned)
    for one in found:
        one.findings += beside.get(one.name, [])
    return found


def check_file(
    path: Path, rubric: Rubric, key: bytes | None = None, *, team: str = "", name: str = ""
) -> HandIn:
    """Return one recording with what is found about it alone."""
    one = HandIn(path, name or path.name, team)
    try:
        one.findings += _of_chain(path, key, one)
        with Recording.open(path) as recording:
            one.print = fingerprint(recording)
            one.noted = authenticity.first_team(recording, rubric.team)
            one.findings += _of_recording(recording, rubric)
    except ConfigurationError:
        raise
    except (PowermeterError, OSError) as error:
        one.print = None
        one.findings.append(fail("unreadable", " ".join(str(error).replace(str(path), path.name).split())))
    return one


def _of_chain(path: Path, key: bytes | None, one: HandIn) -> Iterator[HandInFinding]:
    verdict = verification.verify(path, key)
    changes = verdict.changes
    if changes:
        one.changed = True
        more = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
        yield fail("changed", f"not as it was written: {changes[0]}{more}")
    for finding in verdict.findings:
        if finding.code in verification.UNSIGNED:
            yield fail("unsigned", f"{finding}: whether somebody redid its chain cannot be known")
    if not verdict.is_closed:
        yield ask("not-closed", "the recorder was killed or still runs; what it held then is there")


def _of_recording(recording: Recording, rubric: Rubric) -> Iterator[HandInFinding]:
    yield from authenticity.of_origin(recording, rubric.team)
    yield from authenticity.of_counts(recording)
    yield from authenticity.of_source(recording, rubric.measured)
    if recording.facts("salvaged"):
        yield note("damaged", "it was repaired after damage; what could not be read is a gap")
    yield from of_content(recording, rubric)


def counts(found: Sequence[HandIn]) -> Mapping[str, int]:
    """Return verdict → how many hand-ins have it."""
    return {word: sum(one.word == word for one in found) for word in (ACCEPTED, LOOK, NOT_ACCEPTED)}


def lines(found: Sequence[HandIn], rubric: Rubric) -> list[str]:
    """Return the findings in words: a line a hand-in, its findings below it, and the count at the end."""
    wide = max(len(one.name) for one in found)
    printed = []
    for one in found:
        printed.append(
            f"{one.word:12}  {one.name:{wide}}  {one.points(rubric):g} of {rubric.most_points:g} points".rstrip()
        )
        printed += [f"{'':12}  {f.weight.value:4} {f.code}: {f.text}" for f in one.findings]
    total = ", ".join(f"{number} {word}" for word, number in counts(found).items() if number)
    return [*printed, f"{plural(len(found), 'recording')}: {total}"]
