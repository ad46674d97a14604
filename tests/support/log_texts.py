"""Texts of logs that tests of refusals, limits and notes write."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

MLLOG = ':::MLLOG {"time_ms": 17285092600%d, "key": "power_reading", "value": 10.0, "metadata": {}}\n'
SPL = "Time,07-26-2022 07:05:2{i}.790,Watts,{w},Volts,249.9,Amps,-1.0,PF,0.4,Mark,x\n"
DETAIL = ':::MLLOG {{"key": "power_begin", "value": "{begin}"}}\n:::MLLOG {{"key": "power_end", "value": "{end}"}}\n'
RD = "Time,Voltage (V),Current (A),Accumulated current (mAh),Unix time\n"
RIGOL = "X,CH1,Start,Increment,\nSequence,Volt,{start},{step},\n"
MAC = "*** Sampled system activity (Fri Nov 10 12:37:01 2023 +0100) ({ms}ms elapsed) ***\n"
PLIST = "<?xml version='1.0'?><plist version='1.0'><dict>{}</dict></plist>"
TRACE = struct.pack("<Bf60f", 0xF1, 1000.0, *[16.72] * 60)
REDFISH = '{"@odata.type":"#Power.v1_5_0.Power","PowerControl":[{"Name":"x"}]}\n'


def spl(watts: str = "2.5", count: int = 9) -> str:
    return "".join(SPL.format(i=i, w=watts) for i in range(count))


def zipped(**files: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return held.getvalue()


def tarred(name: str, text: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text.encode()))
    return held.getvalue()


def prometheus(**answer: object) -> str:
    return json.dumps(answer)


Files = dict[str, "str | bytes"]


def placed(files: Files) -> str:
    """Write files into the working directory; return what is imported: a place that ends in a slash, or the first of them."""
    for place, content in files.items():
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        if not place.endswith("/"):
            Path(place).write_bytes(content.encode() if isinstance(content, str) else content)
    return next((place for place in files if place.endswith("/")), next(iter(files), "none.csv"))


PLAIN = "time_s,power_W\n" + "".join(f"{i},{5 + i % 3}\n" for i in range(9))
SETBACK = "time_s,power_W\n" + "".join(f"{i % 30 + 1000 - i},5\n" for i in range(90))
INFLUX = ",result,table,_time,_value,_field\n" + "".join(
    f",,{t},2026-01-02T03:04:0{i}Z,5,{f}_W\n" for t, f in enumerate("ab") for i in range(5)
)
REPORTS = "".join(f"10:00:0{i}\nA | {i}.000 | Watts | ok\nB | 3.000 | Watts | ok\n" for i in range(5))
CHIPS = "".join(
    f"10:00:0{i}\namdgpu-pci-0b00\nAdapter: PCI adapter\nPPT: 5.00 W\nfast: 6.00 W\n" for i in range(5)
)
READY = '{"@odata.type":"#Power.v1_5_0.Power","PowerControl":[{"PowerConsumedWatts":5}]}\n'
