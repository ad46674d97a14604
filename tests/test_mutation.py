"""The tool behind `python3 tasks.py mutants`: each change is one, compiles, and is put back."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from powermeter import toml

pytestmark = pytest.mark.thorough

HERE = Path(__file__).resolve().parent / "mutation"

SOURCE = '''"""A module."""
LIMIT = 3

def spread(values: list[float], unit: str = "J") -> float:
    """Return a number."""
    total = 0.0
    for value in values:
        if value > LIMIT and value is not None:
            total += abs(value) * 2.5
        seen[unit] = value
    total = beyond(total, LIMIT)
    return math.sqrt(max(total, LIMIT) / (len(values) - 1))
'''


def part(name: str) -> Iterator[ModuleType]:
    """Yield a file of the tool as a module, which is imported while it is asked only."""
    spec = importlib.util.spec_from_file_location(f"mutation_{name}", HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def operators() -> Iterator[ModuleType]:
    yield from part("operators")


@pytest.fixture
def laboratory() -> Iterator[ModuleType]:
    yield from part("laboratory")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">", ">="),
        ("and", "or"),
        ("is not", "is"),
        ("3", "4"),
        ("2.5", "2500.0"),
        ("1", "2"),
        ("-", "+"),
        ("/", "*"),
        ("total += abs(value) * 2.5", "pass"),
        ("seen[unit] = value", "pass"),
        ("abs(value)", "(value)"),
        ("max", "min"),
        ("total, LIMIT", "LIMIT, total"),
        ("math.sqrt(max(total, LIMIT) / (len(values) - 1))", "None"),
    ],
)
def test_a_change_of_each_kind(operators: ModuleType, old: str, new: str) -> None:
    found = [(m.old, m.new) for m in operators.mutants("a.py", SOURCE)]
    assert (old, new) in found


def test_every_mutant_is_another_program_and_has_a_name_of_its_own(operators: ModuleType) -> None:
    found = list(operators.mutants("a.py", SOURCE))
    assert len({m.apply(SOURCE) for m in found}) == len(found) == len({m.key for m in found})
    for mutant in found:
        compile(mutant.apply(SOURCE), "a.py", "exec")
        line = mutant.apply(SOURCE).splitlines()[mutant.line - 1]
        assert line != SOURCE.splitlines()[mutant.line - 1]


def test_names_stay_when_lines_move(operators: ModuleType) -> None:
    before = [m.key for m in operators.mutants("a.py", SOURCE)]
    assert [m.key for m in operators.mutants("a.py", SOURCE.replace("LIMIT = 3", "\n\nLIMIT = 3"))] == before


def test_prose_is_left_alone(operators: ModuleType) -> None:
    prose = 'def f() -> "a": \n    """1 > 2"""\n    raise ValueError(f"{1 + 2} at most")\n'
    assert not list(operators.mutants("a.py", prose))


def test_two_arguments_are_not_swapped_where_their_order_makes_no_difference(operators: ModuleType) -> None:
    swapped = [m for m in operators.mutants("a.py", "x = min(a, b)\ny = math.hypot(a, b)\nz = f(a, b)\n")]
    assert [(m.old, m.new) for m in swapped if m.kind == "swapped"] == [("a, b", "b, a")]
    assert ("min", "max") in [(m.old, m.new) for m in swapped]


def test_faults_by_hand_have_their_place_and_compile() -> None:
    """The code moves on, and the tool names what is stale; five sixths must still be of use."""
    root = HERE.parents[1]
    faults = toml.read(HERE / "faults.toml")["fault"]
    placed = 0
    for fault in faults:
        source = (root / fault["path"]).read_text(encoding="utf-8")
        if source.count(fault["old"]) == 1:
            placed += 1
            compile(source.replace(fault["old"], fault["new"]), fault["path"], "exec")
    assert len(faults) >= 60 and placed >= len(faults) * 5 / 6


def test_tests_of_the_copy_see_the_variables_that_others_see(
    laboratory: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without PATH a test that looks for a program fails for every mutant alike."""
    monkeypatch.setenv("SEEN_BY_TESTS", "2.5")
    copy = laboratory.Laboratory(tmp_path)
    copy.root.mkdir()
    (copy.root / "test_it.py").write_text(
        "import os\n\n\ndef test_it():\n    assert os.environ['PATH'] and os.environ['SEEN_BY_TESTS'] == '2.5'\n"
    )
    outcome = copy.run(["test_it.py"], 60.0)
    assert (outcome.killed, outcome.by) == (False, ""), copy.output.read_text()
