"""The gate itself: put it into the folder of tests that the action runs, and change margin and label to what you promise."""

import os

from powermeter.testing.gate import assert_not_more


def test_the_branch_does_not_use_more_than_the_baseline() -> None:
    assert_not_more(
        os.environ["POWERMETER_BASELINE"], os.environ["POWERMETER_BRANCH"], label="infer", margin=0.05
    )
