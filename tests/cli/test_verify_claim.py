"""Published figures against a log whose energy is known: 10 W for 100 s, sampled every second.

Its interval: ±1 % of the meter and ±0.5 W of readings that are whole watts, both rectangular:
1.96 × 1000 J × √(0.01² + 0.05²) / √3 = 57.7 J.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powermeter.cli import run
from powermeter.errors import DataError
from powermeter.importers import Choices, convert


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("claims")
    log = folder / "log.csv"
    log.write_text("time_s,power_W\n" + "".join(f"{t},10.0\n" for t in range(101)))
    convert(log, folder / "run.power", choices=Choices(accuracy=0.01))
    return folder / "run.power"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "published.csv"
    path.write_text("quantity,label,value,unit,plus_minus,recording\n" + "\n".join(lines) + "\n")
    return path


def test_figures_that_hold_end_with_0(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = table(
        tmp_path, "energy,,1.000,kJ,,", "power,,10.0,W,,", "duration,,100,s,,", "energy,,277.8,mWh,,"
    )
    assert run(["verify-claim", str(claims), str(recording)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("agrees") == 5  # four figures and the count
    assert (
        "energy: published 1.000 kJ, ours 1.000 kJ (0.988 to 1.017)" in printed
    )  # 0.5 of 10 W above, where a digit is cut


def test_one_that_does_not_ends_with_11_and_is_named(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = table(tmp_path, "energy,,1.000,kJ,,", "energy,,1.12,kJ,,", "energy,infer,3,J,,")
    assert run(["verify-claim", str(claims), str(recording), "--json"]) == 11
    found = json.loads(capsys.readouterr().out)
    assert [one["agreement"] for one in found] == ["agrees", "differs", "no number"]
    assert "no label 'infer'" in found[2]["why"]
    first, second, third = (one["published"] for one in found)  # half a unit of the last digit
    assert (first["value"], first["plus_minus"]) == pytest.approx((1000.0, 0.5)) and first["unit"] == "J"
    assert (second["value"], second["plus_minus"]) == pytest.approx((1120.0, 5.0))
    assert (third["value"], third["plus_minus"]) == pytest.approx((3.0, 0.5))


def test_a_directory_has_a_recording_for_each_line_and_a_broken_one_fails_its_own(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.power").write_bytes(recording.read_bytes())
    (tmp_path / "bad.power").write_bytes(b"no recording")
    claims = table(tmp_path, "energy,,1.000,kJ,,good.power", "energy,,1.000,kJ,,bad.power")
    assert run(["verify-claim", str(claims), str(tmp_path), "--json"]) == 11
    assert [one["agreement"] for one in json.loads(capsys.readouterr().out)] == ["agrees", "no number"]
    claims = table(tmp_path, "energy,,1.000,kJ,,../elsewhere.power")
    assert run(["verify-claim", str(claims), str(tmp_path)]) == DataError.exit_code
    assert "lies outside" in capsys.readouterr().err


def test_a_figure_per_item_is_that_of_show_or_that_of_all_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two slow events first: the page's 440 mJ a next one, and 455 mJ with them, may both be published."""
    from powermeter.analysis.energy import analyse
    from powermeter.testing.boards import Run, simulate_run

    path = simulate_run(tmp_path / "run.power", "pi-4", Run(seed=11, idle_event=True))
    row = analyse(path).row("infer")
    assert row.warmup.count and row.per_item is not None and row.energy_per_item is not None
    for found, words in ((row.per_item, 0), (row.energy_per_item, 1)):
        claims = table(tmp_path, f"energy_per_item,infer,{found.value:.6f},J,,")
        assert run(["verify-claim", str(claims), str(path)]) == 0
        assert capsys.readouterr().out.count("warm-up included") == words
    claims = table(tmp_path, f"energy_per_item,infer,{0.9 * row.per_item.value:.4f},J,,")
    assert run(["verify-claim", str(claims), str(path)]) == 11
    assert f"ours {row.per_item}" in capsys.readouterr().out
