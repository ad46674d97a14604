"""Which column of times is used where several differ: dates under any name first, and the difference is reported."""

from pathlib import Path

import pytest

from powermeter.importers.files import Peek
from powermeter.importers.layout import layout
from powermeter.importers.log import Choices
from powermeter.importers.other_clocks import disagreements
from powermeter.importers.time_columns import choose_time


def found_in(path: Path, head: str, row) -> tuple:
    path.write_text(head + "\n" + "".join(row(i) + "\n" for i in range(20)))
    found = layout(Peek.at(path))
    plan = choose_time(found, found.headings, Choices(), [])
    assert plan is not None
    return plan, disagreements(found, found.headings, plan, Choices())


@pytest.mark.parametrize(("elapsed", "codes"), [(1000, []), (1003, []), (100, ["times-disagree"]), (0, [])])
def test_a_second_clock_that_runs_otherwise_is_reported(tmp_path, elapsed, codes):
    plan, notes = found_in(
        tmp_path / "t.csv",
        "UTC,power_W,elapsed_ms",
        lambda i: f"2025-01-01T10:00:{i:02d}Z,10,{elapsed * i + 7}",
    )
    assert (plan.style, plan.indexes) == ("wall", (0,))
    assert [note.code for note in notes] == codes


def test_a_date_that_stands_still_is_not_the_time(tmp_path):
    plan, notes = found_in(tmp_path / "t.csv", "started,power_W,t_s", lambda i: f"2025-01-01 10:00:00,10,{i}")
    assert (plan.style, plan.indexes, notes) == ("relative", (2,), [])
