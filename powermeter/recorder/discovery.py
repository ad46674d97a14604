"""What can be measured on this machine, and which of it to take when the user names nothing.

Every driver is asked to look around (`discover`), all at the same time, under one limit; a driver
that hangs is skipped and reported as timed out.  What they found is ranked by `RANKING`; the choice
is printed with what it covers and with the cheapest way to something better.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from powermeter import registry
from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, PowermeterError
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.source import Found

LIMIT_S = 2.0
"""How long all drivers together may look around, in s."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of the ranking.

    Attributes:
        title: What people call it.
        why: What speaks for it.
        boundaries: What its rails cover; None for any.
        schemes: The drivers it is about; None for any.
    """

    title: str
    why: str
    boundaries: frozenset[Boundary] | None = None
    schemes: frozenset[str] | None = None


_ON_BOARD = frozenset({"jetson", "jtop", "tegrastats"})

RANKING: tuple[Tier, ...] = (
    Tier(
        "board input sensor",
        "senses everything the board or module draws, on the board itself",
        frozenset({Boundary.BOARD, Boundary.MODULE}),
        _ON_BOARD,
    ),
    Tier(
        "external meter",
        "senses the supply line of whatever is behind it",
        frozenset({Boundary.BOARD, Boundary.MODULE}),
    ),
    Tier("plug", "senses everything at the socket, with the power supply's loss", frozenset({Boundary.WALL})),
    Tier("rail parts", "senses some rails of the board", frozenset({Boundary.PART}), _ON_BOARD | {"pmic"}),
    Tier(
        "counters",
        "the processor's or card's own account of its energy",
        frozenset({Boundary.PART, Boundary.DEVICE}),
    ),
    Tier(
        "gauge", "the battery's own gauge, slow and only while it discharges", frozenset({Boundary.BATTERY})
    ),
    Tier("estimate", "a model, no measurement", frozenset({Boundary.MODEL})),
)
"""Best first; the first row that fits counts."""

NO_ANSWER = "no-answer"
"""The code of a driver that did not answer in time."""

NOT_LOADED = "not-loaded"
"""The code of a driver that is not there, or lacks what it needs."""

_MOST_CAUSES = 3

COMPANIONS = frozenset({"throttled"})
"""Sources without any power of their own that are recorded beside whatever is chosen."""

GENERAL_ADVICE = (
    "a USB power meter, an INA219 in the supply line, a smart plug, or a display read by eye (manual://)"
)


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


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """The sources to record when none was named.

    Attributes:
        urls: The best first; those after it measure something that it does not.
        line: One line for people: what was chosen and what it is.
        better: One line on what would be better, or empty where nothing would.
    """

    urls: tuple[str, ...]
    line: str
    better: str


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


def choose(findings: Sequence[Finding], failures: Mapping[str, Note] | None = None) -> SourceChoice | None:
    """Return what to record when nothing was named, or None where nothing at all is usable.

    The best one is taken, and beside it the devices (graphics cards, accelerators) that it does not
    contain.  An estimate is taken only alone or beside such devices, never to fill up a measurement.
    What may be something else (certainty `guess`: any serial port) is left for the user to name.

    Args:
        findings: What was found, in any order.
        failures: `Search.failures`; drivers that hung are named, since theirs may have been better.
    """
    ranked = rank(findings)
    beside = [f for f in ranked if f.usable and f.scheme in COMPANIONS]
    usable = [f for f in ranked if f.usable and not _is_guess(f) and f.scheme not in COMPANIONS]
    if not usable:
        return None
    best = usable[0]
    chosen = [best]
    inside = (Boundary.PART, Boundary.DEVICE, Boundary.MODEL, Boundary.MODULE)
    if best.found.boundary in inside:
        chosen += [
            other
            for other in usable[1:]
            if other.found.boundary is Boundary.DEVICE and other.found.url != best.found.url
        ]
    if all(finding.found.boundary is Boundary.DEVICE for finding in chosen):
        # A graphics card alone does not measure the machine around it.
        rest = [f for f in usable if f.found.boundary in (Boundary.PART, Boundary.MODEL)]
        chosen += rest[:1]
    if best.scheme != "pmic":  # which records the same flags itself
        chosen += beside
    urls = tuple(dict.fromkeys(finding.found.url for finding in chosen if finding.found.url is not None))
    better = _advise(best, ranked)
    hung = [scheme for scheme, why in (failures or {}).items() if why.code == NO_ANSWER]
    if hung:
        named = ", ".join(f"{scheme}://" for scheme in hung)
        better = f"{better}; " * bool(better) + f"not answered in time: {named} (name it to wait for it)"
    return SourceChoice(urls, _text(chosen), better)


def _is_guess(finding: Finding) -> bool:
    return finding.found.certainty == "guess" and finding.found.boundary is not Boundary.MODEL


def _text(chosen: Sequence[Finding]) -> str:
    best = chosen[0].found
    if best.grade is Grade.ESTIMATED:
        line = f"no meter found: {best.title} ({best.url}); an estimate, not a measurement"
    else:
        line = f"{best.title} ({best.url}): {best.covers or RANKING[chosen[0].row].why}"
    beside = [finding for finding in chosen[1:] if finding.found.url != best.url]
    if beside:
        line += "; beside it " + ", ".join(f"{f.found.title} ({f.found.url})" for f in beside)
    return line


def _advise(best: Finding, ranked: Sequence[Finding]) -> str:
    """Return the cheapest way to what ranks above the choice: a guess to confirm, a remedy, a meter to buy."""
    guesses = [f for f in ranked if f.usable and _is_guess(f) and f.row < best.row]
    if guesses:
        found = guesses[0].found
        return f"better, if that is what it is: {found.title}; name it: --source {found.url}"
    blocked = [f for f in ranked if not f.usable and f.row < best.row and f.found.remedy]
    if blocked:
        found = min(blocked, key=lambda finding: finding.row).found
        return f"better: {found.title}: {found.problem}; {found.remedy}"
    if best.found.grade is not Grade.MEASURED or best.found.boundary in (Boundary.PART, Boundary.MODEL):
        return f"better: {GENERAL_ADVICE}"
    return ""


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


def best_sources() -> tuple[tuple[str, ...], str]:
    """Return the URLs to record when none was named, and the line that states why.

    Raises:
        OpenError: Nothing on this machine can be measured or estimated.
        NotInstalledError: No driver could be loaded.
    """
    found = search()
    chosen = choose(found.findings, found.failures)
    if chosen is None:
        raise _nothing(found)
    line = chosen.line
    if chosen.better:
        line += f"\n{chosen.better}"
    return chosen.urls, line


def _nothing(found: Search) -> PowermeterError:
    """Return the error that states why nothing can be measured, as far as drivers reported it."""
    whose: dict[str, list[str]] = {}
    for scheme, why in found.failures.items():
        whose.setdefault(why.text, []).append(scheme)
    if not found.findings and len(whose) == 1 and all(n.code == NOT_LOADED for n in found.failures.values()):
        return NotInstalledError(next(iter(whose)))
    causes = [f"{', '.join(f'{one}://' for one in schemes)}: {text}" for text, schemes in whose.items()]
    more = f" and {len(causes) - _MOST_CAUSES} more" if len(causes) > _MOST_CAUSES else ""
    stated = "".join(f"; {cause}" for cause in causes[:_MOST_CAUSES]) + more
    return OpenError(f"nothing here can be measured or estimated{stated}; see: powermeter devices")


def check_sources(urls: Iterable[str]) -> None:
    """Refuse URLs that cannot be meant, before a process is started for them.

    Raises:
        ConfigurationError, NotInstalledError, OpenError: The first that is not usable.
    """
    for url in urls:
        if not url:
            raise ConfigurationError("an empty source; write for example virtual:// or ina219://1/0x40")
        registry.source(url)
