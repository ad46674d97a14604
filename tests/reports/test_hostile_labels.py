"""Labels, attributes and names that steer, in every format, on the terminal and in error messages: harmless everywhere."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from powermeter import registry
from powermeter.channel import Boundary, Rail
from powermeter.cli import cli, run
from powermeter.comparison.compare import compare
from powermeter.recording import Recording
from powermeter.reports.comparison_files import KINDS
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from tests.reports.conftest import infer, maker

pytestmark = pytest.mark.thorough

LABELS = (
    "<script>alert(1)</script>",
    "\\input{x}",
    "=cmd()",
    "\u202egnp.exe",
    "\x1b[31mred\x1b]0;title\x07",
    "lone \ud800 surrogate",
    "nul\x00nul",
    "x" * 10_000,
    "a | b\n# c",
)
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    events = [
        infer(0.1 * i, 0.09, 1, i + 1, LABELS[i % len(LABELS)], key=LABELS[(i + 1) % len(LABELS)])
        for i in range(6 * len(LABELS))
    ]
    rail = Rail(LABELS[4][:20], covers="".join(LABELS[:7]), boundary=Boundary.BOARD)
    metadata = {
        "command": ["python", LABELS[4] + ".py", LABELS[0]],
        "host": {"board": "".join(LABELS[:7]), "cpu": LABELS[1]},
        "attributes": {LABELS[0]: LABELS[1]},
    }
    make = maker(tmp_path_factory.mktemp("hostile"))
    return make(events=events, rail=rail, metadata=metadata, source=LABELS[4], info={"model": LABELS[0]})


@pytest.fixture(scope="module")
def data(path):
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(place="FRA"))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.mark.parametrize("kind", sorted(registry.REPORTS))
def test_no_kind_of_report_carries_what_steers(data, kind):
    maker = registry.load(registry.REPORTS[kind])()
    content = maker.render(data)
    if maker.binary and kind != "csv":
        assert content[:4] in (b"%PDF", b"\x89PNG")
        return
    text = content if isinstance(content, str) else content.decode("utf-8")
    text.encode("utf-8")
    assert not STEERS.search(text), ascii(STEERS.search(text))
    if kind in ("html", "html-plain", "svg"):
        tags = Tags()
        tags.feed(text)
        assert [a for t, a in tags.found if t == "script" and a.get("type") is None] == [{}] * (
            kind == "html"
        )
        assert "alert(1)</script>" not in text
    if kind == "latex":
        assert "\\input{" not in text and "textbackslash{}input" in text
    if kind in ("markdown", "model-card", "annex-xi", "sci"):
        assert not re.search(r"(?<!\\)<script", text) and "\n# c" not in text
    if kind == "csv":
        assert not re.search(r"(^|,)=cmd", text, re.MULTILINE)


@pytest.mark.parametrize("ending", sorted(KINDS))
def test_no_file_of_a_comparison_does(path, make, twenty, ending):
    content = KINDS[ending](compare(path, make("other.power", events=[*twenty]), label=(LABELS[0], "infer")))
    if isinstance(content, bytes):
        assert content[:4] in (b"%PDF", b"\x89PNG")
    else:
        assert not STEERS.search(content)
        assert ending in (".json", ".txt") or not re.search(r"(?<!\\)<script>alert", content)


@pytest.mark.parametrize(
    ("form", "what"),
    [
        *((f, w) for f in ("csv", "json", "parquet", "arrow") for w in ("samples", "events", "labels")),
        *((f, None) for f in ("chrome-trace", "prometheus", "influx", "codecarbon")),
    ],
)
def test_no_export_does(path, tmp_path, form, what):
    out = tmp_path / "out"
    asked = ["--what", what] if what else []
    done = CliRunner().invoke(cli, ["export", str(path), "-o", str(out), "--format", form, *asked])
    assert done.exit_code == 0, done.output
    if form in ("parquet", "arrow"):
        pyarrow = pytest.importorskip("pyarrow")
        if form == "parquet":
            from pyarrow.parquet import read_table

            table = read_table(out)
        else:
            table = pyarrow.ipc.open_file(out).read_all()
        if what == "events":
            assert len(table) == 6 * len(LABELS)
        return
    text = out.read_bytes().decode("utf-8")
    assert not STEERS.search(text), ascii(STEERS.search(text))
    if form in ("json", "chrome-trace"):
        json.loads(text)
    if form == "codecarbon":
        assert len(text.splitlines()) == 2


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_terminal_obeys_nothing(path, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    for verb in (["show"], ["cite"], ["footprint"], ["budget"], ["verify"], ["compare"]):
        arguments = [*verb, str(path), *([str(path)] if verb == ["compare"] else [])]
        done = CliRunner().invoke(cli, arguments)
        assert not STEERS.search(done.output), (verb, ascii(STEERS.search(done.output)))


@pytest.mark.parametrize("label", LABELS)
def test_error_messages_obey_nothing(path, label, capfd):
    typed = (
        label.replace("\x00", "").replace("\n", " ").replace("\ud800", "\udcff") + "?"
    )  # as it can be typed
    for arguments in (
        ["footprint", str(path), "--label", typed],
        ["compare", str(path), str(path), "--label", typed],
        ["show", f"{typed[:80]}.power"],
        ["show", str(path), "--rail", typed],
        ["report", str(path), "--kind", typed],
        ["export", str(path), "-o", f"{typed[:80].replace('/', '')}.{typed[:20].replace('/', '')}"],
        [typed],
    ):
        assert run(arguments) != 0
        out, err = capfd.readouterr()
        assert err.strip() and not STEERS.search(out + err), (arguments, ascii(err)[:400])
        assert len(err) < 3000
