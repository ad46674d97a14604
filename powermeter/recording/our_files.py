"""Which files are ours: each kind that we write begins, or ends, as nobody else's does.

What is somebody else's, a list of labels in `runs.csv` or a hand-written `notes.md`, is never replaced; an ending of the name states
nothing. `tests/recording/test_our_files.py` writes every kind and asks here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from powermeter.recording import schema
from powermeter.recording.held_file import first_bytes

SQLITE = b"SQLite format 3\0"

TOOL = "powermeter"

FIGURE_METADATA = {
    "pdf": {"Creator": TOOL, "CreationDate": None},
    "svg": {"Creator": TOOL, "Date": None},
    "png": {"Software": TOOL},
}
"""What figures state of themselves, by kind; nothing else in one of matplotlib's is ours."""

TABLE_METADATA = {"about": "written by powermeter"}
"""The same of a table in Parquet or Arrow, in its schema."""

_LOOKED_AT = 1 << 16
"""Bytes of either end: in the last ones a table has its schema, with some hundred columns."""

_TEXTS = (
    (
        rb"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" [^>]*>"
        rb"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'"
    ),
    rb"<svg class=\"figure ",
    rb"% Needs in the preamble: \\usepackage\[T1\]\{fontenc\} \\usepackage\{lmodern,textcomp,booktabs,siunitx",
    rb"@misc\{powermeter:",
    rb"# powermeter calibration: ",
    rb"# Energy of [^\n]+\n\n[^\n]+ \xc2\xb7 [^\n]+\n\n(All energies are|The run's energy is) \*\*",
    rb"# Energy of the model: [^\n]+\n\nFor the technical documentation under Article 53",
    rb"# Software Carbon Intensity of [^\n]+\n\n(\*\*Simulated: [^\n]+\n\n)?- SCI: ",
    rb"---\nco2_eq_emissions:\n[^\n]+\n  source: \"powermeter, ",
    rb"# [^\n]+ against [^\n]+\n\n(\*\*[^\n]+\n\n)*\| label \| A \| B \| ",
    rb"# [^\n]+\n\n\| (place|team|file) [^\n]*\| energy per item \|",
    rb"\|  (\| [^|\n]+ )+\| energy per item, 95 % \|",
    rb"([^\n]|\n(?!\n))+?\s\xc2\xb7\s(\d\d\s\w+\s\d{4}\s\d\d:\d\d\sUTC|time\sof\sday\snot\sknown)(?s:.*)\nWhole run  ",
    rb"[^\n]+ against [^\n]+\ncounted (?s:.*)\xc2\xb1 is 95 %",
    rb"\{\n  \"(version\": \d+,\n  \"(recording|a)|dataset\": .*\n  \"engine)\": ",
    rb"\[\n? *\{\s*\"(time_s\": [^\n]*/flags|label\": [^\n]*, \"(start_s|events_of_warmup)|model\": .*, \"phase|(rank\": \d+, \")?file\": .*, \"team|variant\": .*\s+\"label)\": ",
    rb"\[\]\n\Z",
    rb"time_s,[^\n]*/flags|label,start_s,duration_s,|label,[^\n]*events,events_of_warmup,|model,phase,events,tokens,|(rank,)?file,team,device,|variant,label,file,",
    rb"\{\"displayTimeUnit\":\"ms\",\"otherData\":\{\"tool\":\"powermeter\"\}",
    rb"# (TYPE|HELP) powermeter_|powermeter,source=",
)
"""How texts of ours begin."""

_OURS = re.compile(b"|".join(b"(?:%b)" % one for one in _TEXTS))

_HELD = {
    b"%PDF-": rb"/Creator \(powermeter\)",
    b"\x89PNG": rb"tEXtSoftware\0powermeter",
    b"<?xml": rb"<dc:title>powermeter</dc:title>",
    b"PAR1": rb"written by powermeter",
    b"ARROW1": rb"written by powermeter",
    b"jlsfmt": rb"powermeter",
}
"""How other files begin → what is somewhere in either end of ours."""


def is_recording(path: Path) -> bool:
    """Return whether a file is a recording, under any name; not where it cannot be read."""
    try:
        return holds_recording(first_bytes(path, 4096))
    except OSError:
        return False


def holds_recording(head: bytes) -> bool:
    """Return whether a file that begins so is a recording."""
    return head.startswith(SQLITE) and head[68:72] == schema.APPLICATION_ID.to_bytes(4, "big")


def is_ours(path: Path) -> bool:
    """Return whether a file is what we wrote, by what it holds; an empty one loses nothing.

    A file that may be run is not ours, whatever it holds.
    """
    try:
        head = first_bytes(path, _LOOKED_AT)
        if not head or holds_recording(head):
            return True
        if path.stat().st_mode & 0o111:
            return False
        return bool(_OURS.match(head)) or _is_codecarbon_of_ours(head) or _holds_mark(path, head)
    except OSError:
        return True  # replacing it fails, and reports why


def _holds_mark(path: Path, head: bytes) -> bool:
    mark = next((inside for begin, inside in _HELD.items() if head.startswith(begin)), None)
    if mark is None:
        return False
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _LOOKED_AT, 0))
        return bool(re.search(mark, head, re.DOTALL) or re.search(mark, file.read(), re.DOTALL))


def _is_codecarbon_of_ours(head: bytes) -> bool:
    """Return whether it is codecarbon's table as we write it: of one run, and of no version of codecarbon."""
    header, *rows = head.decode("utf-8", "replace").splitlines()
    names = header.split(",")
    if (
        names[:3] != ["timestamp", "project_name", "run_id"]
        or len(rows) != 1
        or "codecarbon_version" not in names
    ):
        return False
    import csv

    cells = next(csv.reader(rows))
    return len(cells) == len(names) and not cells[names.index("codecarbon_version")]
