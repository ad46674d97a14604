"""What `powermeter live` shows, as lines for a terminal of any width: phrases wrap whole, no number or label is cut: what it promises."""

from __future__ import annotations

from powermeter.cli.live_screen import flow, sparkline


def test_a_phrase_is_never_parted_where_a_line_can_end_before_it():
    assert flow(["one 1 W", "two 2 W", "three 3 W"], 12) == ["one 1 W", "two 2 W", "three 3 W"]
    assert flow(["one 1 W", "two 2 W"], 40) == ["one 1 W  two 2 W"]
    assert flow([], 40) == []
    assert sparkline([]) == "" and sparkline([1.0, 1.0]) == "▁▁" and sparkline([0.0, 7.0]) == "▁█"
