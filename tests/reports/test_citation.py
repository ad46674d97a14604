"""How a recording is cited: BibTeX of the tool, the instruments and the factors, the methods, a data statement, the file's hash: what it promises."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from powermeter.channel import Boundary, Rail
from powermeter.recording import Recording
from powermeter.reports.citation import bibtex, citation, file_digest, statement
from powermeter.reports.report_data import gather
from powermeter.result import Grade
from powermeter.result.notes import Note


def gathered(path):
    with Recording.open(path) as recording:
        return gather(recording)


def balance(text):
    depth = 0
    for character in re.sub(r"\\[{}]", "", text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    return depth


def test_a_citation_has_its_parts(make, twenty):
    data = gathered(make(events=twenty, source="odd {name} \\input{x}"))
    text = citation(data)
    assert file_digest(data.path) in text and "% Methods" in text and "20 events" in text
    keys = re.findall(r"^@\w+\{([^,]+),$", bibtex(data), re.MULTILINE)
    assert len(keys) == len(set(keys)) >= 3 and all(re.fullmatch(r"[a-z0-9:-]+", key) for key in keys)
    assert balance(bibtex(data)) == 0


def test_instruments_whose_names_have_no_letter_of_a_key_are_two_entries(make, twenty):
    data = gathered(make(events=twenty, source="模型", second=True))
    one, other = data.instruments
    data = replace(data, instruments=(one, replace(other, name="测量")))
    keys = re.findall(r"^@\w+\{([^,]+),$", bibtex(data), re.MULTILINE)
    assert sum(key.startswith("instrument:unnamed") for key in keys) == 2 and len(keys) == len(set(keys))


def test_the_tool_is_named_as_in_the_citation_file_with_the_year_of_its_use(make, twenty):
    data = gathered(make(events=twenty))
    entry = bibtex(data).partition("\n\n")[0]
    held = (Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8")
    title, author = (re.search(rf'{key}: "(.+)"', held)[1] for key in ("title", "name"))
    assert (
        f"author = {{{{{author}}}}}" in entry
        and f"title = {{{title.replace('powermeter', '{powermeter}')}}}" in entry
    )
    assert data.started is not None and f"used in {data.started.year}" in entry and "year = " not in entry
    losses = next(text for text in bibtex(data).split("\n\n") if "factor:codecarbon" in text)
    assert "year = {2026}" in losses and "data of 2019; MIT" in losses, (
        "a version is not of the year of its data"
    )
    assert "used in" not in bibtex(replace(data, started=None)).partition("\n\n")[0]
    log = replace(data.instruments[0], url="import://log")
    older = bibtex(replace(data, instruments=(log,))).partition("\n\n")[0]
    assert "used in" not in older, "a log may be older than the tool that imported it"


@pytest.mark.parametrize(
    ("boundary", "grade", "held"),
    [
        (Boundary.BOARD, Grade.MEASURED, "measured power"),
        (Boundary.BOARD, Grade.ESTIMATED, "an estimate by a model"),
        (Boundary.MODEL, Grade.MEASURED, "an estimate by a model"),
    ],
)
def test_what_a_recording_holds_goes_by_its_source(make, boundary, grade, held):
    """A meter whose range ended leaves an estimated energy, and no model."""
    data = gathered(make(grade=grade, rail=Rail("R", None, boundary)))
    a = data.analysis
    ended = replace(a, energy=replace(a.energy, grade=Grade.ESTIMATED))
    assert f" holds {held}: " in statement(replace(data, analysis=ended), "0")


def test_what_the_recording_warns_of_itself_stands_in_the_statement_as_sentences(make, twenty):
    data = gathered(make(events=twenty, metadata={"command_status": 1}))
    warned = statement(data, "0").partition("SHA-256 0. ")[2]
    assert warned.startswith("run.power: the program ended with status 1") and warned.endswith("number.")
    noted = replace(data.analysis, warnings=[Note.warning("some", "its clock was set. it is old.")])
    assert statement(replace(data, analysis=noted), "0").endswith("0. Its clock was set. it is old.")


@pytest.mark.parametrize("width", [40, 80])
def test_on_a_terminal_no_word_is_broken(here, make, twenty, monkeypatch, width):
    """Addresses and the hash stay whole to be copied; a file has its lines as they are."""
    path = make(events=twenty)
    whole = here("cite", path).stdout
    monkeypatch.setenv("COLUMNS", str(width))
    printed = here("cite", path).stdout
    assert printed.split() == whole.split()
    over = [line for line in printed.splitlines() if len(line) > width]
    assert all(len(line.split()) == 1 for line in over)
    assert any(len(line) > width for line in whole.splitlines())


def test_a_count_that_contradicts_the_recording_is_in_the_data_statement(here, make, twenty):
    text = " ".join(here("cite", make(events=twenty), "--items", 8).stdout.split())
    assert "--items 8 contradicts what was recorded" in text.partition("% Data")[2]
