"""Every kind of file that is written is recognised as ours; what somebody else wrote under the same ending is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import registry
from powermeter.recording.our_files import is_ours, is_recording
from powermeter.reports import benchmark
from tests.reports.conftest import infer, maker, twenty_events

pytestmark = pytest.mark.thorough

OPTIONAL = {
    "pdf": "matplotlib",
    "png": "matplotlib",
    "parquet": "pyarrow",
    "arrow": "pyarrow",
    "jls": "pyjls",
}
SUFFIX = {"chrome-trace": "trace", "prometheus": "prom", "influx": "lp", "codecarbon": "csv"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two recordings of twenty events, and one of a label as long as a line may be."""
    folder = tmp_path_factory.mktemp("ours")
    make = maker(folder)
    make("a.power", events=twenty_events())
    make("b.power", events=twenty_events(), watts=3.0)
    make(
        "long.power",
        events=[infer(0.5 * i, 0.3, 1, i + 1, name="L, " * 3000) for i in range(8)],
        volts=False,
        metadata={"command": ["python", "word " * 38 + ".py"]},  # its heading is two lines
    )
    return folder


def written(here, out: Path, *command: object, again: bool = True) -> Path:
    """Return the file that a command wrote, and wrote again by --force."""
    if out.suffix[1:] in OPTIONAL:
        pytest.importorskip(OPTIONAL[out.suffix[1:]])
    for more in ((), ("--force",)) if again else ((),):
        found = here(*command, "-o", out, *more)
        assert found.returncode == 0, found.stderr
    return out


@pytest.mark.parametrize("kind", sorted(registry.REPORTS))
@pytest.mark.parametrize("name", ["a", "long"])
def test_a_report_of_every_kind_is_ours(here, folder, tmp_path, kind, name):
    ending = registry.load(registry.REPORTS[kind])().suffix
    out = written(
        here, tmp_path / f"x{ending}", "report", folder / f"{name}.power", "--kind", kind, again=name == "a"
    )
    assert all(is_ours(one) for one in tmp_path.iterdir()) and not is_recording(out)


@pytest.mark.parametrize("what", ["samples", "events", "labels", "tokens"])
@pytest.mark.parametrize("form", ["csv", "json", "parquet", "arrow"])
def test_an_exported_table_is_ours(here, folder, tmp_path, form, what):
    assert is_ours(
        written(here, tmp_path / f"x.{form}", "export", folder / "a.power", "--what", what, "--by", "model")
    )


@pytest.mark.parametrize("form", ["jls", *SUFFIX])
def test_what_is_exported_for_other_tools_is_ours(here, folder, tmp_path, form):
    out = tmp_path / f"x.{SUFFIX.get(form, form)}"
    assert is_ours(written(here, out, "export", folder / "long.power", "--format", form))


@pytest.mark.parametrize("ending", ["html", "md", "tex", "txt", "json", "svg", "pdf", "png"])
def test_a_comparison_is_ours(here, folder, tmp_path, ending):
    out = tmp_path / f"x.{ending}"
    assert is_ours(written(here, out, "compare", folder / "a.power", folder / "b.power"))


@pytest.mark.parametrize(
    ("verb", "ending"), [(v, e) for v in ("table", "variants") for e in ("csv", "json", "md")]
)
def test_a_table_of_recordings_is_ours(here, folder, tmp_path, verb, ending):
    of = [folder] if verb == "table" else [folder / "a.power", folder / "b.power"]
    assert is_ours(written(here, tmp_path / f"x.{ending}", verb, *of))


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_figure_of_matplotlibs_is_ours_where_we_drew_it(here, folder, tmp_path, ending):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    out = tmp_path / f"x.{ending}"
    assert here("variants", folder / "a.power", folder / "b.power", "--plot", out).returncode == 0
    assert is_ours(out)
    drawn = tmp_path / f"by_its_ending.{ending}"
    benchmark.draw(drawn, [])
    assert is_ours(drawn)
    theirs = tmp_path / f"theirs.{ending}"
    Figure().savefig(theirs)
    assert not is_ours(theirs)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.md", "# Energy\n\nI measured with powermeter.\n"),
        (
            "of_my_house.md",
            "# Energy of my house\n\nWhat the meter showed · what I think of it.\n\nAll is well.\n",
        ),
        ("of_a_model.md", "# Energy of the model: mine\n\nSee powermeter.\n"),
        ("sci.md", "# Software Carbon Intensity of mine\n\nTo do: SCI\n"),
        ("boards.md", "# Pi 5 against Pi 4\n\n**What I found:** 3 J.\n"),
        ("notes.txt", "powermeter show run.power\nWhole run  60 J\n"),
        ("pasted.txt", "Monday  first try\n\na  10 s · 14 Nov 2023 22:13 UTC\n\nWhole run  60 J\n"),
        ("own.html", '<!doctype html>\n<html lang="en"><head><title>powermeter</title></head></html>\n'),
        ("runs.csv", "time,power\n0,1\n"),
        ("label.csv", "label,energy\ninfer,3\n"),
        ("paper.tex", "\\documentclass{article}\n% powermeter\n"),
        ("own.bib", "@misc{cat,\n  title = {powermeter}\n}\n"),
        ("own.json", '{"version": 1, "recording": "mine"}\n'),
        ("own.toml", "[tool.powermeter]\nplace = 'FRA'\n"),
        ("own.svg", '<svg xmlns="http://www.w3.org/2000/svg"></svg>\n'),
        ("run.power", "the log of another meter\n"),
        ("emissions.csv", "timestamp,project_name,run_id,codecarbon_version\n2026,mine,1,3.3.0\n"),
    ],
)
def test_what_somebody_else_wrote_is_not_ours(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, "utf-8")
    assert not is_ours(path)


def test_a_table_of_pyarrows_is_not_ours(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    parquet.write_table(pyarrow.table({"powermeter": [1.0]}), tmp_path / "x.parquet")
    assert not is_ours(tmp_path / "x.parquet")


def test_an_empty_file_loses_nothing_and_one_that_may_be_run_is_not_ours(here, folder, tmp_path):
    empty, out = tmp_path / "empty.md", tmp_path / "x.md"
    empty.touch()
    assert is_ours(empty)
    assert is_ours(written(here, out, "report", folder / "a.power"))
    out.chmod(0o755)
    assert not is_ours(out)
