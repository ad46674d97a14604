"""Of a folder, the one log that it holds is imported, with the stamped labels beside it; of two logs, neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import importers
from powermeter.errors import DataError

LOG = "time,power (W)\n" + "".join(f"2026-03-05 14:00:{s:02d},5\n" for s in range(30))
LABELS = "2026-03-05 14:00:02,infer_start\n2026-03-05 14:00:04,infer_end\n"


def test_labels_beside_the_only_log_become_its_events(tmp_path: Path) -> None:
    (tmp_path / "meter.csv").write_text(LOG)
    (tmp_path / "labels.csv").write_text(LABELS)
    assert [event.name for event in importers.open_log(tmp_path).events] == ["infer"]
    (tmp_path / "others.csv").write_text(LABELS)
    assert not importers.open_log(tmp_path).events, "which of two files of labels is meant is not known"


def test_of_two_logs_neither_is_taken(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(LOG)
    with pytest.raises(DataError, match="several logs"):
        importers.open_log(tmp_path)
