"""The tree of nested events: a label's energy is its own part and that of the labels under it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from powermeter import registry
from powermeter.analysis.energy import analyse
from powermeter.recording import Recording
from powermeter.reports import event_tree
from powermeter.reports.event_tree import lines, tree_of
from powermeter.reports.nesting_sections import nesting
from powermeter.reports.report_data import gather
from powermeter.reports.terminal_text import to_text
from powermeter.result.formatting import DASH
from tests.reports.conftest import infer
from tests.reports.test_same_digits import text_of


def nodes(path):
    with Recording.open(path) as recording:
        return {node.path: node for node in tree_of(analyse(recording)).nodes}


def queries():
    """Return nine queries of 0.8 s, each a prefill of 0.3 s and a decode of 0.2 s, at 2 W."""
    events = []
    for i in range(9):
        outer = infer(i + 0.1, 0.8, uid=10 * i + 1, name="query")
        events += [outer, *inside(outer.uid, infer(i + 0.2, 0.3, uid=10 * i + 2, name="prefill"))]
        events += inside(outer.uid, infer(i + 0.5, 0.2, uid=10 * i + 3, name="decode"))
    return events


def inside(parent, *events):
    return [replace(event, parent=parent) for event in events]


def test_a_parent_is_its_own_part_and_its_children(make):
    found = nodes(make(events=queries()))
    assert list(found) == [("query",), ("query", "prefill"), ("query", "decode")]
    query = found["query",]
    assert query.total.value == pytest.approx(9 * 1.6, rel=1e-3)
    assert query.own.value == pytest.approx(9 * 0.6, rel=1e-2)
    children = sum(node.total.value for path, node in found.items() if len(path) == 2)
    assert query.own.value + children == pytest.approx(query.total.value, rel=1e-12)
    assert query.own.low <= 9 * 0.6 <= query.own.high


def test_of_very_many_labels_those_with_something_inside_are_listed_and_the_rest_adds_up(make):
    """Labels that stand alone hid those that a tree is drawn for; all of them together make the run."""
    alone = [
        infer(i // 2 + 0.92 + 0.09 * (i % 2), 0.07, uid=1000 + i, name=f"layer_{i:02}") for i in range(12)
    ]
    with Recording.open(make(events=[*alone, *queries()])) as recording:
        a = analyse(recording)
    tree = tree_of(a, 10)
    assert [node.path[-1] for node in tree.nodes] == ["query", "prefill", "decode"] and tree.left_out == 12
    assert tree.others is not None and tree.others[0] == 12
    whole = tree.nodes[0].total.value + tree.others[1].value + tree.outside.value
    assert whole == pytest.approx(a.energy.value, rel=1e-9)
    assert [line.label for line in lines(a, tree)][3:] == [event_tree.OTHERS, event_tree.OUTSIDE]
    assert len(tree_of(a, 2).nodes) == 2


def test_a_part_of_what_is_not_resolved_is_no_larger_than_the_whole(make, monkeypatch):
    """Its own was at most 110 J of 46 ± 35 J, where bounds of many children add up."""
    with Recording.open(make(events=queries())) as recording:
        a = analyse(recording)
    combine = type(a.energies).combine

    def rough(self, weights, name):
        found = combine(self, weights, name)
        return replace(found, high=100 * found.high) if name.startswith("own") else found

    monkeypatch.setattr(type(a.energies), "combine", rough)
    query = tree_of(a).nodes[0]
    assert query.own.high == query.total.high


def test_the_same_label_in_two_places_is_two_nodes_and_a_lost_parent_is_none(make):
    a, b = infer(1, 1, uid=1, name="a"), infer(3, 1, uid=2, name="b")
    events = [
        a,
        b,
        *inside(1, infer(1.2, 0.5, uid=3, name="x")),
        *inside(2, infer(3.2, 0.5, uid=4, name="x")),
    ]
    events += inside(99, infer(6, 0.5, uid=5, name="x"))
    assert set(nodes(make(events=events))) == {("a",), ("a", "x"), ("b",), ("b", "x"), ("x",)}


def test_children_beside_each_other_share_what_is_drawn_and_the_rest_is_the_containers(make):
    outer = infer(1, 2, uid=1, name="batch")
    events = [outer, *inside(1, infer(1.1, 1, uid=2), infer(1.2, 1, uid=3))]
    found = nodes(make(events=events))
    batch, (one,) = found["batch",], [node for path, node in found.items() if len(path) == 2]
    assert batch.overlap and batch.total.value == pytest.approx(one.total.value + batch.own.value)
    assert one.total.value / batch.total.value == pytest.approx(
        1.1 / 2, rel=0.01
    )  # from 1.1 s to 2.2 s of 1 s to 3 s


def test_without_nesting_there_is_no_tree_and_a_circle_ends(make, twenty):
    assert nodes(make(events=twenty)) == {}
    events = inside(2, infer(1, 1, uid=1, name="a")) + inside(1, infer(1, 1, uid=2, name="b"))
    assert nodes(make("c.power", events=events))


def test_what_lies_outside_makes_the_run_with_the_outermost_labels(make):
    with Recording.open(make(events=queries())) as recording:
        a = analyse(recording)
    tree = tree_of(a)
    (query,) = (node for node in tree.nodes if len(node.path) == 1)
    assert tree.outside.value == pytest.approx(20 - 9 * 1.6, rel=1e-2)
    assert tree.outside.value + query.total.value == pytest.approx(a.energy.value, rel=1e-12)
    printed = lines(a, tree)
    assert [line.label for line in printed] == ["query", "prefill", "decode", "outside events"]
    # Of 20 J: nine times 0.8, 0.3 and 0.2 s at 2 W, and the rest.
    assert [line.share for line in printed] == ["72.0 %", "27.0 %", "18.0 %", "28.0 %"]
    assert [line.events for line in printed] == ["9", "9", "9", DASH]
    assert [line.depth for line in printed] == [0, 1, 1, 0]


def test_of_what_is_known_as_a_bound_only_no_share_is_printed(make):
    """`at most 1.2 J` stood beside 0.488 %, which was of the middle of its interval."""
    with Recording.open(make(events=queries())) as recording:
        a = analyse(recording)
    tree = tree_of(a)
    node = tree.nodes[0]
    bound = replace(tree, nodes=(replace(node, total=replace(node.total, low=0.0)), *tree.nodes[1:]))
    first, second, *_ = lines(a, bound)
    assert first.total.text.startswith("at most") and first.share == DASH and second.share == "27.0 %"
    open_run = replace(a, energy=replace(a.energy, high=float("inf")))
    assert {line.share for line in lines(open_run, tree)} == {DASH}


def test_of_many_labels_the_rest_is_counted(make):
    with Recording.open(make(events=queries())) as recording:
        tree = tree_of(analyse(recording), 2)
    assert (len(tree.nodes), tree.left_out) == (2, 1) and "1 more label" in tree.remarks[-1]


def test_for_programs_too_the_labels_without_an_entry_make_the_run(make):
    """Of a hundred flat labels the printed tree names sixteen and states the rest; in JSON the rest was not there."""
    flat = [infer(i + 0.92, 0.15, uid=900 + i, name=f"flat{i}") for i in range(5)]
    with Recording.open(make(events=[*queries(), *flat])) as recording:
        a = analyse(recording)
    found = tree_of(a, 3).record()
    assert [one["kind"] for one in found] == ["label"] * 3 + ["others", "outside"]
    assert found[-2]["events"] == 5 and found[-2]["energy"]["value"] == pytest.approx(5 * 0.3, rel=0.02)
    outermost = [one["energy"]["value"] for one in found if len(one["path"]) < 2]
    assert sum(outermost) == pytest.approx(a.energy.value, rel=1e-12)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_terminal_prints_every_number_of_it_whole(make, width):
    with Recording.open(make(events=queries())) as recording:
        data = gather(recording)
    text = to_text(data, width)
    for line in lines(data.analysis, tree_of(data.analysis)):
        assert all(cell in text for cell in line.cells)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("kind", ["html", "json", "latex", "markdown", "pdf"])
def test_every_format_has_the_same_tree(make, tmp_path, kind):
    with Recording.open(make(events=queries())) as recording:
        data = gather(recording)
    tree = tree_of(data.analysis)
    if kind == "json":
        found = json.loads(registry.load(registry.REPORTS[kind])().render(data))["nesting"]
        assert [one["path"] for one in found] == [*(list(node.path) for node in tree.nodes), []]
        assert [one["energy"]["value"] for one in found[:-1]] == [node.total.value for node in tree.nodes]
        return
    text = text_of(data, kind, tmp_path)
    for line in lines(data.analysis, tree):
        assert all(cell in text for cell in (line.total.text, line.own.text, line.share) if cell != DASH), (
            line
        )


def test_on_a_page_every_number_of_the_tree_is_set_flush_right(make):
    with Recording.open(make(events=queries())) as recording:
        page = str(nesting(gather(recording)))
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    assert len(rows) >= 4
    for row in rows[1:]:
        assert len(re.findall(r"<td[^>]*class=\"n\"", row)) == 4, row


def test_what_outlasts_the_event_around_it_leaves_no_negative_part_and_is_not_outside(make):
    events = []
    for i in range(6):
        outer = infer(i + 0.1, 0.1, uid=10 * i + 1, name="request")
        events += [
            outer,
            *inside(outer.uid, replace(infer(i + 0.15, 0.8, uid=10 * i + 2, name="log"), task="2")),
        ]
    path = make(events=events)
    with Recording.open(path) as recording:
        analysis = analyse(recording)
    tree = tree_of(analysis)
    request, log = tree.nodes
    assert request.own.value == pytest.approx(request.total.value / 2, rel=0.1)
    spent = request.own.value + log.total.value + tree.outside.value
    assert spent == pytest.approx(analysis.energy.value, rel=0.02)
    assert event_tree.OUTLASTS in tree.remarks
