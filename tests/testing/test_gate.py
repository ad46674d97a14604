"""Energy in a test-suite: `assert_not_more("main.power", "branch.power", margin=0.02)`: what it promises."""

from __future__ import annotations

import pytest
from compared_recordings import turns

from powermeter.testing.gate import assert_less, assert_not_more


@pytest.mark.thorough
def test_a_test_suite_may_hold_the_line(tmp_path):
    a, b = turns(tmp_path, 4, (6.0, 5.0))
    assert_not_more(a, b)
    assert_less(a, b, label="infer")
    with pytest.raises(AssertionError, match=r"infer: a0\.power and 3 more: more than b1\.power and 3 more"):
        assert_not_more(b, a)
    with pytest.raises(AssertionError, match="this run of"):
        assert_less(a[0], b[0])
