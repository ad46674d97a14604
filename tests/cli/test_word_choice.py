"""A mistyped word of an option gets a suggestion."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("option", "typed", "meant"),
    [
        ("--what", "lables", "; did you mean labels?"),
        ("--format", "parkett", "; did you mean parquet?"),
        ("--what", "x", ""),
    ],
)
def test_a_mistyped_word_is_answered_with_the_nearest(run, run_power, tmp_path, option, typed, meant) -> None:
    status, _, err = run("export", run_power, "-o", tmp_path / "out.csv", option, typed)
    assert status == 2 and "is not one of" in err and f"{meant} (powermeter export --help)" in err
