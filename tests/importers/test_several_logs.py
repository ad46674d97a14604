"""Several logs at once, what is no log at all, and what `--explain` prints."""

import io
import tarfile
import zipfile
from itertools import pairwise

import pytest

from powermeter import analyse, importers
from powermeter.cli import run
from powermeter.errors import DataError
from powermeter.importers import Choices, several_logs
from powermeter.importers.files import Peek
from powermeter.importers.not_logs import refusal
from powermeter.recording import Recording


def table(start, count=10, watts=5):
    return "timestamp,power_W\n" + "".join(
        f"{1_780_000_000 + start + i},{watts + i % 2}\n" for i in range(count)
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    for number in range(3):
        (tmp_path / "logs" / f"part{number}.csv").write_text(table(100 * number))
    return tmp_path


def test_a_pattern_of_parts_becomes_one_series(folder, capsys):
    assert run(["import", "logs/*.csv", "-o", "all.power"]) == 0
    assert "one series" in capsys.readouterr().err
    with Recording.open("all.power") as recording:
        (source,) = recording.sources
        assert len(recording.samples(source.id).times_ns) == 30
        assert len(recording.gaps(source.id)) == 2


def test_each_log_becomes_a_recording_of_its_own(folder):
    assert run(["import", "logs", "--each", "-o", "out"]) == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "part0.power",
        "part1.power",
        "part2.power",
    ]


def test_one_bad_log_of_many_is_named_and_the_others_are_written(folder, capsys):
    (folder / "logs" / "bad.csv").write_text("<html></html>\n")
    assert run(["import", "logs", "--each", "-o", "out"]) == 7
    err = capsys.readouterr().err
    assert "bad.csv: is an HTML web page" in err and "1 of 4 logs could not be imported" in err
    assert len(list((folder / "out").iterdir())) == 3


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_is_unpacked_within_bounds(folder, kind):
    name = f"logs.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(name, "w") as packed:
            for number in range(2):
                packed.writestr(f"../../part{number}.csv", table(100 * number))
    else:
        with tarfile.open(name, "w") as packed:
            for number in range(2):
                data = table(100 * number).encode()
                info = tarfile.TarInfo(f"../part{number}.csv")
                info.size = len(data)
                packed.addfile(info, io.BytesIO(data))
    assert run(["import", name, "-o", "a.power"]) == 0
    with Recording.open("a.power") as recording:
        assert len(recording.samples(recording.sources[0].id).times_ns) == 20
    assert not list(folder.parent.glob("part*.csv"))


def test_logs_of_no_common_clock_are_not_put_on_one(folder, capsys):
    (folder / "logs" / "relative.csv").write_text("time_s,power_W\n0,1\n1,1\n2,1\n")
    assert run(["import", "logs/*.csv", "-o", "all.power"]) == 2
    assert "--each" in capsys.readouterr().err


