"""What is drawn stands where its numbers say: pixels are read back by the figure's own ticks, as a reader does it."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest

from powermeter.reports import svg
from powermeter.reports.figure_data import Bar, Items, Lane, Panel
from powermeter.reports.power_curve import PowerCurve
from powermeter.reports.wording import drawn_in
from powermeter.result import Result

PIXEL = 0.06
"""Coordinates are written to a tenth of a pixel."""

PREFIX = {"µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}
SECONDS = {"d": 86_400.0, "h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6}


class Drawn:
    """A figure, and what its ticks say of pixels."""

    def __init__(self, text: str, unit: str) -> None:
        self.root = ElementTree.fromstring(text)
        self.width, self.height = (float(n) for n in self.root.attrib["viewBox"].split()[2:])
        texts = [node for node in self.root if node.tag == "text"]
        grid = [float(node.attrib["y1"]) for node in self.of("grid", "line")]
        self.left, self.right = (float(self.of("grid", "line")[0].attrib[name]) for name in ("x1", "x2"))
        name = next(t.text for t in texts if t.attrib.get("class") == "name" and t.text.endswith(unit))
        numbers = [
            float(t.text.replace(",", "")) * PREFIX[name.removesuffix(unit)]
            for t in texts
            if t.attrib["x"] == str(self.left_text) and t.attrib.get("class") is None
        ]
        assert len(grid) == len(numbers) >= 2, "each line across has its number"
        self.slope, self.offset = np.polyfit(grid, numbers, 1)
        self.ticks = {
            float(t.attrib["x"]): float(t.text.replace(",", ""))
            for t in texts
            if t.attrib.get("text-anchor") == "middle" and t.attrib.get("class") is None
        }
        self.title = texts[-1].text

    @property
    def left_text(self) -> int:
        return int(self.left) - 8

    def of(self, kind: str, tag: str) -> list[ElementTree.Element]:
        return [
            node for node in self.root if node.tag == tag and kind in node.attrib.get("class", "").split()
        ]

    def value(self, y: float) -> float:
        return self.slope * y + self.offset

    def values(self, *ys: float) -> list[float]:
        return [self.value(y) for y in ys]

    def close(self, y: float, wanted: float) -> bool:
        return abs(self.value(y) - wanted) <= abs(self.slope) * 2 * PIXEL

    def when(self, x: float) -> float:
        """Return what the time axis says of a place, in its unit."""
        slope, offset = np.polyfit(list(self.ticks), list(self.ticks.values()), 1)
        return float(slope * x + offset)

    def edges(self, node: ElementTree.Element) -> tuple[float, float, float, float]:
        """Left, right, top, bottom of a box."""
        x, y, w, h = (float(node.attrib[name]) for name in ("x", "y", "width", "height"))
        return x, x + w, y, y + h


def path(node: ElementTree.Element) -> list[tuple[float, float]]:
    """Return the corners of a path of M and L."""
    pairs = node.attrib["d"].strip("MZ").split("L")
    return [(float(x), float(y)) for x, y in (pair.split() for pair in pairs)]


def panel(**changed) -> Panel:
    """Ten seconds: 2 W, then 6 W after a gap from 4 to 5 s, an envelope of ± 1 W around the second stretch, two labels."""
    found = {
        "start": 0.0,
        "end": 10.0,
        "curves": (
            PowerCurve(np.array([0.0, 2.0, 4.0]), np.array([2.0, 3.0, 2.0]), None, None),
            PowerCurve(
                np.array([5.0, 10.0]), np.array([6.0, 6.5]), np.array([5.0, 5.5]), np.array([7.0, 8.0])
            ),
        ),
        "samples": ((1.0, 2.5), (9.0, 6.4)),
        "gaps": ((4.0, 5.0, "unplugged"),),
        "lanes": (
            Lane(
                "infer",
                "infer",
                0,
                (Bar(1.0, 2.0, 1, 2.75), Bar(6.0, 8.0, 40, None)),
                (),
            ),
            Lane("tick", "tick", 9, (), (3.0, 7.0)),
        ),
        "hidden": (),
        "top_w": 8.0,
        "bottom_w": 0.0,
    }
    return Panel(**{**found, **changed})


def shown(**changed) -> Drawn:
    return Drawn(svg.power_figure(panel(**changed), "the run"), "W")


def test_each_line_and_each_sample_stands_at_its_time_and_its_power():
    drawn = shown()
    assert drawn.title == "time since the first sample (s)"
    assert drawn.root.attrib["aria-label"] == drawn.root.find("title").text == "the run"
    first, second = (path(node) for node in drawn.of("trace", "path"))
    for corners, wanted in (
        (first, [(0.0, 2.0), (2.0, 3.0), (4.0, 2.0)]),
        (second, [(5.0, 6.0), (10.0, 6.5)]),
    ):
        assert [drawn.when(x) for x, _ in corners] == pytest.approx([t for t, _ in wanted], abs=0.01)
        assert all(drawn.close(y, w) for (_, y), (_, w) in zip(corners, wanted, strict=True))
    (band,) = (path(node) for node in drawn.of("band", "path"))
    assert all(drawn.close(y, w) for (_, y), w in zip(band, (7.0, 8.0, 5.5, 5.0), strict=True))
    assert [drawn.when(x) for x, _ in band] == pytest.approx([5, 10, 10, 5], abs=0.01)
    area = path(drawn.of("area", "path")[0])
    assert drawn.close(area[0][1], 0.0) and drawn.close(area[-1][1], 0.0) and area[1:-1] == first
    assert (area[0][0], area[-1][0]) == (first[0][0], first[-1][0])
    dots = [(float(n.attrib["cx"]), float(n.attrib["cy"])) for n in drawn.of("sample", "circle")]
    assert [drawn.when(x) for x, _ in dots] == pytest.approx([1.0, 9.0], abs=0.01)
    assert drawn.close(dots[0][1], 2.5) and drawn.close(dots[1][1], 6.4)


def test_the_largest_value_is_inside_the_frame_and_fills_it():
    """Six percent are left above the largest value."""
    drawn = shown()
    assert drawn.value(svg.TOP) == pytest.approx(8.0 * 1.06, rel=0.002)
    assert drawn.value(svg.TOP + svg.TRACE_HEIGHT) == pytest.approx(0.0, abs=0.02)
    below = shown(bottom_w=-2.0)
    assert below.value(svg.TOP + svg.TRACE_HEIGHT) == pytest.approx(-2.12, rel=0.01)
    nothing = svg.power_figure(panel(curves=(), samples=(), gaps=(), lanes=(), top_w=0.0), "x")
    assert Drawn(nothing, "W").value(svg.TOP) == pytest.approx(1.0, rel=0.01)


def test_a_gap_is_a_box_between_two_edges_that_says_why():
    drawn = shown()
    (box,) = drawn.of("gap", "rect")
    left, right, top, bottom = drawn.edges(box)
    assert (drawn.when(left), drawn.when(right)) == pytest.approx((4.0, 5.0), abs=0.01)
    assert (top, bottom) == (svg.TOP, svg.TOP + svg.TRACE_HEIGHT)
    assert box.find("title").text == "gap: unplugged"
    edges = drawn.of("gapedge", "line")
    assert [float(n.attrib["x1"]) for n in edges] == pytest.approx([left, right], abs=0.11)
    assert all(n.attrib["x1"] == n.attrib["x2"] and n.attrib["y1"] == str(svg.TOP) for n in edges)
    (note,) = drawn.of("note", "text")
    assert float(note.attrib["x"]) == pytest.approx((left + right) / 2, abs=0.11) and note.text == "gap"
    assert not shown(gaps=((4.0, 4.3, "short"),)).of("note", "text"), "no word wider than its gap"


def test_the_events_lie_under_the_power_in_a_row_for_each_label():
    drawn = shown()
    lanes_top = svg.TOP + svg.TRACE_HEIGHT + 12
    one, several = drawn.of("c0", "rect")[2:]
    for box, ends in ((one, (1.0, 2.0)), (several, (6.0, 8.0))):
        left, right, top, bottom = drawn.edges(box)
        assert (drawn.when(left), drawn.when(right)) == pytest.approx(ends, abs=0.01)
        assert (top, bottom) == (lanes_top + 2, lanes_top + 14)
    assert one.find("title").text == "infer · 1.00 s · 2.75 J"
    assert several.find("title").text == "infer: 40 events · 2.00 s"
    marks = drawn.of("c1", "path")  # the tenth colour is the second again
    places = [node.attrib["d"].split()[:2] for node in marks]
    assert [drawn.when(float(x.strip("M"))) for x, _ in places] == pytest.approx([3.0, 7.0], abs=0.01)
    assert all(float(y) == lanes_top + svg.LANE + 2 for _, y in places)
    assert [node.find("title").text for node in marks] == ["tick", "tick"]
    names = [n for n in drawn.of("name", "text") if n.find("title") is not None]
    assert [n.find("title").tail for n in names] == ["infer", "tick"]
    assert [float(n.attrib["y"]) for n in names] == [lanes_top + 12.5, lanes_top + svg.LANE + 12.5]
    assert drawn.height == lanes_top + 2 * svg.LANE + svg.FOOT
    under = drawn.of("under", "rect")
    assert [drawn.when(drawn.edges(n)[0]) for n in under] == pytest.approx([1.0, 6.0], abs=0.01)
    assert {drawn.edges(n)[2:] for n in under} == {(svg.TOP, svg.TOP + svg.TRACE_HEIGHT)}


def test_events_too_many_to_tell_apart_are_not_shaded_and_one_shorter_than_a_pixel_is_seen():
    bars = tuple(Bar(i / 10, i / 10 + 1e-6, 1, None) for i in range(61))
    many = shown(lanes=(Lane("e", "e", 0, bars, ()),))
    assert not many.of("under", "rect") and len(many.of("c0", "rect")) == 61
    assert {n.attrib["width"] for n in many.of("c0", "rect")} == {"1.0"}
    assert shown(lanes=(Lane("e", "e", 0, bars[:60], ()),)).of("under", "rect")


@pytest.mark.parametrize(
    ("span", "unit", "some"),
    [
        (8 * 86_400.0, "d", {0, 2, 4}),
        (2.5 * 86_400.0, "d", {0.5, 1, 2}),
        (2.4 * 86_400.0, "h", {0, 10, 50}),
        (9000.0, "h", {0, 0.5, 2.5}),
        (8999.0, "min", {0, 20, 140}),
        (150.0, "min", {0, 0.5, 2}),
        (149.0, "s", {0, 20, 100}),
        (2.5, "s", {0, 0.5, 2.5}),
        (2.4, "ms", {0, 500, 2000}),
        (0.0025, "ms", {0, 0.5, 2.5}),
        (0.0024, "µs", {0, 500, 2000}),
    ],
)
def test_the_time_axis_is_in_the_unit_of_its_length(span, unit, some):
    """Ticks are numbers of the unit that the foot names, and stand where they say."""
    curve = PowerCurve(np.array([0.0, span / 2, span]), np.array([1.0, 1.0, 1.0]), None, None)
    text = svg.power_figure(
        panel(end=span, curves=(curve,), samples=(), gaps=(), lanes=(), top_w=1.0), "x", since="noon"
    )
    drawn = Drawn(text, "W")
    assert drawn.title == f"time since noon ({unit})"
    assert some <= set(drawn.ticks.values())
    middle = path(drawn.of("trace", "path")[0])[1][0]
    assert drawn.when(middle) * SECONDS[unit] == pytest.approx(span / 2, rel=0.002)
    small = [n for n in drawn.of("axis", "line") if n.attrib["x1"] == n.attrib["x2"]]
    assert [float(n.attrib["x1"]) for n in small] == list(drawn.ticks)
    assert {round(float(n.attrib["y2"]) - float(n.attrib["y1"]), 1) for n in small} == {4.0}


def items(count: int = 5, **changed) -> Items:
    found = {
        "label": "infer",
        "events": count,
        "numbers": np.arange(1.0, count + 1),
        "joules": 1.0 + 0.1 * np.arange(count),
        "half": np.full(count, 0.2),
        "mean": 1.25,
        "low": 1.0,
        "high": 1.5,
        "meter": 0.1,
        "warmup": 2,
        "before": None,
    }
    return Items(**{**found, **changed})


def dots(drawn: Drawn) -> list[tuple[float, float]]:
    return [(float(n.attrib["cx"]), float(n.attrib["cy"])) for n in drawn.root if n.tag == "circle"]


def test_each_event_stands_at_its_energy_with_its_own_interval():
    drawn = Drawn(svg.items_figure(items(), "energies", 3), "J")
    assert drawn.title == "event number" and drawn.height == svg.TOP + svg.ITEMS_HEIGHT + svg.FOOT
    assert drawn.value(svg.TOP) == pytest.approx(1.6 * 1.06, rel=0.002)  # 1.4 + 0.2 J, and 6 % above
    assert drawn.value(svg.TOP + svg.ITEMS_HEIGHT) == pytest.approx(0.0, abs=0.01)
    found = dots(drawn)
    assert [drawn.when(x) for x, _ in found] == pytest.approx([1, 2, 3, 4, 5], abs=0.01)
    assert all(drawn.close(y, 1 + 0.1 * i) for i, (_, y) in enumerate(found))
    kinds = [n.attrib["class"] for n in drawn.root if n.tag == "circle"]
    assert kinds == ["hollow s3", "hollow s3", "c3", "c3", "c3"], "the first two are a warm-up"
    tips = [n.find("title").text for n in drawn.root if n.tag == "circle"]
    assert tips[1] == "event 2 (warm-up): 1.100 J" and tips[2] == "event 3: 1.200 J"
    for i, whisker in enumerate(drawn.of("whisker", "line")):
        low, high = (float(whisker.attrib[name]) for name in ("y1", "y2"))
        assert drawn.close(low, 0.8 + 0.1 * i) and drawn.close(high, 1.2 + 0.1 * i)
        assert whisker.attrib["x1"] == whisker.attrib["x2"] == f"{found[i][0]:.1f}"
    assert len(drawn.of("whisker", "line")) == 5


def test_the_bands_are_the_interval_and_the_meters_part_from_the_end_of_the_warm_up():
    before = Result(0.9, "J", 0.85, 1.0)
    drawn = Drawn(svg.items_figure(items(before=before), "energies", 0), "J")
    for kind, low, high, start in (
        ("within", 1.0, 1.5, 3.0),
        ("meter", 1.15, 1.35, 3.0),
        ("before", 0.85, 1.0, 0.5),
    ):
        (box,) = drawn.of(kind, "rect")
        left, right, top, bottom = drawn.edges(box)
        assert drawn.close(top, high) and drawn.close(bottom, low), kind
        assert drawn.when(left) == pytest.approx(start, abs=0.02), kind
        assert right == pytest.approx(drawn.right, abs=0.11), kind
    (mean,) = drawn.of("mean", "line")
    assert mean.attrib["y1"] == mean.attrib["y2"] and drawn.close(float(mean.attrib["y1"]), 1.25)
    assert drawn.when(float(mean.attrib["x1"])) == pytest.approx(3.0, abs=0.02)  # the first event that counts
    nodes = list(drawn.root)
    assert nodes.index(mean) < min(nodes.index(n) for n in nodes if n.tag == "circle"), (
        "points lie on the line"
    )
    assert not svg.is_thin(items()) and svg.is_thin(items(low=1.24, high=1.26))
    (earlier,) = drawn.of("earlier", "line")
    assert drawn.close(float(earlier.attrib["y1"]), 0.9) and earlier.attrib["y1"] == earlier.attrib["y2"]
    assert [n.text for n in drawn.root if n.text == "earlier"] == ["earlier"]


def test_the_unit_stands_clear_of_the_numbers_beside_the_axis():
    for frame in (svg.WIDE, svg.NARROW):
        drawn = ElementTree.fromstring(svg.items_figure(items(), "energies", 3, frame))
        (unit,) = (n for n in drawn if n.tag == "text" and n.text == "J")
        ends = [float(n.attrib["x"]) for n in drawn if n.attrib.get("text-anchor") == "end"]
        assert float(unit.attrib["x"]) > min(ends) and "text-anchor" not in unit.attrib


def test_the_axis_is_in_the_unit_of_the_printed_mean_however_high_its_warm_up():
    """A mean of 819 mJ whose first event takes 2.05 J: the axis of the page beside it, without warm-up, is in mJ too."""
    joules = np.array([2.05, 1.6, 0.82, 0.81, 0.83])
    warm = items(
        joules=joules, mean=0.819, low=0.81, high=0.828, unit=drawn_in(Result(0.819, "J", 0.81, 0.828))
    )
    drawn = svg.items_figure(warm, "energies", 0)
    assert ">mJ</text>" in drawn and ">2,000</text>" in drawn and "event 1 (warm-up): 2,050 mJ" in drawn
    assert Drawn(drawn, "J").close(dots(Drawn(drawn, "J"))[0][1], 2.05)


@pytest.mark.parametrize(
    ("result", "found"),
    [
        (Result(0.98, "J", 0.97, 0.99), (1e-3, "mJ")),
        (Result(0.99999, "J", 0.9, 1.1), (1.0, "J")),
        (Result(2e-6, "J", -1e-6, 9e-6), (1e-6, "µJ")),
        (Result(1.0, "J", -math.inf, math.inf), (1.0, "J")),
    ],
)
def test_a_figure_is_in_the_unit_its_number_is_printed_in(result, found):
    assert drawn_in(result) == found
    assert result.show().unit in ("", found[1])


def test_an_energy_known_from_below_only_points_up_and_one_below_zero_has_room():
    open_ended = items(half=np.full(5, math.inf), high=math.inf, mean=1.2, low=1.1, meter=math.inf)
    drawn = Drawn(svg.items_figure(open_ended, "energies", 1), "J")
    assert not dots(drawn) and len(drawn.of("hollow", "path")) == 5 and not drawn.of("whisker", "line")
    assert drawn.value(svg.TOP) == pytest.approx(1.4 * 1.06 * 1.1, rel=0.002)
    shapes = [n.attrib["d"].partition("h")[0].strip("M").split() for n in drawn.of("hollow", "path")]
    assert drawn.close(float(shapes[4][1]), 1.4)
    negative = items(joules=np.array([-1.0, 1.0, 1.0, 1.0, 1.0]))
    drawn = Drawn(svg.items_figure(negative, "energies", 1), "J")
    assert drawn.value(svg.TOP + svg.ITEMS_HEIGHT) == pytest.approx(-1.2, abs=0.02)


def test_what_the_meter_leaves_open_lies_inside_a_skew_interval():
    """4.1 J, of which 3.9 to 6.6 are printed, with ± 1.35 J of the meter: its band reached down to 2.7."""
    skew = items(mean=4.1, low=3.9, high=6.6, meter=1.35)
    assert svg.meter_ends(skew) == pytest.approx((3.9, 6.6))
    assert svg.meter_ends(items(mean=4.1, low=3.9, high=6.6, meter=0.675)) == pytest.approx((4.0, 5.35))
    assert svg.meter_ends(items()) == pytest.approx((1.15, 1.35))


def test_many_events_are_small_dots_without_whiskers_or_words():
    """Up to 300 each has its interval and says its energy."""
    few, many = (Drawn(svg.items_figure(items(n, joules=np.ones(n)), "e", 0), "J") for n in (300, 301))
    sizes = [{n.attrib["r"] for n in drawn.root if n.tag == "circle"} for drawn in (few, many)]
    assert sizes == [{"3"}, {"1.5"}]
    assert len(few.of("whisker", "line")) == 300 and not many.of("whisker", "line")
    assert all(n.find("title") is None for n in many.root if n.tag == "circle")


def test_an_interval_of_less_than_two_pixels_is_no_whisker():
    drawn = Drawn(svg.items_figure(items(half=np.full(5, 1e-3)), "energies", 0), "J")
    assert not drawn.of("whisker", "line") and len(dots(drawn)) == 5


def test_a_narrow_figure_has_fewer_ticks_and_the_same_numbers():
    wide, narrow = (
        Drawn(svg.items_figure(items(40), "x", 0, frame), "J") for frame in (svg.WIDE, svg.NARROW)
    )
    assert (wide.width, narrow.width) == (960, 340)
    assert len(narrow.ticks) < len(wide.ticks) <= 9 and len(narrow.ticks) <= 5
    assert [narrow.value(y) for _, y in dots(narrow)] == pytest.approx(
        [wide.value(y) for _, y in dots(wide)], abs=0.05
    )
    assert (wide.left, wide.right) == (126, 946) and (narrow.left, narrow.right) == (58, 332)


def test_a_name_too_long_for_the_margin_keeps_both_ends():
    assert svg.shortened("short") == "short" and svg.shortened("a" * 16) == "a" * 16
    assert svg.shortened("abcdefghijklmnopq") == "abcdefghij…mnopq"
    assert svg.shortened("abcdefgh", 6) == "abc…gh" and svg.shortened("abcd", 2) == "…d"


@pytest.mark.parametrize(
    ("frame", "name"), [(svg.NARROW, "train_step"), (svg.WIDE, "inference_of_resnet50_int8")]
)
def test_names_that_do_not_fit_the_margin_stand_whole_above_their_lanes(frame, name):
    """On a phone train_step was tra…ep."""
    lanes = tuple(Lane(one, one, at, (Bar(1.0, 2.0, 1, None),), ()) for at, one in enumerate(("fit", name)))
    root = ElementTree.fromstring(svg.power_figure(panel(lanes=lanes), "x", frame=frame))
    labels = [n for n in root if n.get("class") == "name" and n.find("title") is not None]
    assert [n.find("title").tail for n in labels] == ["fit", name]
    assert all(float(n.get("x")) == frame.left and n.get("text-anchor") is None for n in labels)
    high = float(root.get("viewBox").split()[3])
    beside = ElementTree.fromstring(svg.power_figure(panel(lanes=lanes[:1] * 2), "x", frame=frame))
    assert high - float(beside.get("viewBox").split()[3]) == 2 * svg.NAME


def test_small_powers_have_a_prefix_and_their_own_steps():
    drawn = Drawn(
        svg.power_figure(
            panel(
                curves=(PowerCurve(np.array([0.0, 10.0]), np.array([2e-6, 4e-6]), None, None),),
                samples=(),
                gaps=(),
                lanes=(),
                top_w=4e-6,
            ),
            "x",
        ),
        "W",
    )
    corners = path(drawn.of("trace", "path")[0])
    assert drawn.values(*(y for _, y in corners)) == pytest.approx([2e-6, 4e-6], rel=0.01)


def test_a_figure_as_a_file_of_its_own_brings_its_style_along():
    text = svg.alone(svg.items_figure(items(), "a < b", 0))
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg" and svg.style() in text and root.find(f"{space}style") is not None
    assert root.find(f"{space}title").text == "a < b"
