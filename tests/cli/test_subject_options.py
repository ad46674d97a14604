"""`--label`, `--items` and `--per` mean the same on every verb: the same energy per item, and the same contradiction."""

from __future__ import annotations

import csv
import functools
import json

import pytest
from click.testing import CliRunner

from powermeter.cli import cli
from powermeter.events import Event
from tests.reports.conftest import SECOND, START, infer, make  # noqa: F401 — a fixture

# 2 W: 10 requests of 0.5 s, each with a decode of 0.25 s; a load of 1 s.  The run: 20 J.
REQUESTS = [infer(2 + 0.7 * i, 0.5, 1, 2 * i + 1, "request") for i in range(10)]
DECODES = [
    Event("decode", e.start_ns, e.start_ns + SECOND // 4, 1, 1, 2 * i + 2, 2 * i + 1, 4)
    for i, e in enumerate(REQUESTS)
]
LOAD = Event("load", START, START + SECOND, 1, 1, 99)
ASKED = [
    (["--items", "40"], 0.5),  # the run's 20 J
    (["--label", "decode", "--per", "request"], 0.5),  # 2 W x 0.25 s
    (["--per", "request"], 2.0),
    (["--label", "decode", "--items", "5"], 1.0),  # 5 J over 5
    (["--label", "load", "--items", "4"], 0.5),
]


@pytest.fixture
def path(make):  # noqa: F811
    return make(events=[LOAD, *REQUESTS, *DECODES])


def said(*words):
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


def near(value):
    return pytest.approx(value, rel=2e-3)


@functools.cache
def lifetime_alone(joule):
    typed = json.loads(said("lifetime", "--energy", f"{joule}J", "--items", 1, "--json"))
    return typed["energy"]["device"]["lines"]["requests on the device"]


@pytest.mark.parametrize(
    ("asked", "joule"), [*ASKED[:2], *(pytest.param(*one, marks=pytest.mark.thorough) for one in ASKED[2:])]
)
def test_every_verb_divides_alike(path, tmp_path, asked, joule):
    shown = json.loads(said("show", path, "--json", *asked))
    title = shown["headline"]
    row = next((row for row in shown["labels"] if row["label"] == title), None)
    per_item = (
        shown["run"]["energy_per_item"] if row is None else row["expected_per_item"] or row["energy_per_item"]
    )
    assert per_item["value"] == near(joule)
    charges = 4 * 3600 / (joule / 5)  # 4 Ah at 5 V
    assert shown["battery"]["items_per_charge"]["value"] == near(charges)
    assert json.loads(said("budget", path, "--json", *asked))["count"]["value"] == near(charges)
    whole = json.loads(said("footprint", path, "--place", "FRA", "--json", *asked))
    ratio = whole["per_item"]["carbon"]["value"] / whole["carbon"]["value"]
    total = 20.0 if row is None else row["energy"]["value"]
    assert ratio == near(joule / total)
    years = json.loads(said("lifetime", path, "--json", *asked))
    assert years["energy"]["device"]["lines"]["requests on the device"] == near(lifetime_alone(joule))
    page = tmp_path / "page.html"
    said("report", path, "-o", page, *asked)
    number = {0.5: "500", 1.0: "1.000", 2.0: "2.000"}[joule]
    assert f": {number}" in page.read_text("utf-8").replace("\u00a0", " ")
    out = tmp_path / "table.csv"
    said("table", tmp_path, "-o", out, *asked)
    (line,) = csv.DictReader(out.open(encoding="utf-8"))
    assert float(line["per_item_j"]) == near(joule)
    same = said("compare", path, path, "--json", *asked)
    (found,) = json.loads(same)["rows"]
    assert found["a"]["value"] == near(joule)
    if row is not None:
        labels = tmp_path / "labels.csv"
        said("export", path, "-o", labels, "--what", "labels", *asked)
        (line,) = csv.DictReader(labels.open(encoding="utf-8"))
        assert float(line["per_item_j"]) == near(joule)


VERBS = ("show", "report", "budget", "footprint", "lifetime", "compare")


@pytest.mark.parametrize("verb", VERBS)
def test_a_count_that_contradicts_the_events_is_reported(path, tmp_path, verb):
    arguments = {"report": ["-o", tmp_path / "x.md"], "compare": [path]}.get(verb, [])
    text = said(verb, path, *arguments, "--label", "decode", "--items", "1")
    text = (tmp_path / "x.md").read_text("utf-8") if verb == "report" else text
    assert "contradicts" in " ".join(text.replace("\\", "").split()), text


@pytest.mark.parametrize("verb", [*VERBS, "table", "export"])
def test_a_label_that_is_not_there_is_refused_with_the_nearest(path, tmp_path, verb):
    arguments = {
        "report": ["-o", tmp_path / "x.md"],
        "compare": [path],
        "export": ["-o", tmp_path / "x.csv", "--what", "labels"],
    }.get(verb, [])
    done = CliRunner().invoke(
        cli, [verb, str(tmp_path if verb == "table" else path), *map(str, arguments), "--per", "reqest"]
    )
    text = done.output + str(done.exception or "")
    assert "request" in text, text
    assert (done.exit_code != 0) == (verb != "table")


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["cite"], {"bibtex", "methods", "data", "sha256"}),
        (["report", "-o", "x.html"], {"written", "sentence", "quality"}),
        (["export", "-o", "x.csv"], {"written", "format", "what", "notes", "remarks"}),
        (["export", "-o", "x.power", "--share"], {"written", "left_out"}),
    ],
)
def test_what_a_verb_prints_or_writes_is_there_for_programs_too(path, tmp_path, monkeypatch, arguments, keys):
    monkeypatch.chdir(tmp_path)
    verb, *rest = arguments
    found = json.loads(said(verb, path, *rest, "--json"))
    assert set(found) == keys
    assert all((tmp_path / name).exists() for name in found.get("written", ()))


