"""The tree of nested events: a label's energy is its own part and that of the labels under it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter.analysis.energy import analyse
from powermeter.recording import Recording
from powermeter.reports.event_tree import tree_of
from tests.reports.conftest import infer


def nodes(path):
    with Recording.open(path) as recording:
        return {node.path: node for node in tree_of(analyse(recording))}


def inside(parent, *events):
    return [replace(event, parent=parent) for event in events]


def test_a_parent_is_its_own_part_and_its_children(make):
    events = []
    for i in range(9):
        outer = infer(i + 0.1, 0.8, uid=10 * i + 1, name="query")
        events += [outer, *inside(outer.uid, infer(i + 0.2, 0.3, uid=10 * i + 2, name="prefill"))]
        events += inside(outer.uid, infer(i + 0.5, 0.2, uid=10 * i + 3, name="decode"))
    found = nodes(make(events=events))
    assert list(found) == [("query",), ("query", "prefill"), ("query", "decode")]
    query = found["query",]
    assert query.total.value == pytest.approx(9 * 1.6, rel=1e-3)
    assert query.own.value == pytest.approx(9 * 0.6, rel=1e-2)
    children = sum(node.total.value for path, node in found.items() if len(path) == 2)
    assert query.own.value + children == pytest.approx(query.total.value, rel=1e-12)
    assert query.own.low <= 9 * 0.6 <= query.own.high


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


def test_children_beside_each_other_have_no_own_part(make):
    outer = infer(1, 2, uid=1, name="batch")
    events = [outer, *inside(1, infer(1.1, 1, uid=2), infer(1.2, 1, uid=3))]
    batch = nodes(make(events=events))["batch",]
    assert batch.overlap and batch.own is None


def test_without_nesting_there_is_no_tree_and_a_circle_ends(make, twenty):
    assert nodes(make(events=twenty)) == {}
    events = inside(2, infer(1, 1, uid=1, name="a")) + inside(1, infer(1, 1, uid=2, name="b"))
    assert nodes(make("c.power", events=events))
