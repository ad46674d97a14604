"""`powermeter report`, run as a person would."""

from __future__ import annotations

from powermeter import cli

SECOND = 1_000_000_000


def test_report_writes_and_says_so_last(run_power, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert cli.run(["report", str(run_power), "-o", str(out)]) == 0
    assert capsys.readouterr().err.splitlines()[-2:] == [
        f"wrote {out}",
        f"open it in a browser: {out.as_uri()}",
    ]
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_name_without_an_extension_is_answered_with_what_to_type(run_power, tmp_path, capsys):
    assert cli.run(["report", str(run_power), "-o", str(tmp_path / "report")]) == 2
    assert f"type -o {tmp_path / 'report.html'}" in capsys.readouterr().err


def test_report_names_its_file_after_the_recording(run_power):
    assert cli.run(["report", str(run_power), "--kind", "markdown"]) == 0
    assert run_power.with_suffix(".md").exists() and run_power.with_suffix(".svg").exists()


def test_report_replaces_nothing_without_force(run_power, tmp_path, capsys):
    out = tmp_path / "report.md"
    figure = tmp_path / "report.svg"
    figure.write_text('<svg class="figure wide">mine')
    assert cli.run(["report", str(run_power), "-o", str(out)]) == 3
    assert figure.read_text().endswith("mine") and not out.exists()  # nothing half-written
    assert "--force" in capsys.readouterr().err
    assert cli.run(["report", str(run_power), "-o", str(out), "--force"]) == 0
    assert not figure.read_text().endswith("mine")
    figure.write_text("<svg>mine")  # somebody else's
    assert cli.run(["report", str(run_power), "-o", str(out), "--force"]) == 2
    assert figure.read_text() == "<svg>mine"


def test_report_never_overwrites_the_recording(run_power):
    before = run_power.read_bytes()
    assert cli.run(["report", str(run_power), "-o", str(run_power), "--kind", "html", "--force"]) == 2
    assert run_power.read_bytes() == before


def test_report_of_unknown_kind_or_ending(run_power, tmp_path, capsys):
    assert cli.run(["report", str(run_power), "--kind", "fax"]) == 2
    assert cli.run(["report", str(run_power), "-o", str(tmp_path / "report.doc")]) == 2
    assert "html" in capsys.readouterr().err
    assert cli.run(["report", str(run_power), "-o", str(tmp_path / "no" / "such" / "folder.html")]) == 2


def test_report_lists_its_kinds(capsys):
    assert cli.run(["report", "--kinds"]) == 0
    assert {"html", "markdown", "pdf"} <= {line.split()[0] for line in capsys.readouterr().out.splitlines()}


def test_a_section_that_a_kind_does_not_have_is_refused(run_power, tmp_path, capsys):
    for kind, status in (("markdown", 2), ("latex", 2), ("annex-xi", 2), ("html", 0)):
        out = tmp_path / f"with-{kind}.txt"
        asked = ["report", str(run_power), "--kind", kind, "-o", str(out), "--against", str(run_power)]
        assert cli.run(asked) == status, kind
        assert ("--against is not in this kind of report" in capsys.readouterr().err) is bool(status), kind
        assert out.exists() is not bool(status), kind
    asked = [
        "report",
        str(run_power),
        "--kind",
        "model-card",
        "-o",
        str(tmp_path / "c.md"),
        "--stage",
        "*=4Ah",
    ]
    assert cli.run(asked) == 2
    assert "--stage is not in this kind of report" in capsys.readouterr().err