def test_the_table_of_a_class_is_there_for_programs_too(path, tmp_path):
    (decode,) = json.loads(said("table", tmp_path, "--label", "decode", "--json"))
    assert decode["label"] == "decode" and decode["per_item_j"] == near(0.125)


def test_a_footprint_per_item_leaves_the_warm_up_out_as_show_does(make):  # noqa: F811
    starts = [START + SECOND * i // 4 for i in range(20)]
    lengths = [SECOND // 5] * 2 + [SECOND // 10] * 18
    path = make(
        events=[
            Event("infer", a, a + d, 1, 1, i) for i, (a, d) in enumerate(zip(starts, lengths, strict=True))
        ]
    )
    (row,) = json.loads(said("show", path, "--json"))["labels"]
    shown = row["expected_per_item"]
    assert shown["value"] < 0.95 * row["energy_per_item"]["value"]
    found = json.loads(said("footprint", path, "--place", "FRA", "--label", "infer", "--json"))
    alone = json.loads(
        said("footprint", "--energy", f"{shown['value']}J", "--items", 1, "--place", "FRA", "--json")
    )
    each = found["per_item"]["carbon"]
    assert each["value"] == pytest.approx(alone["carbon"]["value"])
    assert each["low"] < each["value"] < each["high"]
    assert each["high"] - each["low"] > 0.9 * (alone["carbon"]["high"] - alone["carbon"]["low"])
    assert found["per_item_basis"] == "energy per item of infer; 20 × infer"


@pytest.mark.parametrize(
    ("asked", "basis"),
    [
        (["--items", "40"], "whole run ÷ 40"),
        (["--per", "request"], "whole run ÷ 10"),
        (["--label", "decode", "--per", "request"], "energy per item of decode; 10 × request"),
    ],
)
def test_a_footprint_names_what_its_number_per_item_was_divided_of(path, asked, basis):
    found = json.loads(said("footprint", path, "--place", "FRA", "--json", *asked))
    assert found["per_item_basis"] == basis
    assert f"per item ({basis}): carbon" in said("footprint", path, "--place", "FRA", *asked)


def test_without_a_label_a_number_per_item_is_that_of_the_only_label_or_none(path, tmp_path):
    """As docs/reports.md states: the whole run has several kinds of item, and none of them is its own."""
    several = json.loads(said("footprint", path, "--place", "FRA", "--json"))
    assert len(json.loads(said("show", path, "--json"))["labels"]) > 1 and "per_item" not in several
    assert "per item" not in said("footprint", path, "--place", "FRA")
    for asked in (("--label", "decode"), ("--items", 10)):
        assert "per_item" in json.loads(said("footprint", path, "--place", "FRA", "--json", *asked))


@pytest.fixture
def two_models(make):  # noqa: F811
    """2 W: five inferences of each of two models, 0.2 s and 0.5 s long."""
    return make(
        events=[
            infer(1 + i, 0.2 if i % 2 else 0.5, 1, i + 1, model="tiny" if i % 2 else "big") for i in range(8)
        ]
    )


TINY = ["--label", "infer[model=tiny]"]


def test_a_label_is_chosen_by_its_attributes_on_every_verb(two_models, tmp_path):
    """0.4 J each, of 2 W for 0.2 s; together with the big model's 1 J it would be 0.7 J."""
    shown = json.loads(said("show", two_models, "--json", *TINY))
    assert shown["headline"] == "infer (model=tiny)"
    row = next(row for row in shown["labels"] if row["group"] == {"model": "tiny"})
    assert row["per_item"]["value"] == near(0.4) and row["events"] == 4
    assert json.loads(said("budget", two_models, "--json", *TINY))["count"]["value"] == near(4 * 3600 / 0.08)
    assert json.loads(said("footprint", two_models, "--json", *TINY))["per_item_basis"].endswith("4 × infer")
    for what, lines in (("events", 4), ("labels", 1)):
        said("export", two_models, "-o", tmp_path / f"{what}.csv", "--what", what, *TINY)
        rows = list(csv.DictReader((tmp_path / f"{what}.csv").open(encoding="utf-8")))
        assert len(rows) == lines and {row["model"] for row in rows} == {"tiny"}
    (found,) = json.loads(said("table", two_models.parent, "--json", *TINY))
    assert found["per_item_j"] == near(0.4)
    (found,) = json.loads(said("compare", two_models, two_models, "--json", *TINY))["rows"]
    assert found["a"]["value"] == near(0.4)
    (row,) = (
        r
        for r in json.loads(said("show", two_models, "--json", *TINY, "--items", 8))["labels"]
        if r["group"] == {"model": "tiny"}
    )
    assert row["per_item"]["value"] == near(0.2)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("infer[modle=tiny]", "did you mean model?"),
        ("infer[model=tyni]", "did you mean infer[model=tiny]?"),
        ("infre[model=tiny]", "infer"),
        ("infer[tiny]", "infer[model=small,batch=8]"),
    ],
)
@pytest.mark.parametrize("verb", ["show", "budget", "compare"])
def test_a_mistyped_choice_is_answered_with_the_nearest(run, two_models, verb, typed, meant):
    also = [two_models] if verb == "compare" else []
    status, _, err = run(verb, two_models, *also, "--label", typed)
    assert status == 2 and meant in " ".join(err.split())


def test_what_a_count_of_the_run_makes_stands_beside_the_table_of_labels(run, path, tmp_path):
    """20 J over 10 requests are in no label's row."""
    status, _, err = run("export", path, "-o", tmp_path / "x.csv", "--what", "labels", "--per", "request")
    assert status == 0 and "2.000" in err and "in no row of this table" in err
    assert [row["label"] for row in csv.DictReader((tmp_path / "x.csv").open(encoding="utf-8"))] == [
        "load",
        "request",
        "decode",
    ]


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        (["--per", "request"], ": request, of the whole run</h1>"),
        (["--items", "4"], ": item, of the whole run</h1>"),
        (["--label", "decode", "--per", "request"], ": decode per request</h1>"),
    ],
)
def test_a_page_is_headed_by_what_one_item_is(path, tmp_path, asked, heading):
    said("report", path, "-o", tmp_path / "page.html", *asked)
    assert heading in (tmp_path / "page.html").read_text("utf-8").replace("\u00a0", " ")