def test_a_pattern_that_matches_nothing_says_so(folder, capsys):
    assert run(["import", "nothing*.csv"]) == 7
    assert "nothing matches" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        (b"%PDF-1.7", "PDF"),
        (b"PAR1\x15", "Parquet"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"\x93NUMPY", "NumPy"),
        (b"\x80\x04\x95", "pickle, which is never opened"),
        (b"\xd0\xcf\x11\xe0\xa1", "Excel"),
        (b"PK\x03\x04xx[Content_Types].xml", "spreadsheet"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"7z\xbc\xaf", "7z"),
        (b"BZh9", "bunzip2"),
        (b"plug,device=a power=10.5,voltage=230.1 1704067210000000000\n" * 4, "line protocol"),
        (
            b"P o w e r T O P\nPowerTOP Version;2.14 ran at Tue Aug  2 13:59:13 2022\nName;9 W;2\n",
            "PowerTOP's report",
        ),
        (b"| NVIDIA-SMI 550 |\n|=====+====|\n", "--query-gpu=timestamp,index,power.draw"),
        (b"| NVIDIA-SMI 550 |\n| GPU  Name  |\n", "--query-gpu=timestamp,index,power.draw"),
    ],
)
def test_what_is_no_log_is_named_for_what_it_is(tmp_path, head, says):
    path = tmp_path / "x.csv"
    path.write_bytes(head)
    assert says in (refusal(Peek.at(path)) or "")
    with pytest.raises(DataError, match="is "):
        importers.open_log(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Loading model\nEpoch 1: loss 0.9\nEpoch 2: loss 0.7\nDone.\n", "no table of numbers"),
        (
            "run_id,model,execution_time,energy_joules\nr0,a,12.5,410\nr1,b,9.7,377\nr2,c,30,1022\n",
            "table of finished runs",
        ),
        (
            "model,run,tokens_per_s,mean_power_mW,charge_counter_uAh\na,1,0,-38,0\na,2,0,12,0\nb,1,0,26,0\n",
            "table of finished runs.* no energy",
        ),
        (
            "language,task,duration,energy\nC,trees,497,97736782.0\nC,trees,532,106438771.0\nGo,trees,530,106438771.0\n",
            "table of finished runs",
        ),
        (
            "Drive,Spinup 5v,Idle 5v\nBarracuda,0.3,0.16\nIronwolf,0.46,0.25\nWD Gold,0.15,0.28\n",
            "each row names another thing \\('Barracuda'\\).*--column Drive=-",
        ),
        (
            "JobID|ConsumedEnergyRaw|CPUTimeRAW|State\n1|3774906|4147392|TIMEOUT\n2|0|29018640|FAILED\n",
            "table of finished runs",
        ),
        (
            "run_id,start_time,end_time,metrics.accuracy,metrics.power_draw\na,1757636000,1757636900,0.7,410\n",
            "table of finished runs",
        ),
        (
            "Start Time (Seconds),End Time (Seconds),Duration (Seconds),Component,Energy (Joule)\n0,180.5,180.5,screen,51.2\n0,1.8,1.8,cpu,0.05\n",
            "table of finished runs",
        ),
        (
            "Iteration,Energy_mWh,Power_mW,Duration_Sec\n1,21,5650,1257,0476,61,76\n2,21,5650,1264,8094,61,38\n",
            "Decimal commas in a table divided by commas",
        ),
        (
            "timestamp,utilization.gpu [%],temperature.gpu\n2026/06/10 10:00:00.000,33 %,40\n2026/06/10 10:00:01.000,35 %,41\n",
            "no column of power",
        ),
    ],
)
def test_what_holds_no_power_is_not_asked_for_a_rate(tmp_path, text, says):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=says) as caught:
        importers.open_log(path)
    assert "--rate" not in str(caught.value)


def test_explain_prints_every_column_and_writes_nothing(folder, capsys):
    (folder / "x.csv").write_text(
        "time_s,cpu_power_w,total_power_w,note,power_limit\n"
        + "".join(f"{i},1,{5 + i % 2},a,9\n" for i in range(8))
    )
    assert run(["import", "--explain", "x.csv"]) == 0
    out = capsys.readouterr().out
    assert "'total_power_w': power in W, rail total" in out and "whole     total" in out
    assert "left out  'power_limit': a limit" in out and "nothing was written" in out
    assert not (folder / "x.power").exists()


def test_explain_prints_what_is_open(folder, capsys):
    (folder / "x.csv").write_text("time,power\n0,1\n1,2\n2,1\n")
    assert run(["import", "--explain", "x.csv"]) == 0
    assert "open" in capsys.readouterr().out


def test_explain_of_another_format(folder, capsys):
    (folder / "p.txt").write_text(
        "1.0,5.0,Joules,power/energy-pkg/,1,100,,\n2.0,5.0,Joules,power/energy-pkg/,1,100,,\n"
    )
    assert run(["import", "--explain", "p.txt"]) == 0
    assert "package.energy: energy in J, counter" in capsys.readouterr().out


def test_each_log_of_an_archive_becomes_a_recording_and_is_explained(folder, capsys):
    with zipfile.ZipFile("two.zip", "w") as archive:
        archive.writestr("a/left.csv", table(0))
        archive.writestr("b/right.csv", table(0, watts=9))
        archive.writestr("README.md", "# nothing")
    assert run(["import", "two.zip", "--each", "-o", "out"]) == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["left.power", "right.power"]
    capsys.readouterr()
    assert run(["import", "--explain", "two.zip"]) == 0
    said = capsys.readouterr().out
    assert "two.zip: left.csv: a table" in said and "two.zip: right.csv: a table" in said


