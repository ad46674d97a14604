"""Every message that the troubleshooting page explains is one that the code prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = [
    message
    for line in PAGE.splitlines()
    if line.startswith("| `")
    for message in re.findall(r"`([^`]+)`", line.split(" | ")[0])
]


@pytest.fixture(scope="module")
def texts() -> str:
    """All source text, with literals that are written on several lines joined."""
    rooms = ("powermeter", "drivers", "calibration", "reports")
    files = (path for room in rooms for path in sorted((ROOT / room).rglob("*.py")))
    joined = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r'"\s*\n\s*f?"', "", joined)


@pytest.mark.parametrize("message", MESSAGES)
def test_it_is_printed_somewhere(texts: str, message: str) -> None:
    assert message in texts


def test_there_are_messages_of_every_kind() -> None:
    assert len(MESSAGES) > 30 and PAGE.count("\n## ") == 4
