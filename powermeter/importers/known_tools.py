"""Tools known by the header of the table they write: what their columns mean, and how far they can be trusted.

One entry per tool; the general table reader does the rest.  Each fact is from the tool's documentation or
source, named in `source`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from powermeter.channel import Boundary
from powermeter.importers.accuracies import (
    JOULESCOPE,
    NVML,
    POWERJOULAR,
    RAPL,
    UM_POWER,
    UNKNOWN,
)
from powermeter.importers.headers import Heading, clean
from powermeter.importers.home_assistant_history import HISTORY
from powermeter.importers.known_services import SERVICES
from powermeter.importers.tool_table import ColumnFact, Signature
from powermeter.result import Grade
from powermeter.units import NS

_POWERSTAT_CLOSING = ("----", "average", "geomean", "stddev", "minimum", "maximum", "summary", "system:")
_SMI = "nvidia-smi --help-query-gpu; power.draw.average is the mean over one second"

SIGNATURES: tuple[Signature, ...] = (
    Signature(
        "nvidia-smi",
        "an nvidia-smi log",
        (r"timestamp", r"(module\.)?power\.draw.*"),
        (
            ColumnFact(r"power\.draw\.average.*", "W", "mean", "gpu", "module", Boundary.DEVICE, NS),
            ColumnFact(
                r"module\.power\.draw\.average.*",
                "W",
                "mean",
                "module",
                boundary=Boundary.DEVICE,
                window_ns=NS,
            ),
            ColumnFact(r"power\.draw.*", "W", "power", "gpu", "module", Boundary.DEVICE),
            ColumnFact(r"module\.power\.draw.*", "W", "power", "module", boundary=Boundary.DEVICE),
            ColumnFact(r"temperature\.gpu.*", "degC"),
            ColumnFact(r"utilization\.gpu.*", "%"),
            ColumnFact(r"clocks(\.current)?\.(sm|mem).*", "MHz"),
            ColumnFact(r".*power\.(limit|max_limit|min_limit|default_limit).*", "-"),
        ),
        (
            "index",
            "gpu",
            "gpu_index",
            "pci.bus_id",
            "gpu_bus_id",
            "uuid",
            "gpu_uuid",
            "serial",
            "host",
            "hostname",
            "node",
            "name",
            "gpu_name",
        ),
        grade=Grade.MEASURED,
        accuracy=NVML,
        source=_SMI,
    ),
    Signature(
        "nvidia-smi dmon",
        "an nvidia-smi dmon log",
        (r"gpu", r"pwr"),
        (ColumnFact(r"pwr", "W", "power", "gpu", boundary=Boundary.DEVICE),),
        ("gpu",),
        grade=Grade.MEASURED,
        accuracy=NVML,
        source="nvidia-smi dmon: pwr in W, - where not available",
    ),
    Signature(
        "Joulescope statistics",
        "Joulescope's statistics",
        (r"time", r"current", r"voltage", r"power", r"charge", r"energy"),
        (
            ColumnFact(r"time", "s"),
            ColumnFact(r"current", "A", "mean", "input"),
            ColumnFact(r"voltage", "V", "mean", "input"),
            ColumnFact(r"power", "W", "mean", "input"),
            ColumnFact(r"charge", "C", "counter", "input"),
            ColumnFact(r"energy", "J", "counter", "input"),
        ),
        grade=Grade.MEASURED,
        accuracy=JOULESCOPE,
        source="pyjoulescope_ui statistics: means over each row's interval, charge and energy accumulated",
    ),
    Signature(
        "PowerJoular",
        "a PowerJoular log",
        (r"date", r"cpu utilization", r"cpu power"),
        (
            ColumnFact(r"total power", "W", "mean", "total", boundary=Boundary.MODEL),
            ColumnFact(r"(cpu|gpu) power", "W", "mean", r"\1", "total", Boundary.MODEL),
            ColumnFact(r"cpu utilization", "-"),
        ),
        grade=Grade.ESTIMATED,
        accuracy=POWERJOULAR,
        source="PowerJoular's README: watts of each second, from RAPL on x86 and from regression models on boards",
    ),
    Signature(
        "Zeus power monitor",
        "a Zeus power log",
        (r"time", r"gpu\d+_power"),
        (ColumnFact(r"gpu(\d+)_power", "W", "power", r"gpu\1", boundary=Boundary.DEVICE),),
        grade=Grade.MEASURED,
        accuracy=NVML,
        source="zeus.monitor.power: Unix seconds, W by NVML",
    ),
    HISTORY,
    Signature(
        "turbostat",
        "a turbostat log",
        (
            r"pkgwatt|pkg_j",
            r"busy%|bzy_mhz|avg_mhz|core|cpu|package|(cor|gfx|ram|sys)watt|(cor|gfx|ram)_j|usec|time_of_day_seconds",
        ),
        (
            ColumnFact(r"time_of_day_seconds", "s"),
            ColumnFact(r"usec", "-"),
            ColumnFact(r"syswatt", "W", "mean", "sys", None, Boundary.BOARD),
            ColumnFact(r"pkgwatt", "W", "mean", "pkg", None, Boundary.PART),
            ColumnFact(r"corwatt", "W", "mean", "cores", "pkg", Boundary.PART),
            ColumnFact(r"gfxwatt", "W", "mean", "gfx", "pkg", Boundary.PART),
            ColumnFact(r"ramwatt", "W", "mean", "ram", None, Boundary.PART),
            ColumnFact(r"pkg_j", "J", "per-row", "pkg", None, Boundary.PART),
            ColumnFact(r"(cor|gfx)_j", "J", "per-row", r"\1", "pkg", Boundary.PART),
            ColumnFact(r"ram_j", "J", "per-row", "ram", None, Boundary.PART),
            ColumnFact(r"(pkgtmp|coretmp)", "degC"),
        ),
        keep=(("core", "-"), ("cpu", "-"), ("package", "-"), ("pkg", "-")),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="turbostat(8): watts are means over the interval that the row ends; the row of dashes is the machine",
    ),
    Signature(
        "FNIRSI",
        "a FNIRSI export",
        (r"time\(d\.hh:mm:ss\.ms\)", r"voltage\(v\)", r"current\(a\)"),
        (),
        grade=Grade.MEASURED,
        accuracy=UM_POWER,
        source="its export: days.hours:minutes:seconds, V, A, W",
    ),
    Signature(
        "powerstat -R",
        "a powerstat log of RAPL",
        (r"time", r"user", r"nice", r"sys", r"idle", r"watts", r"pkg-\d+"),
        (
            ColumnFact(r"time", ""),
            ColumnFact(r"psys", "W", "mean", "psys", None, Boundary.BOARD),
            ColumnFact(r"(pkg-\d+)", "W", "mean", r"\1", None, Boundary.PART),
            ColumnFact(r"(core|uncore)", "W", "mean", r"\1", "pkg-0", Boundary.PART),
            ColumnFact(r"(dram)", "W", "mean", r"\1", None, Boundary.PART),
            ColumnFact(r".*", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="powerstat(8): its Watts add up the domains that stand beside it, also those that hold each other",
        closing=_POWERSTAT_CLOSING,
    ),
    Signature(
        "powerstat",
        "a powerstat log",
        (r"time", r"user", r"nice", r"sys", r"idle", r"watts"),
        (ColumnFact(r"watts", "W", "mean", "input"),),
        source="powerstat(8): mean watts of each interval",
        closing=_POWERSTAT_CLOSING,
    ),
    Signature(
        "HWiNFO",
        "an HWiNFO log",
        (
            r"date",
            r"time",
            r"virtual memory commit+ed|cpu package power|total system power|gpu power|cpu ppt",
            r".*power.*",
        ),
        (
            ColumnFact(r"date|time", ""),
            ColumnFact(r"total system power", "W", "power", "system", None, Boundary.BOARD),
            ColumnFact(r"cpu package power", "W", "power", "cpu package", None, Boundary.PART),
            ColumnFact(
                r"(ia cores|gt cores|system agent|rest-of-chip) power",
                "W",
                "power",
                r"\1",
                "cpu package",
                Boundary.PART,
            ),
            ColumnFact(r"total dram power", "W", "power", "dram", None, Boundary.PART),
            ColumnFact(r"total board power.*", "W", "power", "gpu board", None, Boundary.DEVICE),
            ColumnFact(r"gpu power", "W", "power", "gpu", "gpu board", Boundary.DEVICE),
            ColumnFact(r"(gpu (?:chip|asic)) power", "W", "power", r"\1", "gpu", Boundary.DEVICE),
            ColumnFact(r".*", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="HWiNFO's log: d.m.yyyy, one sensor a column; processor and graphics card report these powers themselves",
    ),
    Signature(
        "amd-smi",
        "an amd-smi monitor log",
        (r"timestamp", r"gpu", r"power_usage"),
        (ColumnFact(r"power_usage", "W", "power", "gpu", boundary=Boundary.DEVICE),),
        ("gpu",),
        grade=Grade.MEASURED,
        accuracy=NVML,
        source="amd-smi monitor --csv: the socket's power in W, one row per card",
    ),
    Signature(
        "macmon",
        "a macmon log",
        (r"cpu_power", r"gpu_power", r"ane_power", r"all_power", r"sys_power"),
        (
            ColumnFact(r"sys_power", "W", "power", "system", None, Boundary.BOARD),
            ColumnFact(r"all_power", "W", "power", "chip", "system", Boundary.MODULE),
            ColumnFact(r"(cpu|gpu|ane)_power", "W", "power", r"\1", "chip", Boundary.PART),
            ColumnFact(r"(ram)_power", "W", "power", r"\1", "system", Boundary.PART),
            ColumnFact(r"gpu_ram_power", "-"),
        ),
        grade=Grade.ESTIMATED,
        accuracy=POWERJOULAR,
        source="macmon's README: W; sys_power is the whole machine, all_power the sum of CPU, GPU and neural engine",
    ),
    Signature(
        "PMT",
        "a log of the Power Measurement Toolkit",
        (r"timestamp", r"gpu_instant", r"gpu_average"),
        (
            ColumnFact(r"gpu_instant", "W", "power", "gpu", None, Boundary.DEVICE),
            ColumnFact(r"gpu_average", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=NVML,
        source="PMT's dump: Unix seconds, watts; the average is the driver's own running mean",
    ),
    Signature(
        "EnergiBridge",
        "an EnergiBridge log",
        (r"delta", r"time", r".*(energy|power).*"),
        (
            ColumnFact(r"delta", "-"),
            ColumnFact(r"time", "ms"),
            ColumnFact(r"dram_energy \(j\)", "J", "counter", "dram", None, Boundary.PART),
            ColumnFact(r"package_energy \(j\)", "J", "counter", "package", None, Boundary.PART),
            ColumnFact(r"(pp0|pp1)_energy \(j\)", "J", "counter", r"\1", "package", Boundary.PART),
            ColumnFact(r"cpu_energy \(j\)", "J", "counter", "cpu", None, Boundary.PART),
            ColumnFact(r"core(\d+)_energy \(j\)", "J", "counter", r"core\1", "cpu", Boundary.PART),
            ColumnFact(r"gpu(\d+)_power \(mwatts\)", "mW", "power", r"gpu\1", None, Boundary.DEVICE),
            ColumnFact(r"system_power \(watts\)", "W", "power", "system", None, Boundary.BOARD),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="EnergiBridge's README: counters in J, Time in ms, Delta since the last row; Time is the row's before",
        lag="delta",
    ),
    Signature(
        "Tasmota",
        "Tasmota's telemetry",
        (r"time", r"energy\.power"),
        (
            ColumnFact(r"energy\.power", "W", "power", "plug", boundary=Boundary.WALL),
            ColumnFact(r"energy\.total", "kWh", "counter", "plug", boundary=Boundary.WALL),
            ColumnFact(r"energy\..*", "-"),
        ),
        source="Tasmota's documentation of ENERGY: Power in W, Total in kWh; voltage and current are of AC and not used",
        spread=False,
    ),
    Signature(
        "zigbee2mqtt",
        "what zigbee2mqtt published",
        (r"linkquality", r"power"),
        (
            ColumnFact(r"logged|last_seen", ""),
            ColumnFact(r"power", "W", "power", "plug", boundary=Boundary.WALL),
            ColumnFact(r"energy", "kWh", "counter", "plug", boundary=Boundary.WALL),
            ColumnFact(r".*", "-"),
        ),
        ("topic",),
        source="Zigbee2MQTT's documentation of exposed values: power in W, energy in kWh; voltage and current are of AC and not used",
        spread=False,
    ),
    Signature(
        "s-tui",
        "a log of s-tui",
        (
            r"time",
            r"power:(package|psys).*",
            r"util(?:ization)?:.*|frequency:.*|temp(?:erature)?:.*|core \d+:.*",
        ),
        (
            ColumnFact(r"time", ""),
            ColumnFact(r"power:dram,(?:pkg)?(\d+)", "W", "mean", r"dram\1", None, Boundary.PART),
            ColumnFact(r"power:(package-\d+).*", "W", "mean", r"\1", None, Boundary.PART),
            ColumnFact(r"power:(core|uncore)(,(?:pkg)?0)?", "W", "mean", r"\1", "package-0", Boundary.PART),
            ColumnFact(r"power:(dram)(,(?:pkg)?0)?", "W", "mean", r"\1", None, Boundary.PART),
            ColumnFact(r"power:(psys)(,(?:pkg)?0)?", "W", "mean", r"\1", None, Boundary.BOARD),
            ColumnFact(r".*", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="s-tui's RAPL source: watts from the counters' rise since the row before",
    ),
    Signature(
        "Shelly meter",
        "a Shelly energy meter's data",
        (r"timestamp", r"[abc]_total_act_energy"),
        (
            ColumnFact(
                r"([abc])_total_act_energy", "Wh", "per-row", r"phase_\1", "all phases", Boundary.WALL
            ),
            ColumnFact(r"[abcn]_.*", "-"),
        ),
        source="Shelly's documentation of EMData: the Wh of each period; returned energies are not use",
    ),
    Signature(
        "Shelly history",
        "the history of a Shelly EM",
        (r"date/time utc", r"active energy wh( \(\w\))?"),
        (
            ColumnFact(r"active energy wh", "Wh", "per-row", "input", None, Boundary.WALL),
            ColumnFact(
                r"active energy wh \((\w)\)", "Wh", "per-row", r"phase \1", "all phases", Boundary.WALL
            ),
            ColumnFact(r"returned energy.*|(min|max) [va]( \(\w\))?", "-"),
        ),
        source="em_data.csv of the Shelly EM: the Wh of each ten minutes; returned energies are not use",
    ),
    Signature(
        "jtop",
        "a log of jtop's statistics",
        (r"power (tot|cur|[a-z0-9]+_.+)", r"jetson_clocks|nvp[ _]model"),
        (
            ColumnFact(r"time", ""),
            ColumnFact(r"power (?:tot|cur)", "mW", "power", "total", None, Boundary.BOARD),
            ColumnFact(r"power avg", "-"),
            ColumnFact(r"power (.+)", "mW", "power", r"\1", "total", Boundary.PART),
        ),
        grade=Grade.MEASURED,
        accuracy=UNKNOWN,
        source="jetson_stats: jtop.stats has each rail's power in mW, and their total",
    ),
    Signature(
        "Shelly plug",
        "a Shelly plug's status",
        (r"apower",),
        (
            ColumnFact(r"apower", "W", "power", "plug", boundary=Boundary.WALL),
            ColumnFact(r"aenergy\.minute_ts", "s"),
            ColumnFact(r"(voltage|current|freq|pf|aenergy\..*|ret_aenergy\..*|temperature\..*)", "-"),
        ),
        source="Shelly's documentation of Switch: apower in W, minute_ts in Unix seconds; voltage and current are of AC and not used",
    ),
)


def signature_of(headings: Sequence[Heading]) -> Signature | None:
    """Return the tool whose table has such a header, or None."""
    names = {key(h) for h in headings if h.text}
    for candidate in (*SIGNATURES, *SERVICES):
        if all(any(re.fullmatch(pattern, name) for name in names) for pattern in candidate.must):
            return candidate
    return None


def key(named: Heading) -> str:
    """Return a header as signatures know it: lower case, without its marks."""
    text = clean(named.text).lower()
    return re.sub(r"\s*\[.*\]\Z", "", text)
