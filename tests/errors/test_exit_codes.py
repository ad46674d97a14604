"""Every exit status has one meaning."""

from __future__ import annotations

from powermeter.errors import exit_codes as table


def test_the_table_is_in_order_and_each_status_has_one_meaning() -> None:
    found = table.EXIT_CODES
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
    found = table.EXIT_CODES
    assert [status for status, text in words.items() if text not in found[status]] == []
