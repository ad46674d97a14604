"""The examples of docs/footprint.md are usable as they stand."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path

from powermeter.battery.duty_cycle import State, read_schedule
from powermeter.footprint.bill import bill
from powermeter.footprint.formula import total
from powermeter.result import Result

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = Path(__file__).resolve().parents[2] / "docs" / "footprint.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_schedule_and_bill() -> None:
    schedule, parts = blocks("toml")
    infer = State("infer", Result.of(0.5, "J", {}), 0.25, "measured")
    found = read_schedule(tomllib.loads(schedule), {"infer": infer})
    assert [entry.state.name for entry in found.entries] == ["infer", "uplink", "advertise"]
    assert total(bill(tomllib.loads(parts)["part"])).value > 500


def test_python_example() -> None:
    (example,) = blocks("python")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(example, str(PAGE), "exec"), {})  # noqa: S102 — our own page
    assert "factors used:" in out.getvalue()
