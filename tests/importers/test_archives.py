"""Archives of logs: recognised by what is in them, unpacked by name, refused where they are damaged or hold no log."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from powermeter.errors import DataError
from powermeter.importers.archives import is_archive, members, unpack

LOG = b"time_s,power_W\n" + b"".join(b"%d,5\n" % i for i in range(20))


def packed(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as out:
            for name, data in files.items():
                out.writestr(name, data)
    else:
        with tarfile.open(path, "w") as bundle:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                bundle.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_logs_come_by_name_and_what_is_none_stays_out(tmp_path, kind):
    path = packed(
        tmp_path / f"logs.{kind}", {"b/two.csv": LOG, "a/one.csv": LOG, "README.md": b"# nothing\n"}
    )
    assert is_archive(path)
    assert [name for name, _ in members(path)] == ["b/two.csv", "a/one.csv", "README.md"]
    logs = unpack(path, tmp_path / "out")
    assert [log.name for log in logs] == ["one.csv", "two.csv"]
    assert all(log.read_bytes() == LOG and log.parent == tmp_path / "out" for log in logs)


def test_two_logs_of_one_name_are_both_kept(tmp_path):
    path = packed(tmp_path / "logs.zip", {"a/run.csv": LOG, "b/run.csv": LOG})
    assert len({log.name for log in unpack(path, tmp_path / "out")}) == 2


def test_a_log_alone_is_no_archive(tmp_path):
    path = tmp_path / "run.csv"
    path.write_bytes(LOG)
    assert not is_archive(path)


def test_an_archive_without_a_log_names_what_is_in_it(tmp_path):
    with pytest.raises(DataError, match=r"without a log in it \(README.md\)"):
        unpack(packed(tmp_path / "docs.zip", {"README.md": b"# nothing\n"}), tmp_path / "out")


def test_a_damaged_archive_is_refused(tmp_path):
    path = packed(tmp_path / "logs.tar", {"run.csv": LOG * 40})
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(DataError, match="damaged"):
        unpack(path, tmp_path / "out")
