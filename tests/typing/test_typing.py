"""The public face as type checkers and `get_type_hints` see it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import powermeter
from powermeter.analysis.repeat_loop import LoopLimits, World

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WINGS = ("drivers", "calibration", "reports")
AS_INSTALLED = '[[tool.mypy.overrides]]\nmodule = ["powermeter.*"]\nignore_errors = true\n'
"""As of any package that is installed, mypy reads no body of a function: those are what `tasks.py lint` checks."""
REQUIRED = bool(os.environ.get("POWERMETER_TESTS_REQUIRE_ALL"))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package laid out as it is installed, by links, with the two files beside it."""
    folder = tmp_path_factory.mktemp("typing")
    package = folder / "powermeter"
    package.mkdir()
    for path in Path(powermeter.__file__).parent.iterdir():
        if path.name not in (*WINGS, "__pycache__"):
            (package / path.name).symlink_to(path)
    for name in WINGS:
        (package / name).symlink_to(Path(importlib.import_module(f"powermeter.{name}").__file__ or "").parent)
    for name in ("api.py", "wrong.py"):
        shutil.copy(HERE / name, folder / name)
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + AS_INSTALLED)
    return folder


def lines_marked(path: Path) -> set[int]:
    return {n for n, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# error")}


def check(tree: Path, *command: str) -> dict[str, set[int]]:
    """Return the lines with errors, by file."""
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=280)
    if "No module named" in done.stderr:
        if REQUIRED:
            pytest.fail(done.stderr)
        pytest.skip(f"{command[2]} is not installed")
    found: dict[str, set[int]] = {"api.py": set(), "wrong.py": set()}
    for name, line in re.findall(r"(\w+\.py):(\d+)(?::\d+)?(?: -)?:? error", done.stdout):
        found.setdefault(name, set()).add(int(line))
    assert done.returncode == 1, done.stdout + done.stderr  # wrong.py holds errors
    return found


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_mypy_accepts_the_right_and_refuses_the_wrong(tree: Path) -> None:
    cache = f"--cache-dir={ROOT / '.mypy_cache' / 'as_installed'}"
    found = check(tree, sys.executable, "-m", "mypy", "--strict", cache, "api.py", "wrong.py")
    assert found["api.py"] == set()
    assert found["wrong.py"] == lines_marked(HERE / "wrong.py")


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_pyright_accepts_the_right_and_refuses_the_wrong(tree: Path) -> None:
    found = check(tree, sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "api.py", "wrong.py")
    assert found["api.py"] == set()
    assert found["wrong.py"] == lines_marked(HERE / "wrong.py")


def test_the_program_that_is_checked_uses_every_public_name() -> None:
    used = (HERE / "api.py").read_text(encoding="utf-8")
    assert [name for name in powermeter.__all__ if not re.search(rf"\b{name}\b", used)] == []


def public() -> list[tuple[str, object]]:
    """Every function, class, method and property of the public names."""
    found: list[tuple[str, object]] = []
    for name in powermeter.__all__:
        thing = getattr(powermeter, name)
        found.append((name, thing))
        if not inspect.isclass(thing):
            continue
        for attribute, value in vars(thing).items():
            if attribute.startswith("_") and attribute not in ("__init__", "__enter__", "__exit__"):
                continue
            value = value.fget if isinstance(value, property) else value
            value = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
            if inspect.isfunction(value):
                found.append((f"{name}.{attribute}", value))
    return found


@pytest.mark.parametrize(("name", "thing"), public(), ids=[name for name, _ in public()])
def test_type_hints_of_every_public_name_can_be_read(name: str, thing: object) -> None:
    hints = typing.get_type_hints(thing)
    if inspect.isfunction(thing) and not name.endswith("__exit__"):
        assert "return" in hints, name


def test_no_public_function_takes_any_keyword_unseen() -> None:
    free = {"event", "mark", "each", "track"}  # the attributes of events
    free |= {"sweep", "watch"} | {f"Meter.{name}" for name in free} | {"Analysis.row"}
    for name, thing in public():
        if inspect.isfunction(thing) and name not in free:
            keywords = [p for p in inspect.signature(thing).parameters.values() if p.kind is p.VAR_KEYWORD]
            for each in keywords:  # each is listed with its type
                assert str(each.annotation).startswith("Unpack["), name


def test_keywords_of_a_loop_are_those_it_takes() -> None:
    settings = typing.get_type_hints(powermeter.RepeatLoop.__init__)["settings"]
    listed = typing.get_args(settings)[0].__annotations__
    assert set(listed) == {field.name for kind in (LoopLimits, World) for field in dataclasses.fields(kind)}


def test_tab_completion_shows_what_is_public_and_little_else() -> None:
    shown = set(dir(powermeter))
    assert set(powermeter.__all__) <= shown
    assert {"Meter", "Recording", "analyse", "compare", "Event", "Trace", "Channel", "Source"} <= shown
    assert {"discover", "open", "PowermeterError", "OpenError", "DataError"} <= shown
    assert len(shown - set(powermeter.__all__)) < 8
