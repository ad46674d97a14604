"""Constants of the estimators stand in the documentation, each with its value and its reason."""

from __future__ import annotations

import ast
import importlib
import math
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-energy-is-computed.md"
ROW = re.compile(
    r"^\| `((?:analysis|signals|comparison|importers|recording)/[\w/]+\.py)` \| `(\w+) = ([^`]+)` \| ([^|]+) \| ([^|]+) \|$",
    re.MULTILINE,
)
VALUE = re.compile(r"^([\de._-]+)(?: (<<|/|-) ([\de._-]+))?$")


@cache
def listed() -> dict[str, dict[str, str]]:
    """Return the value in writing of each constant, by file."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for file, name, value, what, why in ROW.findall(PAGE.read_text(encoding="utf-8")):
        assert what.strip() and why.strip(), name
        found[file][name] = value
    return found


def number(text: str) -> float:
    """Return what `1 << 16`, `2 / 3`, `1 - 1e-9` or `0.5` is."""
    match = VALUE.match(text)
    assert match is not None, text
    left, sign, right = match.groups()
    a, b = float(left), float(right or 0)
    return {None: a, "<<": a * 2**b, "/": a / b if b else math.nan, "-": a - b}[sign]


@pytest.mark.parametrize("file", sorted(listed()))
def test_every_constant_of_a_file_is_listed_with_its_value(file: str) -> None:
    module = importlib.import_module("powermeter." + file.removesuffix(".py").replace("/", "."))
    own = {
        name.id
        for line in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body
        if isinstance(line, ast.Assign)
        for target in line.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }
    there = {name: vars(module)[name] for name in own if isinstance(vars(module)[name], int | float)}
    assert {name: number(text) for name, text in listed()[file].items()} == pytest.approx(there)


def test_the_files_of_windows_and_standing_readings_are_listed() -> None:
    assert len(listed()) >= 60 and sum(map(len, listed().values())) >= 400


@pytest.mark.thorough
def test_each_constant_of_the_estimators_is_named_on_the_page() -> None:
    """Where its file is: in a row or line of section 19, or in the section that derives it; an array without a number of its own is none."""
    derived, _, listed_ = PAGE.read_text(encoding="utf-8").partition("## 19.")
    pieces = [*re.split(r"(?m)^(?=#+ )", derived), *listed_.splitlines()]
    missing = []
    for room in ("analysis", "signals", "comparison"):
        for path in sorted((PAGE.parents[1] / "powermeter" / room).rglob("*.py")):
            words = {word for piece in pieces if path.stem in piece for word in re.findall(r"\w+", piece)}
            for line in ast.parse(path.read_text(encoding="utf-8")).body:
                if not isinstance(line, ast.Assign) or not re.fullmatch(
                    r"[-\d.e_ /*+()<>,]+|.*linspace.*|.*geomspace.*", ast.unparse(line.value)
                ):
                    continue
                names = [n.id for target in line.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
                missing += [f"{path.name}: {n}" for n in names if n not in words]
    assert missing == []


TRADED = re.compile(
    r"^\| `(\w+) = ([^`]+)` \(`((?:analysis|signals|comparison)/[\w/]+\.py)`\) \|(?: [^|]+ \|){3}$",
    re.MULTILINE,
)


def test_what_a_constant_trades_is_stated_for_the_value_it_has() -> None:
    """The derivations of half and double hold for this value; the table of all constants refers to them."""
    text = PAGE.read_text(encoding="utf-8")
    found = TRADED.findall(text.partition("### What single constants trade")[2])
    assert len(found) >= 65
    for name, value, file in found:
        module = importlib.import_module("powermeter." + file.removesuffix(".py").replace("/", "."))
        assert number(value) == pytest.approx(vars(module)[name]), name
    referring = {(file, name) for file, name, _, _, why in ROW.findall(text) if "traded, below" in why}
    assert referring <= {(file, name) for name, _, file in found}


IMPORTING = PAGE.with_name("importing.md")
NUMBERS = re.compile(r"^\| `(\w+\.py)` \| `(\w+)(?: = ([^`]+))?` \|(?: [^|]+ \|){2}$", re.MULTILINE)


DEFINED = re.compile(r"^(\w+(?:, \w+)*) = ([-(\d][-\dA-Fa-fx._ /*+()<>,]*?)(?<!\()(?:  #.*)?$", re.MULTILINE)


def numbers_of(path: Path) -> dict[str, object]:
    """Return the numbers that a file defines, by name; a tuple's own where it is taken apart."""
    found: dict[str, object] = {}
    for names, text in DEFINED.findall(path.read_text(encoding="utf-8")):
        value = eval(text, {"__builtins__": {}})  # noqa: S307
        several = names.split(", ")
        found |= dict(zip(several, value, strict=True)) if len(several) > 1 else {names: value}
    return found


@pytest.mark.thorough
def test_each_number_of_the_importers_is_named_with_its_value() -> None:
    """In `importing.md`, among what decides, limits or formats, or in section 19."""
    page = IMPORTING.read_text(encoding="utf-8").partition("## Numbers that decide")[2]
    deciding = {(file, name): value for file, name, value in NUMBERS.findall(page)}
    beside = {
        (file, name)
        for file, names in re.findall(r"`(\w+\.py)`((?: `\w+`,?)+)", page)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert len(deciding) > 150 and not beside & deciding.keys()
    pieces = [
        (piece, {*re.findall(r"\w+", piece)}) for piece in PAGE.read_text(encoding="utf-8").splitlines()
    ]
    missing, wrong, known = [], [], set()
    for path in sorted((PAGE.parents[1] / "powermeter" / "importers").glob("*.py")):
        derived = set().union(*(words for piece, words in pieces if path.stem in piece))
        for name, value in numbers_of(path).items():
            key = path.name, name
            known.add(key)
            if key in deciding:
                text = deciding[key]
                own = text and eval(text, {"__builtins__": {}})  # noqa: S307
                wrong += [] if isinstance(value, tuple) or own == pytest.approx(value) else [key]
            elif key not in beside and name not in derived:
                missing.append(key)
    assert (missing, wrong, sorted({*(k for k, v in deciding.items() if v), *beside} - known)) == ([], [], [])