def test_a_directory_of_logs_becomes_one_recording_and_names_what_it_passed_over(folder, capsys):
    (folder / "logs" / "README.md").write_text("# nothing")
    (folder / "logs" / "empty.csv").write_text("time,power_W\n")
    assert run(["import", "logs", "-o", "all.power"]) == 0
    said = capsys.readouterr().err
    assert "one series" in said and "passed over: 2 files beside the logs: README.md, empty.csv" in said
    with Recording.open("all.power") as recording:
        (source,) = recording.sources
        assert len(recording.samples(source.id).times_ns) == 30
    assert run(["import", "--explain", "logs"]) == 0
    assert capsys.readouterr().out.count("a table") == 3


@pytest.mark.parametrize("text", ["# NVIDIA-SMI 550.54\ntime,power_W\n0,5\n", "|====|\n0,5\n"])
def test_half_of_what_shows_a_table_of_nvidia_smi_is_none(tmp_path, text):
    path = tmp_path / "x.csv"
    path.write_text(text)
    assert refusal(Peek.at(path)) is None


def test_what_an_archive_holds_beside_its_logs_is_named_once_with_each(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in ("a.csv", "b.csv"):
            packed.writestr(name, "time_s,power_W\n" + "".join(f"{i},5\n" for i in range(9)))
        packed.writestr("notes.txt", "PID\t0xA389\nV\t12800\nI\t-1500\nChecksum\tx\n" * 5)
    made = several_logs.jobs([archive], tmp_path / "out", each=True)
    logs = [several_logs.convert(job, format=None, choices=Choices(), force=False) for job in made]
    assert [sum("notes.txt" in note for note in log.warnings) for log in logs] == [1, 0]


def _part(folder, name, first, last, watts=lambda i: 10 + i % 7):
    rows = "".join(f"2025-03-04 10:{i // 60:02d}:{i % 60:02d},{watts(i)}\n" for i in range(first, last))
    (folder / name).write_text("time,power_W\n" + rows)


@pytest.mark.thorough
@pytest.mark.parametrize("starts", [(40, 80), (45, 80), (44, 79), (0, 80)])
def test_rotated_logs_that_share_rows_are_one_series(tmp_path, starts):
    folder = tmp_path / "parts"
    folder.mkdir()
    for name, first, last in (
        ("log.1.csv", 0, 45),
        ("log.2.csv", starts[0], 80),
        ("log.10.csv", starts[1], 120),
    ):
        _part(folder, name, first, last)
    out = tmp_path / "o.power"
    assert run(["import", str(folder), "-o", str(out)]) == 0
    with Recording.open(out) as recording:
        found = analyse(recording).energy
    watts = [10 + i % 7 for i in range(120)]
    assert found.value == pytest.approx(sum(a + b for a, b in pairwise(watts)) / 2, rel=0.02)


def test_copies_of_one_log_count_once(tmp_path, capsys):
    folder = tmp_path / "dup"
    folder.mkdir()
    for name in ("a.csv", "a (1).csv"):
        _part(folder, name, 0, 60)
    out = tmp_path / "o.power"
    assert run(["import", str(folder), "-o", str(out)]) == 0
    assert "60 rows of two logs counted once" in capsys.readouterr().err
    with Recording.open(out) as recording:
        assert analyse(recording).energy.value == pytest.approx(13 * 59, rel=0.03)


def test_logs_that_overlap_and_differ_are_asked_about(tmp_path, capsys):
    folder = tmp_path / "two"
    folder.mkdir()
    _part(folder, "log.1.csv", 0, 60)
    _part(folder, "log.2.csv", 30, 90, lambda i: 50)
    assert run(["import", str(folder), "-o", str(tmp_path / "o.power")]) == 2
    assert "--rail" in capsys.readouterr().err


def test_logs_at_moments_of_their_own_share_no_row(tmp_path, capsys):
    """Each second, and half a second later: the same watts, but no row of one is a row of the other."""
    folder = tmp_path / "two"
    folder.mkdir()
    (folder / "log.1.csv").write_text(table(0, 60))
    (folder / "log.2.csv").write_text(table(30.5, 60))
    assert run(["import", str(folder), "-o", str(tmp_path / "o.power")]) == 2
    assert "--rail" in capsys.readouterr().err
