"""What became of each process's events, in words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from powermeter.analysis.event_accounts import differences, not_whole, still_running


def counts(begun=5, finished=5, written=5, **details):
    return SimpleNamespace(
        begun=begun, finished=finished, written=written, details={"program": "x.py", **details}
    )


def test_where_all_is_there_nothing_is_printed():
    assert differences({1: counts(left=True, lost=0, waited_s=0.001)}) == []


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            counts(finished=3, written=3, running=["infer"], left=True),
            "2 of 5 events never ended ('infer'), because it left",
        ),
        (counts(finished=4, written=4, is_alive=False), "1 of 5 events never ended, because it was killed"),
        (counts(finished=4, written=4, is_alive=True), "were still running when the recording ended"),
        (counts(finished=4, written=4), "because it ended without a notice"),
        (counts(written=4), "1 of 5 finished events could not be written"),
        (counts(lost=7), "7 marks were lost, because the recorder"),
        (counts(lost=7, no_ring="EMFILE"), "at least 7 marks were lost, because it had no descriptor left"),
        (
            counts(lost=1, no_ring="EIO"),
            "at least 1 mark was lost, because it could make no file for them (EIO)",
        ),
        (counts(refused=2), "2 marks were refused"),
        (counts(strays=3), "3 events ended that had not begun"),
        (counts(strays=1), "1 event ended that had not begun"),
        (
            counts(odd_counts=3, odd=["infer"]),
            "3 events state an n that is not a number of items ('infer'): taken as not known",
        ),
        (counts(waited_s=1.25), "waited 1.2 s for the recorder"),
        (counts(waited_s=140.0), "waited 2 min 20 s for the recorder"),
        (
            counts(torn=1),
            "1 mark was interrupted while it was written, by an exception out of a signal's handler or by a kill, and is",
        ),
        (counts(torn=2), "2 marks were interrupted while they were written"),
        (counts(refused=1), "1 mark was refused: its time stamp is of another clock, or it is no mark"),
        (counts(late=1), "1 count, attribute or measure was set after the end of its event"),
        (counts(late=2), "2 counts, attributes or measures were set after the end of their"),
    ],
)
def test_each_difference_is_one_sentence_that_names_the_process(one, words):
    (text,) = differences({42: one})
    assert text.startswith("process 42 (x.py): ") and words in text


def test_a_process_that_waited_has_its_events_whole():
    processes = {1: counts(waited_s=1.25), 2: counts(lost=7)}
    assert len(differences(processes)) == 2
    (text,) = not_whole(processes)
    assert text.startswith("process 2 (x.py): 7 marks were lost")


def test_a_process_that_outlives_the_recorded_command_is_named():
    lives = {
        1: counts(is_alive=True),
        2: counts(is_alive=True, left=True),
        3: counts(is_alive=False),
        4: counts(),
    }
    text = still_running(lives, 99)
    assert text.startswith("process 1 (x.py) still ran when the recording ended") and differences(lives) == []
    assert still_running(lives, 4) == "", "a Meter's own program: its workers may outlive the block"
    assert still_running(lives, None) == still_running({3: counts(is_alive=False)}, 99) == ""
    assert still_running({1: counts(begun=0, finished=0, written=0, is_alive=True)}, 99) == ""
    many = still_running({i: counts(is_alive=True) for i in range(5)}, 99)
    assert many.startswith("processes 0 (x.py), 1 (x.py), 2 (x.py) and 2 more still ran")
