"""Which of the sources found is recorded when the user names none.

The choice is printed with what it covers and with the cheapest way to something better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from powermeter import registry
from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, PowermeterError
from powermeter.recorder.discovery import NO_ANSWER, NOT_LOADED, Finding, Search, rank, search
from powermeter.recorder.ranking import COMPANIONS, RANKING
from powermeter.result import Grade
from powermeter.result.notes import Note

_MOST_CAUSES = 3

GENERAL_ADVICE = (
    "a USB power meter, an INA219 in the supply line, a smart plug, or a display read by eye (manual://)"
)


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
