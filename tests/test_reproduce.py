"""The folder of reproduced publications: each is complete, its table is up to date, and one is run on data at hand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "reproduce"
RECORDINGS = ROOT.parent / "shared" / "data" / "recordings"
NAMES = sorted(path.parent.name for path in HERE.glob("*/figures.py"))

pytestmark = [pytest.mark.thorough, pytest.mark.skipif(not HERE.is_dir(), reason="not a checkout")]


def run(*arguments: str) -> str:
    command = [sys.executable, str(HERE / "run.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def test_there_are_at_least_ten_and_each_has_its_description_and_its_kept_result() -> None:
    assert len(NAMES) >= 10
    for name in NAMES:
        text = (HERE / name / "README.md").read_text(encoding="utf-8")
        assert all(word in text for word in ("**Published.**", "**Raw data.**", "**What is done.**"))
        kept = json.loads((HERE / name / "result.json").read_text(encoding="utf-8"))
        assert kept["groups"]


def test_the_table_is_made_from_the_kept_results_and_each_disagreement_has_its_reason() -> None:
    page = (ROOT / "docs" / "reproduced.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"## {name.replace('_', '-')}" in page
        for group in json.loads((HERE / name / "result.json").read_text(encoding="utf-8"))["groups"].values():
            for one in group["figures"]:
                if one["verdict"] in ("differs", "no number"):
                    assert one["why"], f"{name}: {one['what']} differs and nothing explains it"


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings beside the checkout")
def test_nvidias_own_running_means_come_out_of_five_boards(tmp_path: Path) -> None:
    folder = tmp_path / "jetsontools"
    folder.mkdir()
    for log in sorted((RECORDINGS / "tegrastats").glob("*all.tegrastats")):
        shutil.copy(log, folder)
    kept = (HERE / "tegrastats" / "result.json").read_bytes()
    printed = run("tegrastats", "--data", str(tmp_path), "--dry-run")
    assert printed.rstrip().endswith("23 figures: 23 agrees"), printed
    assert (HERE / "tegrastats" / "result.json").read_bytes() == kept


def test_a_folder_without_the_data_is_named_with_what_is_wanted(tmp_path: Path) -> None:
    printed = run("e2fl", "--data", str(tmp_path))
    assert "sco-edge/E2FL@4c2bbc461f8d" in printed and "Traceback" not in printed


def test_a_folder_with_none_of_the_files_neither_counts_nor_replaces_what_was_kept(tmp_path: Path) -> None:
    (tmp_path / "something.txt").touch()
    kept = (HERE / "tegrastats" / "result.json").read_bytes()
    for arguments in (("tegrastats", "--data"), ("get", "tegrastats", "--from")):
        printed = run(*arguments, str(tmp_path))
        assert "holds none of justincdavis/jetsontools" in printed and "figures" not in printed
    assert (HERE / "tegrastats" / "result.json").read_bytes() == kept


def test_a_gauge_that_says_nothing_yields_no_energy() -> None:
    printed = run("phone_gauge", "--dry-run")
    assert "is a table of finished runs" in printed and "differs" not in printed
