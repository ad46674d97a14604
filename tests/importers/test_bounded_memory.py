"""Small files that claim much: one clear error each, within a limit of memory, in a process of its own."""

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import pytest

LIMIT = 1 << 30
"""Byte of address space: numpy with its threads takes about a fifth of it."""

CHILD = """
import resource, sys
from pathlib import Path
import numpy, scipy, zoneinfo
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
from powermeter.errors import PowermeterError
from powermeter.importers import Choices, archives, convert
for name in sys.argv[2:]:
    path = Path(name)
    try:
        if archives.is_archive(path):
            archives.unpack(path, path.with_suffix(".out"))
        else:
            convert(path, path.with_suffix(".power"), choices=Choices())
        print(path.name, "read")
    except MemoryError:
        print(path.name, "MEMORY")
    except PowermeterError as error:
        print(path.name, "MEMORY" if "memory of this machine" in str(error) else f"refused: {error}"[:200])
"""


def _varint(number):
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def _field(number, data):
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tar(kind, size):
    header = tarfile.TarInfo("a.csv")
    header.type, header.size = kind, size
    return header.tobuf(tarfile.GNU_FORMAT) + b"x" * 1024


def _zip_with_a_directory_of(size):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.csv", "time_s,power_W\n0,1\n1,2\n")
    raw = bytearray(data.getvalue())
    end = raw.rindex(b"PK\x05\x06")
    raw[end + 12 : end + 16] = struct.pack("<I", size)
    return bytes(raw)


def _zip_bomb():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * (64 << 20))
    return data.getvalue()


def _prometheus():
    series = [
        {
            "metric": {"__name__": "a_joules_total", "zone": str(i)},
            "values": [[1e9 + 40 * i + j, "1"] for j in range(40)],
        }
        for i in range(2000)
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}}).encode()


def _packed_trace():
    body = b"\x00" * (8 << 20)
    for _ in range(2):
        body = _field(50, zlib.compress(_field(1, body)))
    return _field(1, _field(8, b"\x08\x01")) + _field(1, body) * 4


def _files():
    """Name → content; the line of 300 MB is one member of gzip that follows itself."""
    return {
        "pax.tar": _tar(tarfile.XHDTYPE, 23 << 30),
        "global.tar": _tar(tarfile.XGLTYPE, 8 << 30),
        "longname.tar": _tar(tarfile.GNUTYPE_LONGNAME, 63 << 30),
        "large.tar": _tar(tarfile.REGTYPE, 63 << 30),
        "directory.zip": _zip_with_a_directory_of((4 << 30) - 2),
        "bomb.zip": _zip_bomb(),
        "one_line.csv": gzip.compress(b"time_s,power_W\n0,") + gzip.compress(b"1" * (1 << 20)) * 300,
        "exponents.csv": b"time_s,power_W\n" + b"".join(b"%de999999999,1e99999\n" % i for i in range(20)),
        "digits.csv": b"time_s,power_W\n" + (b"1" * 200_000 + b",2\n") * 20,
        "digits.json": b'[{"t": ' + b"1" * 200_000 + b', "power_W": 1}, {"t": 2, "power_W": 1}]',
        "deep.json": b"[" * 2_000_000,
        "empties.json": b"[" + b"{}," * 3_000_000 + b"{}]",
        "sparse.json": _prometheus(),
        "years.csv": b"time,power_W\n0001-01-01 00:00:00,1\n9999-12-31 00:00:00,1\n",
        "wide.csv": b"a," * 1_000_000 + b"\n" + b"1," * 1_000_000 + b"\n",
        "brackets.csv": b"(" * 200_000 + b",power (W)\n" + b"(" * 200_000 + b",1\n",
        "labels.txt": (b"V" + b" :" * 200 + b"=" * 200 + b"\n") * 200,
        "blanks.csv": b"time_s,power_W\n" + (b" " * 100_000 + b"\n") * 50,
        "entities.plist": b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(
            b'<!ENTITY b%d "%s">' % (i, b"&b%d;" % (i - 1) * 10 if i else b"&a;" * 10) for i in range(12)
        )
        + b"]><plist><dict><key>elapsed_ns</key><integer>1</integer><key>x</key><string>&b11;</string></dict></plist>",
        "packets.pftrace": _packed_trace(),
    }


@pytest.mark.thorough
def test_what_a_file_claims_of_its_sizes_costs_no_memory(tmp_path):
    resource = pytest.importorskip("resource")
    assert resource.RLIMIT_AS
    files = _files()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    result = subprocess.run(
        [sys.executable, "-c", CHILD, str(LIMIT), *(str(tmp_path / name) for name in files)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stderr[-2000:]
    said = dict(line.split(" ", 1) for line in result.stdout.splitlines() if " " in line)
    assert set(said) == set(files)
    assert [name for name, text in said.items() if text == "MEMORY"] == []
