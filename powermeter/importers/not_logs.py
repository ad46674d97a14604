"""Names what is not a power log for what it is, and states what to do instead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.files import HEAD, Peek
from powermeter.importers.headers import heading
from powermeter.importers.job_logs import job_log
from powermeter.importers.layout import Layout, layout
from powermeter.importers.stamps import time_of_day_ns, wall

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "export the numbers as CSV"),
    (b"\x89PNG", "a picture (PNG)", "import the numbers it was drawn from"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "import the numbers it was drawn from"),
    (b"GIF8", "a picture (GIF)", "import the numbers it was drawn from"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "open it and save the sheet as CSV"),
    (b"PAR1", "a Parquet file", "write it as CSV, for example with pandas.read_parquet(…).to_csv(…)"),
    (b"ARROW1", "an Arrow file", "write it as CSV, for example with pandas.read_feather(…).to_csv(…)"),
    (
        b"\x89HDF",
        "an HDF5 file",
        "write the table in it as CSV, for example with pandas.read_hdf(…).to_csv(…)",
    ),
    (b"\x93NUMPY", "a NumPy array", "write it as CSV with a header that names times and units"),
    (b"\x80\x04", "a Python pickle, which is never opened", "write what is in it as CSV"),
    (b"\x80\x05", "a Python pickle, which is never opened", "write what is in it as CSV"),
    (b"\x7fELF", "a program", "name the log"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it and name the log in it"),
    (b"Rar!", "a RAR archive", "unpack it and name the log in it"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "unpack it with unzstd"),
    (b"\xfd7zXZ", "an xz file", "unpack it with unxz"),
    (b"BZh", "a bzip2 file", "unpack it with bunzip2"),
)


_LINE_PROTOCOL = re.compile(
    r"[\w.-]{1,80}(?:,[^,\s]{1,200}){0,20} [\w.-]{1,80}=[^\s=]{1,80}(?:,[^\s]{1,300})? \d{10,19}"
)


_SNMP = re.compile(
    r"(?:[\w-]{1,60}::\w{1,80}|\biso|\.1)(?:\.\d{1,10}){1,40} = (?:INTEGER|Gauge32|Counter32|Counter64|STRING): "
)

_EXPOSED = re.compile(r"# TYPE [A-Za-z_:][\w:]{0,200} (?:gauge|counter|untyped|histogram|summary)\s*\Z")

_VE_DIRECT = re.compile(r"[A-Za-z][A-Za-z0-9#]{0,9}\t\S")

_SOURCE = re.compile(
    r"(?:from [\w.]+ import |import [\w.]+(?: as \w+)?(?:, *[\w.]+(?: as \w+)?)*;?\Z|def \w+\(|class \w+[:({]|#include [<\"]|#!/|package \w+;?\Z|use \w+::)"
)
_SOURCE_ENDINGS = (".py", ".sh", ".c", ".cpp", ".h", ".rs", ".go", ".js", ".java")

_POWERTOP = re.compile(
    r"PowerTOP Version|(?:\* +){3}Device Power Report|(?:\* +){3}Overview of Software Power"
)

_UPSLOG = re.compile(r"\d{8} \d{6} \S+ \S+ \S+ \[[A-Z ]{1,40}\] \S+ \S+\s*\Z")

_SETTINGS = re.compile(
    r"\s*(?:\[[\w. \"-]{1,80}\]|(?:- )?[\w.\"-]{1,80}\s*(?::|=)(?:\s.*|\S.*)?|- .*|[\]\[{},]+|#.*|;.*|---)\s*"
)
_TABLES = (
    (
        re.compile(r"\A#d,-,\d{1,3},\d+,\d+,"),
        (
            "is what a Watts Up meter sends, in tenths of watts and without times; write the watts with: awk -F, '/^#d/{print $4/10}' LOG > watts.csv, and "
            "import that with --rate 1s --column 1=W (or its own interval)"
        ),
    ),
    (
        re.compile(r"\A\ufeff?100,NEM13,"),
        (
            "is a file of an Australian meter that is read by hand (NEM13): the energy of months, no log of power over time; ask for NEM12, which has "
            "intervals"
        ),
    ),
    (
        re.compile(r"\A\ufeff?# ?CHANNEL:"),
        (
            "is an export of Hantek's with its channels one below the other; write them as columns, with the time from one value to the next (#CLOCK) as "
            "--rate and what each channel shows as --column"
        ),
    ),
    (
        re.compile(r"^[\d :.-]{10,30}: \w{1,8} \{TimeUS : \d", re.MULTILINE),
        (
            "is ArduPilot's log as mavlogdump prints it, with messages of all kinds; write the battery's as a table, with: (echo t_us,V,A; grep ': BAT {' LOG | "
            "grep -vE 'Inst(ance)? : [1-9]' | sed -nE 's/.*TimeUS : ([0-9]+),.* Volt : ([0-9.]+),.* Curr : ([0-9.-]+)[,}].*/\\1,\\2,\\3/p') > battery.csv, and "
            "import that (Inst : 1 is a second battery)"
        ),
    ),
    (
        re.compile(r"\ATABLE,Group \d{1,2} (?:Metric|Raw),"),
        (
            "is what likwid-perfctr -O printed of one stretch: its energy is stated in it already (Energy [J] in Runtime (RDTSC) [s]), and it is no log of "
            "power over time; record with powermeter record -- COMMAND"
        ),
    ),
    (
        re.compile(r"\A\ufeff?metric,type,start_time,end_time,value,opt\b"),
        (
            "is Battery Historian's table of states, which holds no power; import the report it was made of: adb shell dumpsys batterystats > "
            "batterystats.txt"
        ),
    ),
    (
        re.compile(r"\A[^\n]*\bAppId, *UserId, *TimeStamp,[^\n]*EnergyConsumption"),
        (
            "is what powercfg /srumutil writes: estimates in mJ for each program and stretch of time, rows of many programs beside each other; "
            "its sum is not the machine's draw. Log the battery or a meter instead: powermeter record"
        ),
    ),
    (
        re.compile(r"\Acom\.victronenergy\.[\w.]{1,80}\r?\n/\S{1,200}\t[A-Z0-9]{3,10}\t"),
        (
            "is what a Victron device showed at one moment, a value a line (dbus-recorder): no log over time; export one of its VRM portal "
            "(Advanced, Download CSV), or record it"
        ),
    ),
    (
        re.compile(r"^ -InternalBattery-\d+[^\n]*\d+mA;[^\n]*Voltage=\d+", re.MULTILINE),
        (
            "is what a loop over pmset -g rawbatt printed; write its volts and amperes as a table, in times of date, with: "
            'awk \'BEGIN{print "time,V_mV,I_mA"} /^[0-9]/{t=$1" "$2} /discharging/{match($0,/-?[0-9]+mA/); i=substr($0,RSTART,RLENGTH-2); '
            'match($0,/Voltage=[0-9]+/); print t","substr($0,RSTART+8,RLENGTH-8)","(-i)}\' LOG > table.csv'
        ),
    ),
)
"""What begins like these is no log of one draw: how it begins → what it is."""

_HTML_ROW = re.compile(r"<td[^>]{0,200}>\s{0,20}[-+]?\d", re.IGNORECASE)

_SETTING_ENDINGS = (".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".env")

_PROJECTS = {
    ".otii": ("a project of Otii", "open it in Otii and export the recording as CSV"),
    ".otii3": ("a project of Otii", "open it in Otii and export the recording as CSV"),
    ".cfn": (
        "a recording of FNIRSI's Toolbox",
        "open it there and export it as a table, then save that as CSV",
    ),
    ".wtm": ("a recording of WITRN Meter", "write it as CSV with a column of times, volts and amperes"),
}
"""Files of applications whose inner form is not published, by their ending."""


def refusal(peek: Peek) -> str | None:
    """Return why a file is not a power log and what to do, or None where it may be one."""
    head = peek.head
    if not head:
        return None
    if head.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer: the data itself was never downloaded; fetch it with: git lfs pull"
    for magic, what, advice in _MAGIC:
        if head.startswith(magic):
            return f"is {what}, no power log; {advice}"
    project = _PROJECTS.get(peek.path.suffix.lower())
    if project is not None and (peek.is_binary or head.startswith((b"PK", b"{"))):
        return f"is {project[0]}, whose inner form is not published; {project[1]}"
    if head.startswith(b"PK\x03\x04") and (
        b"[Content_Types].xml" in head or b"xl/" in head or b"opendocument" in head
    ):
        return "is a spreadsheet; open it and save the sheet as CSV"
    if peek.is_binary:
        return None
    start = peek.text.lstrip("\ufeff \r\n\t")[:300].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<script")):
        if _HTML_ROW.search(peek.text) is not None:
            return (
                "is an HTML web page with a table in it; open it in a spreadsheet and save that as CSV, or, where pandas and lxml are installed, write it with: "
                "python3 -c 'import pandas, sys; pandas.read_html(sys.argv[1])[0].to_csv(\"table.csv\", index=False)' FILE"
            )
        return "is an HTML web page, not the file behind it; download the raw file"
    needed = 1 if peek.path.suffix.lower() in _SOURCE_ENDINGS else 2
    if sum(_SOURCE.match(line) is not None for line in peek.raw_lines[:80]) >= needed:
        return "is the source of a program, not a log of power; name the log that it reads or writes"
    lines = peek.lines[:20]
    if len(lines) > 1 and sum(_SNMP.search(line) is not None for line in lines) * 2 > len(lines):
        return (
            "is what snmpget printed: only the device's MIB states the unit of each number (tenths of amperes, hundredths of "
            "kilowatts); write one of them as CSV with a column of times, then import that with --column VALUE=UNIT"
        )
    if len(lines) > 1 and all(_LINE_PROTOCOL.fullmatch(line) for line in lines[:-1]):
        return "is InfluxDB's line protocol; export the one field that holds the power as CSV, with a column of times and one of values"
    if sum(_VE_DIRECT.match(line) is not None for line in lines) * 2 > len(lines) > 3 and any(
        line.startswith("Checksum\t") for line in peek.raw_lines[:60]
    ):
        return (
            "is a stream of Victron's VE.Direct, whose fields mean other things from device to device; write V (mV) and I (mA) of one "
            "device as CSV with a column of times, then import that with --column V=mV --column I=mA"
        )
    if sum(_EXPOSED.match(line) is not None for line in peek.lines[:200]) and "{" in peek.text:
        return (
            "is what an exporter shows Prometheus, which is one reading of each and no log; ask Prometheus for a range and import its answer: "
            "curl 'http://HOST:9090/api/v1/query_range?query=METRIC&start=…&end=…&step=1s'"
        )
    if start.startswith("{") and '"cells"' in peek.text and '"cell_type"' in peek.text:
        return 'is a Jupyter notebook; write the readings from a cell of it, for example with frame.to_csv("readings.csv"), and import that'
    if peek.path.suffix.lower() in _SETTING_ENDINGS and _is_settings(peek.lines):
        return "is a file of settings, no log of power; name the log"
    if _POWERTOP.search(peek.text[:4000]):
        return (
            "is PowerTOP's report of one stretch of time, with estimates for each process, not a log of power over time; "
            "log the battery itself: powermeter record"
        )
    for known, what in _TABLES:
        if known.search(peek.text[:4000]):
            return what
    if len(lines) > 1 and all(_UPSLOG.match(line) for line in lines):
        return (
            "is a log of NUT's upslog in its default form: charge, volts and percent of load, no power; log the watts with: "
            "upslog -f '%TIME @Y-@m-@d @H:@M:@S%,%VAR ups.realpower%'"
        )
    if "NVIDIA-SMI" in peek.text and ("|====" in peek.text or "| GPU  Name" in peek.text):
        return (
            "is the table that nvidia-smi shows people; log with: nvidia-smi --query-gpu=timestamp,index,power.draw "
            "--format=csv -l 1"
        )
    return job_log(peek.raw_lines)


def _is_settings(lines: Sequence[str]) -> bool:
    """Return whether lines are names with one value each, none of them again and again as in records."""
    names = Counter(re.split(r"\s*[:=]", line.strip(" -"), maxsplit=1)[0] for line in lines)
    return (
        all(_SETTINGS.fullmatch(line) for line in lines[:200])
        and max(names.values(), default=0) <= _FEW_AGAIN
    )


_FEW_AGAIN = 3


def hours_in_columns(header: Sequence[str]) -> str | None:
    """Return why a table whose header is a row of times is not read, or None for any other."""
    times = [
        text
        for text in header
        if time_of_day_ns(text.partition("-")[0]) is not None or wall(text) is not None
    ]
    counted = [float_or_nan(text) for text in header[1:]]
    if len(counted) >= _HOURS and heading(header[0]).is_time and all(b > a for a, b in pairwise(counted)):
        times = list(header[1:])
    if len(times) < _HOURS:
        return None
    return (
        f"its columns are called after times ({times[0]} … {times[-1]}): a row holds a whole day or a whole rail; turn it, so that each "
        "time is a row of its own with a column of times and one of values, and import that"
    )


_HOURS = 6


def clock_in_header(header: Sequence[str]) -> str | None:
    """Return why a table is not read whose heads begin with a time, as those of sar and pidstat do, or None."""
    if len(header) < 2 or time_of_day_ns(header[0]) is None:
        return None
    return (
        f"its head begins with a time ({header[0]}) in place of a name and comes again with another one, as sar and pidstat print: write "
        "`time` in its place in the first head, take the others out, and import that"
    )


def words_only(peek: Peek, found: Layout) -> str | None:
    """Return why a table of nothing but words is not a power log, or None where a number stands in it or may stand further down."""
    cells = [cell.strip() for row in found.rows for cell in row]
    known = any(h.quantity is not None or h.is_time or h.is_electric for h in found.headings)
    if not cells or any(ch.isdigit() for cell in cells for ch in cell) or (known and len(peek.head) == HEAD):
        return None
    first = ", ".join(repr(cell[:30]) for cell in cells if cell)[:90] or "its cells are empty"
    return (
        f"holds no numbers under its header ({first}), so there is no power in it; name the log of its power"
    )


def prose(peek: Peek) -> str | None:
    """Return why a text without a table is not a power log, or None where a table stands in it."""
    found = layout(peek)
    lines = [line for line in peek.raw_lines[:400] if line.strip()]
    if (
        found.named
        and (found.header or any(h.quantity is not None for h in found.headings))
        and len(found.headings) > 1
    ):
        return None
    numbers = sum(1 for row in found.rows if row and any(ch.isdigit() for ch in "".join(row)))
    letters = sum(sum(ch.isalpha() for ch in line) > 0.5 * len(line.replace(" ", "")) for line in lines)
    known = any(h.quantity is not None or h.is_time or h.is_electric for h in found.headings)
    if lines and letters * 2 > len(lines) and (not found.named or not numbers or not known):
        return "is text, no table of numbers: there is no power in it (the output of a program?); name the log of its power"
    return None
