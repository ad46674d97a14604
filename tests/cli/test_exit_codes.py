"""Every exit status has one meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import cli
from powermeter.cli import exit_codes as table
from powermeter.errors import OpenError


def test_the_table_is_in_order_and_each_status_has_one_meaning() -> None:
    found = table.exit_codes()
    assert list(found) == sorted(found) and all(found.values())
    constants = [v for name, v in vars(table).items() if name.isupper() and isinstance(v, int)]
    assert len(set(constants)) == len(constants) and set(constants) <= set(found)


def test_each_status_is_the_one_that_scripts_rely_on() -> None:
    """As docs/reference/exit-codes.md has stated them since the first release of each."""
    words = {
        0: "done",
        2: "ConfigurationError",
        3: "ExistsError",
        4: "NotInstalledError",
        5: "OpenError",
        6: "ReadError",
        7: "DataError",
        8: "over its budget",
        9: "--fail-if",
        10: "the precision asked for was not reached",
        11: "a published figure does not agree",
        12: "a hand-in breaks a rule",
        13: "a person must look",
        14: "a file could not be taken",
        126: "cannot be executed",
        127: "is not there",
        130: "Ctrl-C",
    }
    found = table.exit_codes()
    assert [status for status, text in words.items() if text not in found[status]] == []


def test_errors_are_named_with_when_they_occur() -> None:
    assert table.exit_codes()[OpenError.exit_code] == "`OpenError`: an instrument cannot be opened"
    assert table.exit_codes()[1] == "another error of this package"


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
