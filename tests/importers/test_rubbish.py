"""No number from rubbish: what is not a log of power is refused, or read with a warning that says what was assumed.

The corpus is this checkout's own texts and tables of all sorts that people keep beside their logs.
"""

import random
import zlib
from pathlib import Path

import pytest

from powermeter import importers
from powermeter.errors import PowermeterError
from powermeter.importers import Choices

pytestmark = pytest.mark.thorough

_EVERY = 12
"""One file in so many is read, by its name: a file that is added or taken away changes no other's turn."""

ROOT = Path(__file__).resolve().parents[2]


def rows(head, row, count=30):
    lines = (row.format(i=i, v=5 + i % 7, w=100 - i * 3 % 40) for i in range(count))
    return head + "".join(lines)


TABLES = {
    "stock prices": rows(
        "Date,Open,High,Low,Close,Volume\n", "2024-03-{i:02d},1{v}.2,1{v}.9,1{v}.0,1{v}.5,{w}000\n"
    ),
    "flowers": rows(
        "sepal_length,sepal_width,petal_length,petal_width,species\n", "{v}.1,3.{v},1.{v},0.2,setosa\n"
    ),
    "weather": rows(
        "time,temperature_2m (°C),relative_humidity_2m (%),rain (mm)\n",
        "2024-03-05T{v:02d}:00,{v}.5,{w},0.0\n",
    ),
    "a track": rows("lat,lon,ele,time\n", "48.1{i},11.5{i},5{w}.1,2024-03-05T10:00:{i:02d}Z\n"),
    "a training log": rows("epoch,step,loss,accuracy,lr\n", "{i},{i}00,0.{w},0.{v}1,0.001\n"),
    "latencies": rows("timestamp,latency_ms,status\n", "17096472{i:02d},{v}.{w},200\n"),
    "a shop": rows("order,customer,price,amount\n", "{i},c{v},{w}.99,{v}\n"),
    "grades": rows("name;points;grade\n", "n{i};{w};{v}\n"),
    "a web server": rows(
        "", '10.0.0.{v} - - [05/Mar/2024:14:00:{i:02d} +0000] "GET /{v} HTTP/1.1" 200 {w}{i}\n'
    ),
    "a system log": rows(
        "", "Mar  5 14:00:{i:02d} host kernel: [{i}.{w}] usb 1-{v}: new device number {v}\n"
    ),
    "a memory monitor": rows(
        "time,mem_used_mb,cpu_percent,temp_c\n", "2024-03-05 14:00:{i:02d},{w}{v},{v}.5,4{v}\n"
    ),
    "a game": rows("player,power,armor,speed\n", "p{i},{w},{v},{i}\n"),
    "a resistor box": rows("R (ohm),tolerance (%)\n", "{w}0,{v}\n"),
    "a spectrum": rows("Frequency (Hz),Magnitude (dB)\n", "{i}00,-{w}.{v}\n"),
    "a link": rows("time_s,tx_power_dBm,rssi_dBm\n", "{i},{v},-{w}\n"),
    "numbers": rows("", "{i} {v} {w}\n"),
    "one number": "42\n",
    "a matrix": rows("", "0.{v},0.{w},0.{i},0.{v}{w}\n"),
    "nothing but commas": ",,,\n" * 20,
    "a header alone": "time_s,power_W\n",
    "a diff": rows("--- a\n+++ b\n", "@@ -{i},{v} +{i},{v} @@\n-power: {w} W\n+power: {v} W\n"),
    "yaml": rows("", "- name: n{i}\n  power: {w}\n"),
    "settings": rows("[supply]\n", "power_{i} = {w}\n"),
    "a table of parts": rows("part,voltage (V),max current (A),price\n", "p{i},{v},0.{w},{i}.99\n"),
    "curves": rows("V (V),I (mA)\n", "0.{i:02d},{i}.{v}\n"),
}


def read(path):
    """Return the warnings of a log that was made of a file; None where it was refused."""
    try:
        log = importers.open_log(path, choices=Choices())
    except PowermeterError as error:
        assert str(error) and "Traceback" not in str(error)
        return None
    return [str(text) for text in log.warnings if "the only rail" not in str(text)]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_something_else_is_no_power(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text(TABLES[name])
    assert read(path) is None


def test_our_own_texts_and_programs_hold_no_power():
    found = [path for kind in ("*.md", "*.toml", "*.py", "*.json") for path in ROOT.glob(f"[!.]*/**/{kind}")]
    own = [
        path
        for path in sorted(found)
        if "data" not in path.parts and not path.stem.endswith("_as_read") and path.stat().st_size < 100_000
    ]
    assert len(own) > 300
    picked = [path for path in own if zlib.crc32(path.relative_to(ROOT).as_posix().encode()) % _EVERY == 0]
    assert len(picked) > 20
    assert [str(path) for path in picked if read(path) is not None] == []


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_refused(tmp_path, seed):
    chance = random.Random(seed)
    path = tmp_path / "noise.txt"
    signs = ("0123456789.,;\t\n -:WVAmJ", "abc 123\n=:{}[]\"',", "\x00\x01\xff0123\n", "ůłж温度\n,1.5;")
    for length in (10, 300, 5000):
        path.write_text("".join(chance.choices(signs[seed], k=length)), encoding="utf-8")
        found = read(path)
        assert found is None or found
