"""`nvidia-smi stats`: samples of every kind, microseconds since 1970, watts."""

import pytest

from powermeter import analyse
from powermeter.errors import DataError
from powermeter.importers import Choices, convert, recognise
from powermeter.importers.files import Peek

START_US = 1_515_942_330_734_500


def samples(seconds, cards=1):
    return [
        line
        for i in seconds
        for card in range(cards)
        for line in (
            f"{card}, pwrDraw    , {START_US + i * 1_000_000}, {100 + 20 * card}",
            f"{card}, temp       , {START_US + i * 1_000_000}, 41",
            f"{card}, procClk    , {START_US + i * 1_000_000}, 1328",
        )
    ]


@pytest.mark.parametrize(("cards", "watts"), [(1, 100), (2, 220)])
def test_only_the_draw_counts_and_cards_add_up(tmp_path, cards, watts):
    path = tmp_path / "stats.csv"
    path.write_text("\n".join(samples(range(11), cards)) + "\n")
    found = convert(path, tmp_path / "o.power", choices=Choices())
    assert found.format == "nvidia-smi-stats"
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(10 * watts)
    assert any(f"{22 * cards} samples of other readings" in str(note) for note in found.warnings)


def test_what_a_loop_prints_again_counts_once(tmp_path):
    path = tmp_path / "stats.csv"
    path.write_text("\n".join(samples(range(8)) + samples(range(4, 12))) + "\n")
    found = convert(path, tmp_path / "o.power", choices=Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(1100)
    assert any("4 samples were logged again" in str(note) for note in found.warnings)


def test_samples_without_a_draw_are_named(tmp_path):
    path = tmp_path / "stats.csv"
    path.write_text("\n".join(line for line in samples(range(9)) if "pwrDraw" not in line) + "\n")
    with pytest.raises(DataError, match="none of pwrDraw"):
        convert(path, tmp_path / "o.power", choices=Choices())


def test_another_table_of_four_columns_is_not_taken(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(f"{i}, lamp, {START_US + i}, {i}" for i in range(9)) + "\n")
    found = recognise(Peek.at(path))
    assert found is None or found.name != "nvidia-smi-stats"


@pytest.mark.parametrize("by", [5, 0])
def test_a_clock_that_was_set_back_is_refused(tmp_path, by):
    path = tmp_path / "stats.csv"
    lines = [f"0, pwrDraw, {START_US + i * 1_000_000}, {100 + i}" for i in range(20)]
    lines += [f"0, pwrDraw, {START_US + i * 1_000_000 + by}, {200 + i}" for i in range(8, 28)]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"a clock was set.* --each"):
        convert(path, tmp_path / "o.power", choices=Choices())
