"""One name, one thing: a class name that three files use for different things is read wrongly in two of them."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CLASS = re.compile(r"^ *class _*(\w+)", re.MULTILINE)

ONE_KIND = {"PowerCallback"}
"""Names that a user writes in several frameworks for the same thing."""


def test_no_three_classes_have_one_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for top in ("powermeter", "drivers", "calibration", "reports"):
        for path in sorted((ROOT / top).rglob("*.py")):
            for name in CLASS.findall(path.read_text(encoding="utf-8")):
                places[name].append(path.relative_to(ROOT).as_posix())
    assert len(places) > 700
    assert {name: at for name, at in places.items() if len(at) > 2 and name not in ONE_KIND} == {}
