"""Finds the notes that the code can attach to a result: their code, severity and text, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("powermeter", "drivers", "calibration", "reports")
SEVERITIES = ("info", "warning", "withheld")


def notes() -> list[tuple[str, str, str]]:
    """Return (code, severity, text) of every note, sorted; what is filled in at run time is an ellipsis."""
    found: dict[tuple[str, str], str] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if "Note." in source:
                for code, severity, text in _notes_of(ast.parse(source)):
                    found.setdefault((code, severity), text)
    return [(code, severity, text) for (code, severity), text in sorted(found.items())]


def _notes_of(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    named = _assigned(tree.body)
    for function in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))]:
        nodes = [node for part in function.body for node in ast.walk(part)]
        for node in nodes:
            call = node.func if isinstance(node, ast.Call) else None
            if not (isinstance(call, ast.Attribute) and call.attr in SEVERITIES):
                continue
            if not (isinstance(call.value, ast.Name) and call.value.id == "Note"):
                continue
            assert isinstance(node, ast.Call)
            before = [one for one in nodes if isinstance(one, ast.Assign) and one.lineno <= node.lineno]
            code = _text(node.args[0], named) if node.args else ""
            if code and "…" not in code and len(node.args) > 1:
                yield code, call.attr, _text(node.args[1], {**named, **_assigned(before)})


def _assigned(nodes: Sequence[ast.AST]) -> dict[str, ast.expr]:
    """Return the values of names that are assigned, the last one of each."""
    found: dict[str, ast.expr] = {}
    for node in sorted((n for n in nodes if isinstance(n, ast.Assign)), key=lambda n: n.lineno):
        for target in node.targets:
            if isinstance(target, ast.Name):
                found[target.id] = node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
                found |= {name.id: value for name, value in pairs if isinstance(name, ast.Name)}
    return found


def _is_plural(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "plural"


def _text(node: ast.expr, names: dict[str, ast.expr], depth: int = 0) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Call) and _is_plural(node):
        words = [one.value for one in node.args[1:] if isinstance(one, ast.Constant)]
        return f"… {words[1] if len(words) > 1 else f'{words[0]}s'}" if words else "…"
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(
                part.value if isinstance(part, ast.FormattedValue) and _is_plural(part.value) else part,
                names,
                3,
            )
            for part in node.values
        )
    if isinstance(node, ast.Name) and node.id in names and depth < 3:
        return _text(names[node.id], names, depth + 1)
    if isinstance(node, ast.BinOp):
        return _text(node.left, names, depth) + _text(node.right, names, depth)
    return "…"
