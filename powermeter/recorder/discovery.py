"""What can be measured on this machine.

Every driver is asked to look around (`discover`), all at the same time, under one limit; a driver
that hangs is skipped and reported as timed out.  What they found is ranked
by `powermeter.recorder.ranking`; `source_choice` takes from it where the user names nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from powermeter import registry
from powermeter.errors import NotInstalledError, PowermeterError
from powermeter.recorder.ranking import COMPANIONS, RANKING
from powermeter.result.notes import Note
from powermeter.source import Found

LIMIT_S = 2.0
"""How long all drivers together may look around, in s."""

NO_ANSWER = "no-answer"
"""The code of a driver that did not answer in time."""

NOT_LOADED = "not-loaded"
"""The code of a driver that is not there, or lacks what it needs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One instrument as a driver reported it.

    Attributes:
        scheme: The driver's name.
        found: What it reported.
    """

    scheme: str
    found: Found

    def __repr__(self) -> str:
        state = self.found.grade.value if self.usable else f"not usable: {self.found.problem}"
        return f"<Finding {self.found.url or self.scheme}: {self.found.title[:100]}, {state}>"

    @property
    def usable(self) -> bool:
        """Whether it can be recorded from as things are."""
        return self.found.url is not None and not self.found.problem

    @property
    def row(self) -> int:
        """The index in `RANKING`; its length for what fits no row."""
        if self.scheme in COMPANIONS:
            return len(RANKING)
        for index, entry in enumerate(RANKING):
            if entry.schemes is not None and self.scheme not in entry.schemes:
                continue
            if entry.boundaries is None or self.found.boundary in entry.boundaries:
                return index
        return len(RANKING)

    @property
    def kind(self) -> str:
        """The ranking's name for it."""
        if self.scheme in COMPANIONS:
            return "marks beside a meter"
        return RANKING[self.row].title if self.row < len(RANKING) else "other"


@dataclass(frozen=True, slots=True)
class Search:
    """What a look around found.

    Attributes:
        findings: Ranked, best first, usable ones and others.
        failures: Driver → why it could not look; a driver that hung is among them.
        seconds: How long it took.
    """

    findings: tuple[Finding, ...]
    failures: dict[str, Note] = field(default_factory=dict)
    seconds: float = 0.0


def search(limit_s: float = LIMIT_S, schemes: Iterable[str] | None = None) -> Search:
    """Ask all drivers at once what they find; never longer than `limit_s`, never writing to hardware.

    Args:
        limit_s: In s; drivers which have not answered by then are reported in `failures`.
        schemes: The drivers to ask; all registered ones that look for something where None.
    """
    started = time.monotonic()
    names = sorted(schemes if schemes is not None else _that_look())
    answers: dict[str, list[Found] | Note] = {}
    done = threading.Condition()

    def ask(scheme: str) -> None:
        answer: list[Found] | Note
        try:
            answer = registry.driver_class(scheme).discover()
        except NotInstalledError as error:
            answer = Note.warning(NOT_LOADED, str(error))
        except PowermeterError as error:
            answer = Note.warning("cannot-look", str(error))
        except Exception as error:  # noqa: BLE001 - a foreign driver must not take the others with it
            answer = Note.warning("error", f"{type(error).__name__}: {error}")
        with done:
            answers[scheme] = answer
            done.notify()

    for scheme in names:
        # Daemon threads: one that hangs must not keep the program from ending.
        threading.Thread(target=ask, args=(scheme,), name=f"discover-{scheme}", daemon=True).start()
    deadline = started + limit_s
    with done:
        done.wait_for(lambda: len(answers) == len(names), max(0.0, deadline - time.monotonic()))
        answered = dict(answers)
    findings = [
        Finding(scheme, found)
        for scheme, answer in answered.items()
        if not isinstance(answer, Note)
        for found in answer
    ]
    failures = {scheme: answer for scheme, answer in sorted(answered.items()) if isinstance(answer, Note)}
    for scheme in names:
        if scheme not in answered:
            failures[scheme] = Note.warning(NO_ANSWER, f"did not answer within {limit_s:g} s")
    return Search(rank(findings), failures, time.monotonic() - started)


def _that_look() -> set[str]:
    return set(registry.names("drivers", registry.DRIVERS)) - registry.NAMED_ONLY


def rank(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return them best first: by row of the ranking, grade, certainty, the driver's own order, name."""
    certainties = ("sure", "likely", "guess")

    def key(finding: Finding) -> tuple[object, ...]:
        found = finding.found
        certainty = certainties.index(found.certainty) if found.certainty in certainties else len(certainties)
        return (
            not finding.usable,
            finding.row,
            found.grade.rank,
            certainty,
            found.rank,
            found.url or found.title,
        )

    return tuple(sorted(findings, key=key))


def discover(limit_s: float = 2.0, schemes: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """Return what can be measured on this machine, best first; nothing is written to any hardware.

    ::

        for finding in powermeter.discover():
            print(finding)

    Args:
        limit_s: The longest to look, in s.
        schemes: The drivers to ask; all where None.
    """
    return search(limit_s, schemes).findings
