"""What `powermeter live` shows, as lines for a terminal of any width: phrases wrap whole, no number or label is cut: what it promises."""

from __future__ import annotations

from powermeter.cli.live_screen import MOST_LABELS, flow, lines, sparkline
from powermeter.cli.live_tail import LabelPace, Tail


def test_a_phrase_is_never_parted_where_a_line_can_end_before_it():
    assert flow(["one 1 W", "two 2 W", "three 3 W"], 12) == ["one 1 W", "two 2 W", "three 3 W"]
    assert flow(["one 1 W", "two 2 W"], 40) == ["one 1 W  two 2 W"]
    assert flow([], 40) == []
    assert sparkline([]) == "" and sparkline([1.0, 1.0]) == "▁▁" and sparkline([0.0, 7.0]) == "▁█"


def test_labels_without_room_are_counted(tmp_path):
    tail = Tail(tmp_path / "x.power", "x")
    tail.labels = {f"label {k}": LabelPace(events=100 - k) for k in range(MOST_LABELS + 3)}
    found = lines(tail, None, 80)
    assert found[-1] == "and 3 more labels: powermeter show lists all"
    assert sum("label" in line for line in found) == MOST_LABELS + 1
    del (
        tail.labels[f"label {MOST_LABELS + 2}"],
        tail.labels[f"label {MOST_LABELS + 1}"],
        tail.labels[f"label {MOST_LABELS}"],
    )
    assert "more labels" not in " ".join(lines(tail, None, 80))
