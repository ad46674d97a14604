"""One tree of errors, each with a status of its own, and the command line as the one place that prints them."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import cli, errors, registry
from powermeter.errors import OpenError, PowermeterError, ReadError, Reason, plural
from powermeter.errors.exit_codes import EXIT_CODES

OURS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PowermeterError)
]


def test_every_kind_has_a_status_of_its_own_that_the_command_line_documents():
    codes = {kind.__name__: kind.exit_code for kind in OURS}
    assert len(set(codes.values())) == len(codes) and 0 not in codes.values()
    assert EXIT_CODES[PowermeterError.exit_code] == "another error of this package"
    for kind in OURS:
        when = (kind.__doc__ or "").partition("\n")[0].rstrip(".").removeprefix("Raised when ")
        assert kind is PowermeterError or EXIT_CODES[kind.exit_code] == f"`{kind.__name__}`: {when}"


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("ConfigurationError", ValueError),
        ("ExistsError", FileExistsError),
        ("NotInstalledError", ImportError),
        ("DataError", ValueError),
    ],
)
def test_each_can_be_caught_as_what_python_calls_it(name, builtin):
    assert issubclass(getattr(errors, name), builtin)


def test_every_kind_is_in_the_tree_of_the_docstring():
    for kind in OURS:
        assert kind.__name__ in (errors.__doc__ or "")


def test_reasons_are_kept():
    assert OpenError("x", Reason.BUSY).reason is Reason.BUSY and OpenError("x").reason is Reason.ABSENT
    assert ReadError("x").reason is Reason.NO_ANSWER
    assert len({reason.value for reason in Reason}) == len(Reason)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_the_command_line_prints_one_line_and_ends_with_its_status(kind, monkeypatch, capsys):
    def fail(**_):
        raise kind("what, where and what to do")

    monkeypatch.setattr(cli.cli, "main", fail)
    assert cli.run(["devices"]) == kind.exit_code
    said = capsys.readouterr()
    assert said.err == "powermeter: what, where and what to do\n" and said.out == ""


def test_an_interrupt_is_130(monkeypatch, capsys):
    def fail(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.cli, "main", fail)
    assert cli.run([]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_an_unknown_verb_is_refused(capsys):
    assert cli.run(["recrod"]) == 2
    assert "recrod" in capsys.readouterr().err


@pytest.mark.parametrize("verb", sorted(registry.VERBS))
def test_every_verb_has_help_that_opens_with_an_example(verb, capsys):
    assert cli.run([verb, "--help"]) == 0
    said = capsys.readouterr().out
    assert "Example" in said and f"powermeter {verb}" in said


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 rows"),
        (1, "1 row"),
        (1.0, "1 row"),
        (2, "2 rows"),
        (1234567, "1,234,567 rows"),
        (0.5, "0.5 rows"),
        (None, "– rows"),
    ],
)
def test_a_number_and_its_noun_agree(number, text):
    assert plural(number, "row") == text


def test_a_verb_agrees_with_its_number_too():
    assert [plural(n, "row was", "rows were") for n in (1, 2)] == ["1 row was", "2 rows were"]


def test_a_mistyped_verb_gets_the_nearest_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["shwo", "run.power"]) == 2
    assert "'shwo'; did you mean show?" in capsys.readouterr().err
    for unlike in ("zzzzz", "nosuch", "<script>"):  # bench and cite share three letters with them
        assert cli.run([unlike]) == 2
        assert "did you mean" not in capsys.readouterr().err


def test_what_click_refuses_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A folder for a file, an unknown option, a missing argument: one line, and where the help is."""
    for command, text in (
        (["show"], "missing argument 'RECORDING' (powermeter show --help)"),
        (["show", "--foo", "x"], "no such option '--foo'"),
        (["record", "-o", str(tmp_path), "--", "true"], "is a directory (powermeter record --help)"),
    ):
        assert cli.run(command) == 2
        err = capsys.readouterr().err
        assert err.startswith("powermeter: ") and err.count("\n") == 1 and text in err, err


def test_too_little_memory_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(cli.cli, "main", exhausted)
    assert cli.run(["devices"]) == 1
    assert capsys.readouterr().err == (
        "powermeter: there is not enough memory for this; what was being written is not there\n"
    )
