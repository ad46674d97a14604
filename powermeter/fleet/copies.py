"""Which hand-ins are one recording under several names, and whose it is.

The team that was noted when the recording began decides whose it is: a file that another team hands in is that
team's copy, and nothing is held against the team it was made by.  Where none was noted, or both copies name the team that
hands them in, the files alone cannot decide it, and a person must ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from powermeter.fleet.findings import HandInFinding, ask, fail, note
from powermeter.recording.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class Owned:
    """A hand-in as copies are looked for.

    Attributes:
        name: Its path below the folder.
        team: Who hands it in.
        noted: The team noted when it was recorded; empty where none was.
        print: What names its content.
    """

    name: str
    team: str
    noted: str
    print: Fingerprint


def copies(files: Sequence[Owned]) -> Mapping[str, list[HandInFinding]]:
    """Return name → what is found, of the files that share a recording or name another team."""
    found: dict[str, list[HandInFinding]] = {}
    for one in files:
        twins = [other for other in _sharing(one, files) if other is not one]
        strange = [other for other in twins if other.team != one.team]
        findings = found.setdefault(one.name, [])
        if _is_foreign(one, files):
            where = f"; it is also {strange[0].name}" if strange else ""
            findings.append(
                fail("copy", f"it was recorded by team {one.noted!r} and is handed in by {one.team!r}{where}")
            )
        elif strange and not all(_is_foreign(other, files) for other in strange):
            names = ", ".join(other.name for other in strange)
            findings.append(
                ask(
                    "same-recording", f"the same recording as {names}; the files do not show whose it is, ask"
                )
            )
        elif len(twins) > len(strange):
            name = next(other.name for other in twins if other.team == one.team)
            findings.append(note("handed-in-twice", f"the same recording as {name} of the same team"))
    return {name: findings for name, findings in found.items() if findings}


def _sharing(one: Owned, files: Sequence[Owned]) -> list[Owned]:
    return [other for other in files if one.print.is_of(other.print)]


def _is_foreign(one: Owned, files: Sequence[Owned]) -> bool:
    """Return whether a file notes another team than the one that hands it in, and that team is of this class.

    A name that no team has is a slip of the pen: a nickname, or an older name.
    """
    if not one.noted or _plain(one.noted) == _plain(one.team):
        return False
    return any(_plain(other.team) == _plain(one.noted) for other in files)


def _plain(name: str) -> str:
    """Return a team's name without case, blanks and signs, and without leading zeros: `Team 07` is `team-7`."""
    kept = "".join(c.lower() if c.isalnum() else " " for c in name).split()
    return " ".join(word.lstrip("0") or "0" if word.isdigit() else word for word in kept).removeprefix(
        "team "
    )
