"""Every exit status has one meaning."""

from __future__ import annotations

import pytest

from powermeter.cli import exit_codes as table
from powermeter.cli import run
from powermeter.errors import OpenError


def test_the_table_is_in_order_and_each_status_has_one_meaning() -> None:
    found = table.exit_codes()
    assert list(found) == sorted(found) and all(found.values())
    constants = [v for name, v in vars(table).items() if name.isupper() and isinstance(v, int)]
    assert len(set(constants)) == len(constants) and set(constants) <= set(found)


def test_errors_are_named_with_when_they_occur() -> None:
    assert table.exit_codes()[OpenError.exit_code] == "`OpenError`: an instrument cannot be opened"
    assert table.exit_codes()[1] == "another error of this package"


def test_a_mistyped_verb_gets_the_nearest_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shwo", "run.power"]) == 2
    assert "'shwo'; did you mean show?" in capsys.readouterr().err
    assert run(["zzzzz"]) == 2
    assert "did you mean" not in capsys.readouterr().err
