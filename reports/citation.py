"""How a recording is cited: BibTeX of the tool, the instruments and the factors, the methods, a data statement, the file's hash."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

from powermeter.analysis.item_count import CONTRADICTED
from powermeter.analysis.raised_events import RAISED
from powermeter.channel import Boundary
from powermeter.errors import plural
from powermeter.footprint.factors import Factor
from powermeter.result import Grade
from powermeter.result.notes import having
from powermeter.units import format_duration

from .latex_text import escaped, paragraph
from .method import method
from .report_data import ReportData
from .wording import as_sentence

_PIECE = 1 << 20


def key_of(data: ReportData) -> str:
    """Return what LaTeX labels and BibTeX keys of a recording end with, so that one paper can hold several recordings."""
    about = f"{data.path.name} {data.started} {data.analysis.duration.value}"
    return unique_key(data.path.stem, about)


def unique_key(name: str, about: str) -> str:
    """Return a name in the letters that LaTeX and BibTeX take in a key, with four hexadecimal digits of a checksum of what it is about."""
    return f"{_key(name)}-{zlib.crc32(about.encode(errors='replace')) & 0xFFFF:04x}"


def bibtex(data: ReportData) -> str:
    """Return an entry for the tool, for each instrument's stated limits and for each source of a factor.

    Keys end with the recording's own. Those without an author have a `key` that styles sort them by.
    """
    return "\n\n".join(_entries(data)) + "\n"


def _entries(data: ReportData) -> Iterator[str]:
    own = key_of(data)
    version = str(data.metadata.get("powermeter") or _own_version())
    # The log of another tool may be older than this one.
    recorded = data.started if not any(i.is_import for i in data.instruments) else None
    yield _entry(
        "misc",
        f"powermeter:{own}",
        {
            "title": "{powermeter}: what an inference costs, with an interval",
            "author": "{The powermeter authors}",
            "version": escaped(version),
            "howpublished": "Computer software",
            "note": f"Apache License 2.0; used in {recorded:%Y}" if recorded else "Apache License 2.0",
        },
    )
    for number, i in enumerate(data.instruments, 1):
        if i.accuracy:
            several = f"-{number}" if len(data.instruments) > 1 else ""
            note = f"limits from {'; '.join(i.accuracy)}"
            yield _entry(
                "misc",
                f"instrument:{_key(i.name)}{several}:{own}",
                {
                    "title": f"{{{(name := escaped(i.facts.get('model') or i.name))}}}",
                    "key": name,
                    "note": paragraph(note),
                },
            )
    seen = set()
    for factor in data.footprint.factors_used if data.footprint is not None else ():
        key = _key(factor.source.title)
        if key in seen:
            continue
        seen.add(key)
        fields = {
            "title": f"{{{escaped(factor.source.title)}}}",
            "key": escaped(factor.source.title),
            "year": escaped(factor.source.year or ""),
            "url": factor.source.url if re.fullmatch(r"https://[!-z|~]+", factor.source.url) else "",
            "note": escaped(_of_year(factor) + factor.source.licence),
        }
        yield _entry("misc", f"factor:{key}:{own}", fields)


def _of_year(factor: Factor) -> str:
    """Return what year a factor is of, where its source came out in another."""
    return f"data of {factor.year}; " if factor.year and factor.year != factor.source.year else ""


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    inside = ",\n".join(f"  {name} = {{{text}}}" for name, text in fields.items() if text)
    return f"@{kind}{{{key},\n{inside}\n}}"


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:48] or "unnamed"


def _own_version() -> str:
    try:
        return installed_version("powermeter")
    except PackageNotFoundError:
        return ""


def statement(data: ReportData, digest: str) -> str:
    """Return the data statement: what is in the recording, how long, of which grade, and its hash."""
    a = data.analysis
    when = f" on {data.started:%d %B %Y}" if data.started else ""
    # By what stands behind the readings: a measured run whose range ended has an estimated energy and no model.
    grade = Grade.ESTIMATED if a.line.rail.boundary is Boundary.MODEL else a.line.grade
    grade = Grade.SIMULATED if a.energy.grade is Grade.SIMULATED else grade
    kind = {
        Grade.SIMULATED: "a simulated load, on which no claim about a device can rest",
        Grade.ESTIMATED: "an estimate by a model",
        Grade.ASSUMED: "numbers that were typed in",
    }.get(grade, f"{grade.value} power")
    warned = "".join(
        f" {as_sentence(note)}"
        for note in (*a.warnings, *having(a.notes, RAISED), *having(a.notes, CONTRADICTED))
    )
    samples = sum(i.health.samples for i in data.instruments)
    return (
        f"The recording {data.path.name} holds {kind}: {plural(samples, 'sample')} over "
        f"{format_duration(a.duration.value)}{when} on {a.line.rail.name}, and {plural(len(a.events), 'event')}. "
        f"SHA-256 {digest}.{warned}"
    )


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def record(data: ReportData) -> dict[str, str]:
    """Return the parts of a citation by name."""
    digest = file_digest(data.path)
    return {
        "bibtex": bibtex(data),
        "methods": method(data),
        "data": statement(data, digest),
        "sha256": digest,
    }


def citation(data: ReportData) -> str:
    """Return everything that `powermeter cite` prints."""
    digest = file_digest(data.path)
    return f"% BibTeX\n{bibtex(data)}\n% Methods\n{method(data)}\n\n% Data\n{statement(data, digest)}\n"
