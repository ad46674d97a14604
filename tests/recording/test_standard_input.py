"""`-` names no input: each command that reads a file refuses it with what to do."""

from __future__ import annotations

import pytest

from powermeter import analyse, cli
from powermeter.errors import DataError


@pytest.mark.parametrize("verb", [["show"], ["report"], ["compare", "-"], ["import", "-o", "x.power"]])
def test_standard_input_is_refused_with_what_to_do(
    verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([verb[0], "-", *verb[1:]]) == DataError.exit_code
    assert "write it to a file first" in capsys.readouterr().err


def test_so_it_is_by_name() -> None:
    with pytest.raises(DataError, match="write it to a file first"):
        analyse("-")
