"""The house rules that no linter checks: sizes, docstrings, strings that load our own code, decisions on prose."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("powermeter", "drivers", "calibration", "reports")
LONGEST, LONGEST_TEST, MOST_PARAMETERS = 400, 450, 8

VERBS = re.compile(r"(Give|Gives|Tell|Tells|Say|Says)\b")


def files() -> list[Path]:
    found = [path for top in TOPS for path in sorted((ROOT / top).rglob("*.py"))]
    assert len(found) > 200
    return found


@dataclass(slots=True)
class Module:
    """What the rules need of a file, found in one walk."""

    path: str
    text: str
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=list)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    assignments: list[ast.Assign] = field(default_factory=list)
    first_lines: list[str] = field(default_factory=list)
    """Of its docstrings."""

    @classmethod
    def read(cls, path: Path) -> Module:
        """Return a file, parsed and walked through."""
        found = cls(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        # Only statements are walked through: no definition, import or assignment stands inside an expression.
        left: list[ast.AST] = [ast.parse(found.text)]
        while left:
            node = left.pop()
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                found.first_lines.append(
                    (ast.get_docstring(node, clean=False) or "").lstrip().partition("\n")[0]
                )
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.functions.append(node)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                found.imports.append(node)
            elif isinstance(node, ast.Assign):
                found.assignments.append(node)
            left += [
                one
                for block in ("body", "orelse", "finalbody", "handlers", "cases")
                for one in getattr(node, block, ())
            ]
        return found


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    """Every file of ours."""
    return [Module.read(path) for path in files()]


def test_no_file_is_longer_than_400_lines_and_no_test_than_450(modules: list[Module]) -> None:
    lengths = {one.path: one.text.count("\n") for one in modules}
    assert not {path: n for path, n in lengths.items() if n > LONGEST}
    beside = [path for top in ("tests", "benchmarks") for path in (ROOT / top).rglob("*.py")]
    assert not [path for path in beside if path.read_text(encoding="utf-8").count("\n") > LONGEST_TEST]


def test_a_function_has_at_most_eight_parameters(modules: list[Module]) -> None:
    """Commands of click take one for each option, by name."""
    many = {}
    for one in modules:
        for function in one.functions:
            a = function.args
            own = [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs) if x.arg not in ("self", "cls")]
            if len(own) <= MOST_PARAMETERS:
                continue
            if not any("click" in ast.unparse(decorator) for decorator in function.decorator_list):
                many[f"{one.path}:{function.name}"] = len(own)
    assert not many


def test_a_docstring_says_what_is_returned_in_the_fields_verbs(modules: list[Module]) -> None:
    assert not [f"{one.path}: {line}" for one in modules for line in one.first_lines if VERBS.match(line)]


def test_only_the_registry_names_our_code_by_string(modules: list[Module]) -> None:
    loading = re.compile(
        r"""["']powermeter\.[\w.]+:\w+["']|import_module\(f?["']powermeter|Later\(["']powermeter"""
    )
    ours = {one.path.removesuffix(".py").replace("/", ".") for one in modules}
    others = [one for one in modules if one.path != "powermeter/registry.py"]
    assert not [one.path for one in others if loading.search(one.text)]
    named = [
        (one.path, text)
        for one in others
        for text in re.findall(r"""["'](powermeter\.[\w.]+)["']""", one.text)
    ]
    assert [
        pair for pair in named if pair[1] in ours and pair[1] != "powermeter.toml"
    ] == []  # that one is a file, too


def test_the_formatter_decides_everywhere(modules: list[Module]) -> None:
    assert not [one.path for one in modules if "fmt: " + "skip" in one.text]


def test_a_recording_is_never_just_anything(modules: list[Module]) -> None:
    found = []
    for one in modules:
        for function in one.functions:
            for argument in (*function.args.args, *function.args.kwonlyargs):
                typed = argument.annotation if argument.arg == "recording" else None
                if typed is not None and ast.unparse(typed) == "Any":
                    found.append(f"{one.path}:{function.name}")
    assert not found


def test_the_core_imports_no_wing_and_no_command(modules: list[Module]) -> None:
    """Also not inside functions; the command line stands above the wings."""
    above = re.compile(r"powermeter\.(drivers|calibration|reports|cli)\b")
    found = []
    for one in modules:
        if not one.path.startswith("powermeter/") or one.path.startswith("powermeter/cli/"):
            continue
        if one.path == "powermeter/__main__.py":
            continue
        for node in one.imports:
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
            found += [f"{one.path}: {n}" for n in names if above.match(n)]
    assert not found


FOREIGN = (
    "drivers/links/serial_port.py",
    "drivers/system/firmware.py",
    "powermeter/importers/not_logs.py",
    "powermeter/battery/schedule_file.py",
    "powermeter/fleet/engines.py",
    "powermeter/testing/contract.py",
)
"""Where a text of another program, or one that people type, is read."""
AN_ERROR = r"str\((?:\w*error|e|exc|\w*problem|why|message)\)"
OWN_PROSE = re.compile(
    r"""\.code\s*==\s*f["']|\.(?:why|text|message|remark)\s*[!=]=\s*f?["'][a-z]+ [a-z]|(?:text|note|warning|remark|why|message|reason)\.startswith\(["'][a-z]+ |\b(?:why|reason|remark|message|warning)\.(?:starts|ends)with\(|["'][a-z]+ [a-z ]+["'] (?:not )?in (?:text|note|warning|remark|why|message|str\()"""
    r"""|["'][\w ]+["'] (?:not )?in (?:problem|refusal|failure)\b"""
    rf"|(?<!for c )\bin {AN_ERROR}|{AN_ERROR}(?:\.(?:lower|casefold|strip)\(\))?(?:\.(?:startswith|endswith|find|index)\(| ?[!=]=)"
)


def test_nothing_is_decided_by_a_text_of_ours(modules: list[Module]) -> None:
    found = []
    for one in modules:
        for number, line in enumerate(one.text.splitlines(), 1):
            if OWN_PROSE.search(line):
                found.append(f"{one.path}:{number}: {line.strip()}")
    assert [one for one in found if not any(part in one for part in FOREIGN)] == []


WRONG_VERBS = re.compile(
    r"(?:; |: |, |\bor )(?:give|say) (?:a|the|their|its|how|which|one of)\b"
    r"|\b(?:can|cannot) be told\b|\btold (?:by|of)\b|\btells? of\b|\b(?:tells?|told) (?:\w+ )?apart\b"
)
"""For state, name, report, show, recognise, distinguish, determine: in messages, help and docstrings."""
MOST_WRONG_VERBS = 3
"""There were none when this was written; lines of several hands meet here, and a word must not hold up a release."""


def test_messages_and_docstrings_use_the_fields_verbs(modules: list[Module]) -> None:
    found = []
    for one in modules:
        for number, line in enumerate(one.text.splitlines(), 1):
            if WRONG_VERBS.search(line):
                found.append(f"{one.path}:{number}: {line.strip()}")
    assert len(found) <= MOST_WRONG_VERBS, "\n".join(found)


DECODERS = ("powermeter/channel.py", "powermeter/signals/decoding.py")
"""Where codes become SI: `Channel.in_si` and `value_of`, and the running totals of counters."""
A_SCALE = re.compile(r"\*=? *(?:\w+\.)*channel\.scale\b(?! */)|\bchannel\.scale *\*")
OF_A_DIFFERENCE = "float(head[-1] - head[0]) * stream.channel.scale"
"""Of a counter: no offset, and a missing code was left out before."""


def test_codes_become_si_in_one_place(modules: list[Module]) -> None:
    found = []
    for one in modules:
        for number, line in enumerate(one.text.splitlines(), 1):
            if A_SCALE.search(line) and one.path not in DECODERS and OF_A_DIFFERENCE not in line:
                found.append(f"{one.path}:{number}: {line.strip()}")
    assert found == []


MOST_BY_POSITION = 5


def test_what_has_six_values_is_a_record_and_not_read_by_position(modules: list[Module]) -> None:
    """Apart from what another program's format numbers: frames unpacked, words split, a row of constants."""
    found = []
    for one in modules:
        for node in one.assignments:
            if not isinstance(node.targets[0], ast.Tuple):
                continue
            value = node.value
            of_a_format = isinstance(value, (ast.Tuple, ast.GeneratorExp)) or (
                isinstance(value, ast.Call) and "unpack" in ast.unparse(value.func)
            )
            constants = isinstance(value, ast.Call) and ast.unparse(value.func) == "range"
            if len(node.targets[0].elts) > MOST_BY_POSITION and not of_a_format and not constants:
                found.append(f"{one.path}:{node.lineno}")
    assert found == []


STARTING = (
    "drivers/system/child_program.py",  # a program that a driver reads or asks
    "powermeter/cli/child.py",  # the measured command
    "powermeter/cli/mcp.py",  # our own command, for a language model's tool
    "powermeter/fleet/origins.py",  # ssh, for files
    "powermeter/importers/joulescope.py",  # a reader that may crash
    "powermeter/marking/search_process.py",  # a search in lines that may never end
    "powermeter/recorder/left_behind.py",  # what ends a recorder that hangs
    "powermeter/recorder/parent.py",  # the recorder
    "powermeter/recorder/remote/agent.py",  # the recorder's agent, which runs without the package
    "powermeter/recorder/remote/link.py",  # ssh, for that agent
    "powermeter/testing/process.py",  # a simulated meter
)
"""Each kind of child is started in one place."""


def test_each_kind_of_child_process_is_started_in_one_place(modules: list[Module]) -> None:
    starts = re.compile(r"subprocess\.(?:run|Popen|call|check_\w+)\(|os\.(?:system|popen|spawn\w+|exec\w+)\(")
    assert [one.path for one in modules if starts.search(one.text) and one.path not in STARTING] == []


WITH_EXPONENT = re.compile(r":\+?,?\.[2-5]g\}")
WITHOUT_UNITS = re.compile(
    r"powermeter/(?:units|analysis/item_count|comparison/contrast|rec|signals/|testing/)"
)  # or numbers that cannot grow long


def test_a_number_in_print_has_no_exponent(modules: list[Module]) -> None:
    """1,234 W as `.3g` is `1.23e+03 W`: `powermeter.units.format_short` writes it out."""
    bad = [one for one in modules if WITH_EXPONENT.search(one.text) and not WITHOUT_UNITS.match(one.path)]
    assert [one.path for one in bad] == []


COUNTED = re.compile(
    r"\{(?P<of>[^{}]*)\} (?:more |finished |further |other |damaged )?(?:event|reading|sample|row|line|item|label|"
    r"recording|repeat|mark|hole|gap|token|rail|device|block|file|round|packet)s\b|\{'s' \* \("
)
NEVER_ONE = re.compile(
    r"[\w.]*\b_?(?:MAX|LEAST|MOST)_\w+(?::,)?|expected|even|high|low|plural\(.*|_shown\(.*|.*:(?:>\d+|,?\.\d+[fg])"
)
"""A limit of ours, or a number with its decimals."""
INFLECTED = ("unread_lines.py", "time_axis.py", "hole_limits.py", "column_kinds.py")
"""A verb, or a word that stands before its numbers."""


def test_a_number_and_its_noun_agree(modules: list[Module]) -> None:
    """`1 events` reads like a mistake in the number: `powermeter.errors.plural` writes both."""
    found = []
    for one in modules:
        for number, line in enumerate(one.text.splitlines(), 1):
            for match in COUNTED.finditer(line if 'f"' in line else ""):
                of = match["of"]
                if (of is None and one.path.endswith(INFLECTED)) or (of and NEVER_ONE.fullmatch(of)):
                    continue
                found.append(f"{one.path}:{number}: {match[0]}")
    assert found == []


def room(module: str) -> str:
    """The folder, or the file of the ground floor, that a module lies in: `powermeter.analysis`, `powermeter.units`."""
    return ".".join(module.split(".")[:2])


@pytest.fixture(scope="module")
def imports(modules: list[Module]) -> set[tuple[str, str]]:
    """Which module imports which, also inside functions and for types alone."""
    names = {}
    for one in modules:
        parts = one.path.removesuffix(".py").split("/")
        names[one.path] = ".".join(
            part
            for part in (["powermeter"] if parts[0] != "powermeter" else []) + parts
            if part != "__init__"
        )
    known, found = set(names.values()), set()
    for one in modules:
        here = names[one.path]
        own = here if one.path.endswith("__init__.py") else here.rpartition(".")[0]
        for node in one.imports:
            if isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    up = own.split(".")[: len(own.split(".")) - node.level + 1]
                    base = ".".join([*up, *([node.module] if node.module else [])])
                asked = [f"{base}.{alias.name}" for alias in node.names]
                targets = [target if target in known else base for target in asked]
            else:
                targets = [alias.name for alias in node.names]
            found |= {(here, target) for target in targets if target in known}
    return found


@pytest.fixture(scope="module")
def arrows(imports: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which room imports which."""
    return {(room(a), room(b)) for a, b in imports if room(a) != room(b)}


def circles(left: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return what remains where those that nothing left imports, or that import nothing left, are taken away again and again."""
    while True:
        importing, imported = {a for a, _ in left}, {b for _, b in left}
        less = {(a, b) for a, b in left if a in imported and b in importing}
        if less == left:
            return left
        left = less


def test_neither_rooms_nor_files_import_each_other_in_a_circle(
    arrows: set[tuple[str, str]], imports: set[tuple[str, str]]
) -> None:
    assert circles(arrows) == set() and circles({(a, b) for a, b in imports if a != b}) == set()


def test_the_house_stays_as_small_as_it_was_drawn(arrows: set[tuple[str, str]]) -> None:
    """The figures in `docs/decisions.md` count what nothing imports, benchmarks and reproduced papers, too."""
    assert len({one for pair in arrows for one in pair}) <= 28
    assert len(arrows) <= 153


RULES = (
    ("raise E('no times; say how often')\n" * 4, test_messages_and_docstrings_use_the_fields_verbs),
    ("if named.why.startswith('said'):\n    pass", test_nothing_is_decided_by_a_text_of_ours),
    (
        "for x in y:\n    with z:\n        a, b, c, d, e, f = entry",
        test_what_has_six_values_is_a_record_and_not_read_by_position,
    ),
    ("value = code * channel.scale", test_codes_become_si_in_one_place),
    ("codes *= self.channel.scale", test_codes_become_si_in_one_place),
    ('subprocess.run(["ls"])', test_each_kind_of_child_process_is_started_in_one_place),
    ("if named.why == 'unit at the end':\n    raise", test_nothing_is_decided_by_a_text_of_ours),
    ('if "rail" not in str(error):\n    raise', test_nothing_is_decided_by_a_text_of_ours),
    ('x = A if "nothing" in problem else B', test_nothing_is_decided_by_a_text_of_ours),
    ('if str(error).startswith("no"):\n    raise', test_nothing_is_decided_by_a_text_of_ours),
    ("if any(word in str(error) for word in WORDS):\n    raise", test_nothing_is_decided_by_a_text_of_ours),
    ('x = f"{100 * change:+.2g} %"', test_a_number_in_print_has_no_exponent),
    ('x = f"{n} events"', test_a_number_and_its_noun_agree),
    ('x = f"{len(rows)} more rows of it"', test_a_number_and_its_noun_agree),
    ("def f(a, b, c, d, e, g, h, i, j): ...", test_a_function_has_at_most_eight_parameters),
    ("if x:\n    pass\nelse:\n    def f(recording: Any): ...", test_a_recording_is_never_just_anything),
    (
        'class A:\n    def f(self):\n        """Give it."""',
        test_a_docstring_says_what_is_returned_in_the_fields_verbs,
    ),
    ("try:\n    pass\nexcept E:\n    import powermeter.cli", test_the_core_imports_no_wing_and_no_command),
    (
        "match x:\n    case 1:\n        from powermeter.reports import a",
        test_the_core_imports_no_wing_and_no_command,
    ),
    (
        "for a in b:\n    with c:\n        import powermeter.drivers",
        test_the_core_imports_no_wing_and_no_command,
    ),
)


@pytest.mark.parametrize(("text", "rule"), RULES)
def test_each_rule_sees_what_breaks_it_wherever_it_stands(text, rule, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "powermeter").mkdir()
    (tmp_path / "powermeter" / "a.py").write_text(text, encoding="utf-8")
    with pytest.raises(AssertionError):
        rule([Module.read(tmp_path / "powermeter" / "a.py")])


PRIVATE = re.compile(
    r"(?<![\w.])(?!self\b|cls\b|os\._exit|torch\b|util\b|mod\b)[A-Za-z]\w*\._(?!(?:replace|asdict|fields|make)\b)[a-z]\w*|import _[a-z]\w*"
)
"""What another module keeps for itself; the four names of a NamedTuple that begin so are public."""
PRIVATE_USES = {
    "cli/test_progress.py": (5, "a line is drawn once a while, which the test does not wait for"),
    "cli/test_events_from_output.py": (3, "a watcher without the command that it watches"),
    "cli/test_group_signals.py": (1, "a line break before os._exit in a program of the test"),
    "drivers/links/test_i2c.py": (3, "a kernel's bus that refuses, which no simulated one has"),
    "drivers/links/test_serial_port.py": (
        2,
        "pyserial's settings of the port, which the link does not return",
    ),
    "drivers/meters/test_ppk2_stream.py": (1, "the published client's own"),
    "drivers/test_jtop.py": (1, "the published reader's own"),
    "drivers/test_km003c.py": (1, "frames that the simulated meter leaves out"),
    "drivers/test_pmic.py": (1, "two seconds pass without being waited for"),
    "drivers/test_ppk2.py": (2, "bytes with the time of their arrival, without a port"),
    "drivers/test_tegrastats.py": (2, "three lines that arrive at once, whatever the machine does"),
    "fleet/serve/test_watched.py": (1, "a look at a recording that takes long"),
    "hooks/test_llama_cpp.py": (2, "the published binding's own"),
    "hooks/tokens/test_llama_cpp.py": (1, "a server of the tests' own support"),
    "marking/test_accelerators.py": (1, "the very clock that stamps an event"),
    "recorder/test_process.py": (
        2,
        "chunks written so far, and the text at the end of a disk that stayed full",
    ),
    "recorder/test_reading.py": (2, "the order in which two threads write is watched"),
    "recorder/test_reliability.py": (1, "the notices of the recorder behind a Meter"),
    "recording/test_kill.py": (1, "the process to be killed"),
    "test_meter.py": (1, "the process to be killed"),
    "testing/test_hid_meters.py": (1, "reading begins without the first frames being dropped as old"),
    "testing/test_line_meters.py": (3, "bytes of one read, and which table of scales was recognised"),
}
"""Test file → how often it uses what another module keeps for itself, and why no public way is there; may only become fewer."""


@pytest.mark.parametrize(
    ("text", "uses"),
    [("row._replace(flags=0)", 0), ("row._asdict()", 0), ("reader._rows", 1), ("row._replaced", 1)],
)
def test_the_public_names_of_a_named_tuple_are_not_kept_for_itself(text: str, uses: int) -> None:
    assert len(PRIVATE.findall(text)) == uses


def test_tests_rarely_read_what_a_module_keeps_for_itself() -> None:
    found = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        uses = PRIVATE.findall(path.read_text(encoding="utf-8")) if path != Path(__file__) else []
        if uses:
            found[path.relative_to(ROOT / "tests").as_posix()] = uses
    beyond = {name: uses for name, uses in found.items() if len(uses) > PRIVATE_USES.get(name, (0, ""))[0]}
    assert not beyond
    assert sorted(found) == sorted(PRIVATE_USES), "strike off what uses nothing private any more"
