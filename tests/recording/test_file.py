"""How the file of a recording is created, opened and checked before anything in it is believed: what it promises."""

from __future__ import annotations

import resource
from pathlib import Path

from powermeter.recording import file


def test_the_limits_are_those_the_file_format_names():
    page = (Path(__file__).resolve().parents[2] / "docs" / "file-format.md").read_text()
    from powermeter.recording import columns

    assert f"{columns.MAX_COUNT:,}".replace(",", " ") in page and columns.MAX_COUNT == 131_072
    assert file.MODE == 0o600 and resource.getpagesize() > 0
