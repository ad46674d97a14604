"""What a publication is here: where its data are, and each published figure beside ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from store import Store

from powermeter import Result
from powermeter.comparison.claims import Agreement, agreement, half_digit
from powermeter.units import unit_factor


@dataclass(frozen=True)
class Source:
    """A repository that holds raw data.

    Attributes:
        repository: owner/name.
        commit: What was read.
        licence: Of the data; none is copied here.
    """

    repository: str
    commit: str
    licence: str

    @property
    def name(self) -> str:
        """The repository's name without its owner."""
        return self.repository.partition("/")[2]


@dataclass(frozen=True)
class Figure:
    """One published figure beside ours.

    Attributes:
        group: What it is counted with in the summary.
        what: Of which run, which quantity.
        published: As printed, with its unit; empty where nothing was published.
        ours: With its interval; None where we decline.
        agreement: The verdict; None where nothing was published.
        apart: Ours over the published value minus 1; None where either is missing.
        why: For what differs or has no number: why.
    """

    group: str
    what: str
    published: str
    ours: Result | None
    agreement: Agreement | None
    why: str = ""
    apart: float | None = None


@dataclass(frozen=True)
class Publication:
    """One publication.

    Attributes:
        title: As cited.
        cite: Where it stands: DOI, arXiv number, or the repository's own page.
        sources: Where its raw data are.
        figures: Takes the repositories' data by name, a folder to work in; yields figures.
        files: Patterns of the files that are read, for `get`.
        notes: What was learnt, one sentence each.
    """

    title: str
    cite: str
    sources: tuple[Source, ...]
    figures: Callable[[Mapping[str, Store], Path], Iterator[Figure]]
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()


def figure(
    group: str,
    what: str,
    printed: str,
    unit: str,
    ours: Result | None,
    *,
    plus_minus: float | None = None,
    why: str = "",
) -> Figure:
    """Return a printed number (`26.659`, in `unit`) judged by our interval and by its own last digit.

    Args:
        group, what: As in `Figure`.
        printed: The number as it was published.
        unit: Its unit, such as `uJ`.
        ours: In SI.
        plus_minus: What the publication states of its own doubt, in `unit`.
        why: Why it differs, where that is known.
    """
    found = unit_factor(unit) if unit else ("1", 1.0)
    assert found is not None, unit
    half = half_digit(printed) if plus_minus is None else plus_minus
    value = float(printed) * found[1]
    verdict = agreement(value, half * found[1], ours)
    apart = ours.value / value - 1 if ours is not None and value else None
    return Figure(group, what, f"{_short(printed)} {unit}".strip(), ours, verdict, why, apart)


def _short(printed: str) -> str:
    """Return a number of more than eight digits with eight."""
    digits = sum(char.isdigit() for char in printed)
    return printed if digits <= 8 else f"{float(printed):.8g}"


def unpublished(group: str, what: str, ours: Result | None, why: str = "") -> Figure:
    """Return a number of ours that was not published, for what it adds."""
    return Figure(group, what, "", ours, None, why)
