"""The account of one process's marks, from several rings."""

from __future__ import annotations

from dataclasses import fields

import pytest

from powermeter.analysis.event_accounts import differences
from powermeter.marking.mark_account import MAX_LISTED, MarkAccount, listed
from powermeter.recording.stored_summaries import ProcessCounts


def test_the_rings_of_a_process_add_up_and_the_last_one_states_how_it_ended():
    first = MarkAccount(7, "bash", begun=3, finished=2, waited_s=0.5, left=True, running=["a"] * MAX_LISTED)
    first.note_odd("x")
    first.note_odd("x")
    first.add(MarkAccount(7, "other", begun=4, finished=4, instants=1, lost=2, waited_s=0.25, running=["b"]))
    first.note_odd("y")
    assert (first.odd_counts, first.odd) == (3, ["x", "y"])
    assert (first.begun, first.finished, first.instants, first.lost, first.waited_s) == (7, 6, 1, 2, 0.75)
    assert (first.program, first.left) == ("bash", False)
    assert first.running == ["a"] * MAX_LISTED


@pytest.mark.parametrize("open_first", [True, False])
def test_what_never_ended_did_not_because_another_program_of_that_number_left_in_order(open_first):
    """After `exec` a ring of its own has the same process; that it left in order is of no event before."""
    account, other = (
        MarkAccount(7, begun=3, finished=2, is_alive=False),
        MarkAccount(7, left=True, is_alive=False),
    )
    if not open_first:
        account, other = other, account
    account.add(other)
    assert not account.left
    (text,) = differences(
        {7: ProcessCounts(0, account.begun, account.finished, account.finished, account.details())}
    )
    assert "or became another program (exec)" in text
    done = MarkAccount(7, begun=2, finished=2)
    done.add(MarkAccount(7, left=True))
    assert done.left


@pytest.mark.parametrize(
    "name",
    [field.name for field in fields(MarkAccount) if field.type in ("int", "float") and field.default == 0],
)
def test_every_count_is_that_of_all_rings(name):
    account = MarkAccount(7, **{name: 2})
    account.add(MarkAccount(7, **{name: 3}))
    assert getattr(account, name) == 5


def test_the_numbers_of_events_stand_beside_the_details():
    details = MarkAccount(7, "bash", begun=3, finished=2, torn=1).details()
    assert details["torn"] == 1 and details["program"] == "bash"
    assert not {"process", "begun", "finished"} & details.keys()


def test_names_that_a_short_event_may_have_are_ten_and_a_sign_that_there_are_more():
    account = MarkAccount(1, hidden=1, short=listed({f"a{i}" for i in range(8)}))
    account.add(MarkAccount(1, short=listed({f"b{i}" for i in range(11)})))
    assert account.details()["short"] == [*(f"a{i}" for i in range(8)), "b0", "b1", "…"]
    (text,) = differences({1: ProcessCounts(0, 3, 2, 2, account.details())})
    assert "(1 by its number alone, as short ones are known: 'a0' or " in text and "'b1' or another)" in text
    account.hidden = 0
    assert account.details()["short"] == []
