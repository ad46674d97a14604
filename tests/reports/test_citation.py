"""How a recording is cited: BibTeX of the tool, the instruments and the factors, the methods, a data statement, the file's hash: what it promises."""

from __future__ import annotations

import re

from powermeter.recording import Recording
from powermeter.reports.citation import bibtex, citation, file_digest
from powermeter.reports.report_data import gather


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
