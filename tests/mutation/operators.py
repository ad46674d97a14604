"""The small wrong changes that are put into a source: each a piece of text in the place of another."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass, field

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
"""A boundary moved by one, or the answer turned round."""

ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Mod: "*",
    ast.Pow: "*",
    ast.LShift: ">>",
    ast.RShift: "<<",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.BitXor: "|",
}

CALLS = {"min": "max", "max": "min", "floor": "ceil", "ceil": "floor", "any": "all", "all": "any"}
"""Functions that are taken for one another."""

EITHER_WAY = ("min", "max", "hypot", "minimum", "maximum", "gcd", "isclose", "isdisjoint", "array_equal")
"""Functions to which the order of two arguments makes no difference."""

QUIET = ("log", "debug", "info", "warning", "print", "echo")
"""Calls whose absence is no fault of a number."""

SWITCHES = ("strict", "flush", "daemon", "exist_ok", "missing_ok", "parents", "stacklevel")
"""Arguments by name that change no number: a check of lengths that are equal by construction, folders that may be there already."""


@dataclass(frozen=True)
class Mutant:
    """One wrong change: `old` at an offset of a file is replaced by `new`."""

    path: str
    line: int
    start: int = field(compare=False)
    end: int = field(compare=False)
    kind: str
    where: str
    old: str
    new: str
    number: int = 0

    @property
    def key(self) -> str:
        """A name that stays the same while lines move: file, function, change, and which one of several."""
        change = hashlib.sha256(f"{self.kind}|{self.old}|{self.new}".encode()).hexdigest()[:8]
        return f"{self.path}:{self.where}:{self.kind}:{change}:{self.number}"

    def apply(self, source: str) -> str:
        """Return the source with the change in it."""
        encoded = source.encode()
        return (encoded[: self.start] + self.new.encode() + encoded[self.end :]).decode()

    def __str__(self) -> str:
        short = [" ".join(text.split())[:70] for text in (self.old, self.new)]
        return f"{self.path}:{self.line} {self.where} [{self.kind}] {short[0]} → {short[1]}"


class _Finder(ast.NodeVisitor):
    """Collects the mutants of one file; annotations, messages and docstrings are left alone."""

    def __init__(self, path: str, source: str) -> None:
        self.path, self.source = path, source
        self.encoded = source.encode()
        self.starts = [0]
        for line in self.encoded.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.scope: list[str] = []
        self.found: list[Mutant] = []
        self.seen: dict[str, int] = {}

    def at(self, node: ast.AST) -> tuple[int, int]:
        return (
            self.starts[node.lineno - 1] + node.col_offset,  # type: ignore[attr-defined]
            self.starts[node.end_lineno - 1] + node.end_col_offset,  # type: ignore[attr-defined]
        )

    def text(self, node: ast.AST) -> str:
        start, end = self.at(node)
        return self.encoded[start:end].decode()

    def add(self, node: ast.AST, kind: str, new: str) -> None:
        start, end = self.at(node)
        self.put(start, end, node.lineno, kind, new)  # type: ignore[attr-defined]

    def put(self, start: int, end: int, line: int, kind: str, new: str) -> None:
        old, where = self.encoded[start:end].decode(), ".".join(self.scope) or "module"
        same = f"{where}|{kind}|{old}|{new}"
        self.seen[same] = number = self.seen.get(same, -1) + 1
        self.found.append(Mutant(self.path, line, start, end, kind, where, old, new, number))

    def between(self, left: ast.AST, right: ast.AST, kind: str, new: str) -> None:
        """Replace the operator that stands between two operands."""
        start, end = self.at(left)[1], self.at(right)[0]
        middle = self.encoded[start:end].decode()
        words = middle.strip("() \n\t\\")
        if not words or "#" in middle:
            return
        offset = start + len(middle[: middle.index(words)].encode())
        self.put(offset, offset + len(words.encode()), left.end_lineno, kind, new)  # type: ignore[attr-defined]

    # What is walked, and what is not --------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name in ("__repr__", "__str__"):
            return
        self.scope.append(node.name)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self.body(node.body)
        self.scope.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.scope.append(node.name)
        self.body(node.body)
        self.scope.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" in ast.unparse(node.test) or "__main__" in ast.unparse(node.test):
            return
        self.condition(node.test)
        self.body(node.body)
        self.body(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self.body(node.body)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.body(node.body)
        self.body(node.orelse)

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
        self.body(node.body)

    visit_AsyncWith = visit_With

    def visit_Try(self, node: ast.Try) -> None:
        for statements in (node.body, *(handler.body for handler in node.handlers)):
            self.body(statements)
        self.body(node.orelse)
        self.body(node.finalbody)

    def visit_Raise(self, node: ast.Raise) -> None:
        """What an error says is prose."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            self.removed(statement)
            self.visit(statement)

    def removed(self, statement: ast.stmt) -> None:
        """A call made for its effect, an update of a number, or an item set is forgotten."""
        called = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        if called and ast.unparse(statement).partition("(")[0].rpartition(".")[2] in QUIET:
            return
        item = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)
        if called or item or isinstance(statement, ast.AugAssign):
            self.add(statement, "removed", "pass")

    # The changes ----------------------------------------------------------------------------------

    def condition(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare):
            self.add(test, "condition", f"(not ({self.text(test)}))")
        self.visit(test)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.condition(node.test)
        self.visit(node.body)
        self.visit(node.orelse)

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            self.between(left, right, "comparison", COMPARISONS[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        words = any(
            isinstance(side, (ast.JoinedStr, ast.List, ast.Tuple))
            or (isinstance(side, ast.Constant) and isinstance(side.value, (str, bytes)))
            for side in (node.left, node.right)
        )
        if not words and type(node.op) in ARITHMETIC:
            self.between(node.left, node.right, "arithmetic", ARITHMETIC[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.USub):
            self.add(node, "sign", f"({self.text(node.operand)})")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = "or" if isinstance(node.op, ast.And) else "and"
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.between(left, right, "boolean", other)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.add(node, "constant", str(not value))
        elif isinstance(value, int):
            self.add(node, "constant", str(value + 1))
        elif isinstance(value, float):
            self.add(node, "constant", repr(value * 1000) if value else "1.0")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            if isinstance(node.value, (ast.Name, ast.Attribute, ast.Call, ast.BinOp)):
                self.add(node.value, "return", "None")
            self.visit(node.value)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in SWITCHES:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in CALLS:
            start, end = self.at(node.func)
            self.put(end - len(name), end, node.lineno, "function", CALLS[name])
        plain = [a for a in node.args if not isinstance(a, ast.Starred)]
        if name in ("abs", "sqrt", "round") and len(plain) == 1:
            self.add(node, "function", f"({self.text(plain[0])})")
        if len(plain) >= 2 and isinstance(plain[0], (ast.Name, ast.Attribute)):
            first, second = plain[:2]
            if isinstance(second, (ast.Name, ast.Attribute)) and name not in (
                "isinstance",
                "getattr",
                *EITHER_WAY,
            ):
                start, end = self.at(first)[0], self.at(second)[1]
                gap = self.encoded[self.at(first)[1] : self.at(second)[0]].decode()
                self.put(start, end, node.lineno, "swapped", self.text(second) + gap + self.text(first))
        self.generic_visit(node)


def candidates(path: str, source: str) -> list[Mutant]:
    """Return the changes of a file, among which are some that cannot be compiled or change nothing."""
    finder = _Finder(path, source)
    finder.body(ast.parse(source).body)
    return finder.found


def is_another_program(mutant: Mutant, source: str) -> bool:
    """Return whether a change can be compiled and is one."""
    try:
        return ast.dump(ast.parse(mutant.apply(source))) != ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return False


def mutants(path: str, source: str) -> list[Mutant]:
    """Return the mutants of a file."""
    return [one for one in candidates(path, source) if is_another_program(one, source)]
