"""Every message that the troubleshooting page explains is one that the code prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from powermeter import errors

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HEAD, _, ERRORS = PAGE.partition("\n## Errors that Python raises")
MESSAGES = [
    message
    for line in HEAD.splitlines()
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
    assert len(MESSAGES) > 30 and PAGE.count("\n## ") == 5


def test_each_class_of_error_has_its_row_with_its_status() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    ours = {kind.__name__: kind.exit_code for kind in classes if issubclass(kind, errors.PowermeterError)}
    del ours["PowermeterError"]
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", ERRORS, re.MULTILINE)
    assert rows == [(name, str(code)) for name, code in ours.items()]
    assert [reason.value for reason in errors.Reason if f"*{reason.value}*" not in ERRORS] == []
