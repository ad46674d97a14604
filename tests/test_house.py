"""The house rules that no linter checks: sizes, docstrings, strings that load our own code, decisions on prose."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("powermeter", "drivers", "calibration", "reports")
LONGEST, MOST_PARAMETERS = 400, 8

VERBS = re.compile(r"(Give|Gives|Tell|Tells|Say|Says)\b")


def files() -> list[Path]:
    found = [path for top in TOPS for path in sorted((ROOT / top).rglob("*.py"))]
    assert len(found) > 200
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {name(path): ast.parse(path.read_text(encoding="utf-8")) for path in files()}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {name(path): path.read_text(encoding="utf-8").count("\n") for path in files()}
    assert not {path: n for path, n in lengths.items() if n > LONGEST}


def test_a_function_has_at_most_eight_parameters(trees: dict[str, ast.Module]) -> None:
    """Commands of click take one for each option, by name."""
    many = {}
    for path, tree in trees.items():
        for function in functions(tree):
            a = function.args
            own = [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs) if x.arg not in ("self", "cls")]
            if len(own) <= MOST_PARAMETERS:
                continue
            if not any("click" in ast.unparse(decorator) for decorator in function.decorator_list):
                many[f"{path}:{function.name}"] = len(own)
    assert not many


def test_a_docstring_says_what_is_returned_in_the_fields_verbs(trees: dict[str, ast.Module]) -> None:
    found = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                text = ast.get_docstring(node) or ""
                if VERBS.match(text):
                    found.append(f"{path}: {text.splitlines()[0]}")
    assert not found


def test_only_the_registry_names_our_code_by_string() -> None:
    loading = re.compile(r"""["']powermeter\.[\w.]+:\w+["']""")
    found = [
        name(path)
        for path in files()
        if name(path) != "powermeter/registry.py" and loading.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_the_formatter_decides_everywhere() -> None:
    assert not [name(path) for path in files() if "fmt: " + "skip" in path.read_text(encoding="utf-8")]


def test_a_recording_is_never_just_anything(trees: dict[str, ast.Module]) -> None:
    found = []
    for path, tree in trees.items():
        for function in functions(tree):
            for argument in (*function.args.args, *function.args.kwonlyargs):
                typed = "" if argument.annotation is None else ast.unparse(argument.annotation)
                if argument.arg == "recording" and typed == "Any":
                    found.append(f"{path}:{function.name}")
    assert not found


def test_the_core_imports_no_wing_and_no_command(trees: dict[str, ast.Module]) -> None:
    """Also not inside functions; the command line stands above the wings."""
    above = re.compile(r"powermeter\.(drivers|calibration|reports|cli)\b")
    found = []
    for path, tree in trees.items():
        if not path.startswith("powermeter/") or path.startswith("powermeter/cli/"):
            continue
        if path == "powermeter/__main__.py":
            continue
        for node in ast.walk(tree):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found += [f"{path}: {n}" for n in names if above.match(n)]
    assert not found


FOREIGN = (
    "drivers/links/serial_port.py",
    "powermeter/importers/not_logs.py",
    "powermeter/battery/duty_cycle.py",
)
"""Where a text of another program, or one that people type, is read."""
OWN_PROSE = re.compile(
    r"""\.code\s*==\s*f["']|(?:text|note|warning|remark|why|message|reason)\.startswith\(["'][a-z]+ |["'][a-z]+ [a-z ]+["'] (?:not )?in (?:text|note|warning|remark|why|message|str\()"""
)


def test_nothing_is_decided_by_a_text_of_ours() -> None:
    found = []
    for path in files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if OWN_PROSE.search(line):
                found.append(f"{name(path)}:{number}: {line.strip()}")
    assert [one for one in found if not any(part in one for part in FOREIGN)] == []


def room(module: str) -> str:
    """The folder, or the file of the ground floor, that a module lies in: `powermeter.analysis`, `powermeter.units`."""
    return ".".join(module.split(".")[:2])


def arrows(trees: dict[str, ast.Module]) -> set[tuple[str, str]]:
    """Which room imports which, also inside functions."""
    names = {}
    for path in trees:
        parts = path.removesuffix(".py").split("/")
        names[path] = ".".join(
            part
            for part in (["powermeter"] if parts[0] != "powermeter" else []) + parts
            if part != "__init__"
        )
    known, found = set(names.values()), set()
    for path, tree in trees.items():
        own = names[path] if path.endswith("__init__.py") else names[path].rpartition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    up = own.split(".")[: len(own.split(".")) - node.level + 1]
                    base = ".".join([*up, *([node.module] if node.module else [])])
                asked = [f"{base}.{alias.name}" for alias in node.names]
                targets = [one if one in known else base for one in asked]
            elif isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            else:
                continue
            found |= {(room(names[path]), room(one)) for one in targets if one in known}
    return {(a, b) for a, b in found if a != b}


def test_no_rooms_import_each_other_in_a_circle(trees: dict[str, ast.Module]) -> None:
    """Rooms that nothing left imports are taken away, again and again; only circles would remain."""
    left = arrows(trees)
    while imported := {b for _, b in left}:
        less = {(a, b) for a, b in left if a in imported}
        if less == left:
            break
        left = less
    assert left == set()


def test_the_house_stays_as_small_as_it_was_drawn(trees: dict[str, ast.Module]) -> None:
    """The figures in `docs/decisions.md` count benchmarks and reproduced papers (16 arrows) too."""
    found = arrows(trees)
    assert len({one for pair in found for one in pair}) <= 30
    assert len(found) <= 174
