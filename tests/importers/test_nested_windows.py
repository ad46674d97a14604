"""Windows that were measured inside each other: each joule counts once, and every window keeps its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import powermeter
from powermeter.errors import DataError
from powermeter.importers import convert, open_log

HEADER = "start_time,window_name,elapsed_time,gpu0_energy\n"


def test_steps_in_an_epoch_count_once_and_keep_their_energy(tmp_path: Path) -> None:
    steps = "".join(f"{1_711_000_000 + 20 * k + 2 * i},step,1.5,100\n" for k in (0, 1) for i in range(9))
    epochs = "".join(f"{1_711_000_000 + 20 * k},epoch,19.5,1000\n" for k in (0, 1))
    path = tmp_path / "z.csv"
    path.write_text(HEADER + steps + epochs)
    convert(path, tmp_path / "z.power")
    found = powermeter.analyse(tmp_path / "z.power")
    assert found.plain_energy == pytest.approx(2000)
    assert {row.label: row.plain_energy for row in found.rows} == pytest.approx({"step": 1800, "epoch": 2000})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["0,a,2,10", "1,b,2,10"], "'b' began before 'a' ended and ended behind it"),
        (["0,step,2,30", "0,epoch,4,10"], "used 30 J, more than its own 10 J"),
    ],
)
def test_what_no_windows_in_each_other_can_be_is_refused(
    tmp_path: Path, rows: list[str], message: str
) -> None:
    path = tmp_path / "z.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    with pytest.raises(DataError, match=message):
        open_log(path)


def test_sockets_of_one_call_are_of_one_time(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    rows = ["f,1711000000,1000000,5000000,1000000,0", "f,1711000000,1000000,7000000,1000000,1"]
    path.write_text("label,timestamp,duration,pkg,dram,socket\n" + "".join(f"{row}\n" for row in rows))
    convert(path, tmp_path / "p.power")
    found = powermeter.analyse(tmp_path / "p.power")
    assert found.duration.value == pytest.approx(1.0)
