"""What `powermeter live` shows, as lines for a terminal of any width: phrases wrap whole, no number or label is cut: what it promises."""

from __future__ import annotations

from collections import deque

import numpy as np

from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.channel import Channel, Quantity, Rail
from powermeter.cli.live import MOST_LABELS, flow, lines, sparkline
from powermeter.cli.live_tail import LabelPace, LiveTail
from powermeter.recording import Writer
from powermeter.result import Grade
from powermeter.units import format_duration


def test_a_phrase_is_never_parted_where_a_line_can_end_before_it():
    assert flow(["one 1 W", "two 2 W", "three 3 W"], 12) == ["one 1 W", "two 2 W", "three 3 W"]
    assert flow(["one 1 W", "two 2 W"], 40) == ["one 1 W  two 2 W"]
    assert flow([], 40) == []
    assert sparkline([]) == "" and sparkline([1.0, 1.0]) == "▁▁" and sparkline([0.0, 7.0]) == "▁█"


def test_labels_without_room_are_counted(tmp_path):
    tail = LiveTail(tmp_path / "x.power", "x")
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


def watched(path, *, current=True):
    """5 V × 0.4 A = 2 W for 10 s: 20 J, and 4 C = 1.111 mAh."""
    rail = Rail("VDD_IN")
    channels = [Channel("v", Quantity.VOLTAGE, 1e-3, rail), Channel("i", Quantity.CURRENT, 1e-3, rail)]
    columns = [np.full(11, 5000), np.full(11, 400)]
    if not current:
        channels, columns = [Channel("p", Quantity.POWER, 1e-3, rail)], [np.full(11, 2000)]
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "meter", "x", tuple(channels))
        writer.append(source, np.arange(11, dtype=np.int64) * 10**9, np.stack(columns, axis=1))
    tail = LiveTail(path, "x.power")
    tail.look()
    return tail


def test_every_number_of_the_screen(tmp_path):
    tail = watched(tmp_path / "x.power")
    tail.is_growing = True
    tail.labels = {"infer": LabelPace(1234, 2.5, deque([0.2, 0.4])), "once": LabelPace(1)}
    found = lines(tail, parse_battery("4Ah"), 200)
    assert found[0] == "10.00 s  x.power"
    assert found[1] == (
        "VDD_IN  2.000 W  5.000 V  400.0 mA  min 2.00 W  mean 2.00 W  max 2.00 W  20.00 J  1.111 mAh"
    )
    # 4 C of 14 400 C are 0.0278 %; what is left lasts (14 400 − 4) C / 0.4 A = 35 990 s
    assert found[2] == (
        f"battery  0.0278 % of 4,000 mAh used  {format_duration(35_990)} left at the mean so far"
    )
    assert found[3:] == [
        "infer  1,234 events  2.50 a second  about 300 mJ an item (latest 2)",
        "once  1 event",
    ]
    tail.is_growing = False
    assert lines(tail, None, 200)[0] == "10.00 s  x.power  ended"


def test_a_battery_is_counted_in_its_own_way_and_only_where_it_can_be(tmp_path):
    """20 J of 15.4 Wh (55 440 J) are 0.0361 %, half of 40 J, of which the rest lasts 10 s at 2 W; without a current there is no share of a charge; an empty one has nothing left."""
    tail = watched(tmp_path / "x.power", current=False)
    energy = [line for line in lines(tail, parse_battery("15.4Wh"), 200) if line.startswith("battery")]
    left = format_duration((55_440 - 20) / 2)
    assert energy == [f"battery  0.0361 % of 15.4 Wh used  {left} left at the mean so far"]
    assert not any("battery" in line for line in lines(tail, parse_battery("4Ah"), 200))
    assert not any("battery" in line for line in lines(tail, None, 200))
    half = [line for line in lines(tail, parse_battery("40J"), 200) if line.startswith("battery")]
    assert half[0].startswith("battery  50.0 % of ") and "used  10.00 s left at the mean so far" in half[0]
    small = [line for line in lines(tail, parse_battery("20J"), 200) if line.startswith("battery")]
    assert small[0].startswith("battery  100 % of ") and small[0].endswith("used  empty")
    mains = watched(tmp_path / "y.power")
    mains.main.voltage_v = 230.0
    assert not any("battery" in line for line in lines(mains, parse_battery("4Ah"), 200))
    del mains.rails[next(iter(mains.rails))]
    assert not any("battery" in line for line in lines(mains, parse_battery("4Ah"), 200))


def test_bars_run_from_the_least_to_the_most_and_the_latest_that_fit_are_shown(tmp_path):
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇██"
    assert sparkline([-2.0, 2.0]) == "▁█"
    tail = watched(tmp_path / "x.power")
    tail.main.history.clear()
    assert not any(set(line) & set("▁█") for line in lines(tail, None, 40))
    tail.main.history.extend(range(30))
    shown = next(line for line in lines(tail, None, 22) if "█" in line)
    assert shown == "  " + sparkline(list(range(10, 30)))


def test_two_sources_are_named_before_their_rails(tmp_path):
    tail = watched(tmp_path / "x.power")
    tail.rails[2, "VDD_CPU"] = ("other", tail.main)
    found = lines(tail, None, 200)
    assert found[1].startswith("meter/VDD_IN  ") and found[2].startswith("other/VDD_IN  ")


def test_a_phrase_longer_than_a_line_is_broken_at_its_spaces():
    assert flow(["one two three four"], 9) == ["one two", "three", "four"]
    assert flow(["ab", "one two three"], 9, "  ") == ["ab", "  one two", "  three"]
    assert flow(["abcdefghij"], 4) == ["abcd", "efgh", "ij"]


def test_half_a_second_is_enough_for_a_battery_and_none_is_not(tmp_path):
    tail = watched(tmp_path / "x.power")
    for seconds, shown in ((0.5, True), (0.0, False)):
        tail.main.seconds = seconds
        assert any("battery" in line for line in lines(tail, parse_battery("4Ah"), 200)) is shown


def test_a_simulated_rail_is_marked(tmp_path):
    rail = Rail("VIRTUAL")
    made = Channel("p", Quantity.POWER, 1e-3, rail, grade=Grade.SIMULATED)
    with Writer.create(tmp_path / "x.power") as writer:
        source = writer.add_source("virtual://", "load", "virtual", (made,))
        writer.append(source, np.arange(11, dtype=np.int64) * 10**9, np.full((11, 1), 2000))
    tail = LiveTail(tmp_path / "x.power", "x.power")
    tail.look()
    assert lines(tail, None, 200)[1].startswith("VIRTUAL (simulated)  2.000 W")
    assert "simulated" not in " ".join(lines(watched(tmp_path / "y.power"), None, 200))
