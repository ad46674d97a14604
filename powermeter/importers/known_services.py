"""Tables that services export: home monitors, adapters, a vendor's counters.  As in `known_tools.py`, one entry each."""

from __future__ import annotations

from powermeter.channel import Boundary
from powermeter.importers.accuracies import RAPL
from powermeter.importers.tool_table import ColumnFact, Signature
from powermeter.result import Grade

SERVICES: tuple[Signature, ...] = (
    Signature(
        "Sense",
        "an export of Sense",
        (r"datetime", r"device id", r"avg wattage", r"kwh"),
        (
            ColumnFact(r"datetime", ""),
            ColumnFact(r"avg wattage", "W", "mean", "device", boundary=Boundary.WALL),
            ColumnFact(r"kwh", "kWh", "per-row", "device", boundary=Boundary.WALL),
            ColumnFact(r".*", "-"),
        ),
        ("name",),
        source="Sense's data export: mean watts and kWh of each interval and device",
    ),
    Signature(
        "Emporia",
        "an export of Emporia",
        (r"time bucket \(.*\)", r".*\(kwhs\)"),
        (
            ColumnFact(r"time bucket.*", ""),
            ColumnFact(r".*\(kwhs\)", "kWh", "per-row", boundary=Boundary.WALL),
        ),
        source="Emporia's data export: a column for each circuit, each row what it used in one bucket of time",
    ),
    Signature(
        "Green Metrics Tool",
        "an export of the Green Metrics Tool",
        (r"time", r"value", r"detail_name", r"metric", r"unit"),
        (ColumnFact(r"value", "", "per-row"), ColumnFact(r"detail_name", "-")),
        source="the Green Metrics Tool's providers: energies are those since the row before, each with its unit beside it",
    ),
    Signature(
        "ioBroker",
        "a history of ioBroker",
        (r"val", r"ts", r"ack|q|from"),
        (ColumnFact(r"ts", "ms"), ColumnFact(r"ack|q|from|lc|c|user", "-")),
        source="ioBroker's history: ts in Unix milliseconds; q is the quality of the value",
        spread=False,
    ),
    Signature(
        "AMD SMI",
        "a log of amd-smi",
        (r"timestamp", r"gpu", r"socket_power", r"(gfx|umc)_activity|edge|hotspot"),
        (
            ColumnFact(r"timestamp", "s"),
            ColumnFact(r"socket_power", "W", "power", "gpu", boundary=Boundary.DEVICE),
            ColumnFact(r"(gfx|soc|mem)_voltage", "-"),
        ),
        ("gpu",),
        grade=Grade.MEASURED,
        source="amd-smi metric --watch --csv: Unix seconds, a row of each GPU, socket_power in W; its voltages are the chip's own, in mV",
    ),
    Signature(
        "Telegraf's intel_powerstat",
        "what Telegraf wrote of intel_powerstat",
        (
            r"(?:fields\.)?current_power_consumption_watts",
            r"(?:fields\.)?thermal_design_power_watts|tags\.package_id|package_id",
        ),
        (
            ColumnFact(
                r"(?:fields\.)?current_power_consumption_watts", "W", "mean", "package", None, Boundary.PART
            ),
            ColumnFact(
                r"(?:fields\.)?current_dram_power_consumption_watts", "W", "mean", "dram", None, Boundary.PART
            ),
            ColumnFact(r"(?:fields\.)?thermal_design_power_watts", "-"),
        ),
        ("tags.package_id", "package_id"),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="Telegraf's intel_powerstat: watts since the reading before by RAPL, of each package and of its memory",
    ),
    Signature(
        "ArduPilot",
        "ArduPilot's records of a battery",
        (r"timeus", r"volt", r"curr", r"currtot"),
        (
            ColumnFact(r"timeus", "us"),
            ColumnFact(r"volt", "V", "power", "battery", boundary=Boundary.BOARD),
            ColumnFact(r"curr", "A", "power", "battery", boundary=Boundary.BOARD),
            ColumnFact(r"currtot", "mAh", "counter", "battery", boundary=Boundary.BOARD),
            ColumnFact(r"enrgtot|voltr|res|rempct|remw|h|sh|temp|t", "-"),
        ),
        ("instance", "inst"),
        source="ArduPilot's log message BAT: volts, amperes, mAh and Wh since the start; VoltR is an estimate of the voltage at rest",
    ),
    Signature(
        "GEOPM",
        "a trace of GEOPM",
        (r"time", r"cpu_energy", r"cpu_power", r"region_hash"),
        (
            ColumnFact(r"time", "s"),
            ColumnFact(r"(cpu|dram|gpu)_energy", "J", "counter", r"\1", boundary=Boundary.PART),
            ColumnFact(r".*", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="GEOPM's trace: energies are RAPL's counters in joules; the powers beside them are slopes of these over the last rows, at first none",
    ),
    Signature(
        "python-kasa",
        "a log of a Kasa plug",
        (r"(?:.*\.)?power_mw", r"(?:.*\.)?voltage_mv", r"(?:.*\.)?current_ma"),
        (
            ColumnFact(r"(?:.*\.)?power_mw", "mW", "power", "plug", boundary=Boundary.WALL),
            ColumnFact(r"(?:.*\.)?total_wh", "Wh", "counter", "plug", boundary=Boundary.WALL),
            ColumnFact(r"(?:.*\.)?(voltage_mv|current_ma|err_code|slot_id)", "-"),
        ),
        source="TP-Link's realtime record as python-kasa prints it: voltage and current are of AC and not used",
        spread=False,
    ),
    Signature(
        "Tapo plug",
        "a log of a Tapo plug",
        (r"(?:.*\.)?current_power", r"(?:.*\.)?today_energy", r"(?:.*\.)?month_energy"),
        (
            ColumnFact(r"(?:.*\.)?current_power", "mW", "power", "plug", boundary=Boundary.WALL),
            ColumnFact(
                r"(?:.*\.)?(today_energy|month_energy|today_runtime|month_runtime|electricity_charge.*)", "-"
            ),
        ),
        source="TP-Link's get_energy_usage: current_power in milliwatts, energies of the day and the month in Wh",
        spread=False,
    ),
    Signature(
        "NUT",
        "a log of Network UPS Tools",
        (r"ups\.realpower",),
        (
            ColumnFact(r"ups\.realpower", "W", "power", "ups", boundary=Boundary.BOARD),
            ColumnFact(r"(?:ups|battery|input|output|device|driver)\..*", "-"),
        ),
        source="NUT's variable names: ups.realpower in W is what is drawn; ups.power is VA, battery.charge and ups.load are percent",
        spread=False,
    ),
    Signature(
        "Yokogawa WT",
        "a table of a Yokogawa power analyser",
        (r"store no\.", r"u-e\d", r"i-e\d", r"p-e\d"),
        (
            ColumnFact(r"p-e(\d)", "W", "power", r"element \1"),
            ColumnFact(r"(?!date|time).*", "-"),
        ),
        grade=Grade.MEASURED,
        source="WTViewer's export: U, I, P, S, Q, Lamb of each element E in V, A, W, VA, var; only active power is used",
    ),
    Signature(
        "Keysight N6705",
        "a data log of a Keysight N6705",
        (r"sample", r"(volt|curr) avg \d"),
        (
            ColumnFact(r"volt avg (\d)", "V", "mean", r"output \1"),
            ColumnFact(r"curr avg (\d)", "A", "mean", r"output \1"),
            ColumnFact(r"power avg (\d)", "W", "mean", r"output \1"),
            ColumnFact(r"sample|.* (max|min) \d", "-"),
        ),
        grade=Grade.MEASURED,
        source="the data logger's CSV export: means of each sample interval, which a line above the table states in seconds",
    ),
    Signature(
        "Windows counters",
        "a log of Windows' performance counters",
        (r"\(pdh-[ct]sv 4\.0\).*", r".*\\(power|energy) meter ?\(.*\)\\power"),
        (
            ColumnFact(r"\(pdh.*", ""),
            ColumnFact(r".*\\power meter ?\(.*\)\\power", "mW", "power", "system", None, Boundary.BOARD),
            ColumnFact(
                r".*\\energy meter ?\((?:rapl_)?(\w+)_pkg\)\\power",
                "mW",
                "power",
                r"\1",
                "system",
                Boundary.PART,
            ),
            ColumnFact(r".*", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="Windows' counter sets Power Meter and Energy Meter: Power in milliwatts",
    ),
    Signature(
        "Intel PCM",
        "a table of Intel PCM",
        (r"date", r"time", r"proc energy \(joules\)"),
        (
            ColumnFact(r"date|time", ""),
            ColumnFact(r"proc energy \(joules\)", "J", "per-row", "cpu", None, Boundary.PART),
            ColumnFact(r"dram energy \(joules\)", "J", "per-row", "dram", None, Boundary.PART),
            ColumnFact(r".*", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="pcm -csv: joules of each interval; the first column of a name is the system's, the sockets' follow",
    ),
    Signature(
        "intel_gpu_top",
        "a table of intel_gpu_top",
        (r"rc6 %", r"power w gpu", r"power w pkg"),
        (
            ColumnFact(r"power w pkg", "W", "mean", "package", None, Boundary.PART),
            ColumnFact(r"power w gpu", "W", "mean", "gpu", "package", Boundary.PART),
            ColumnFact(r".*", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="intel_gpu_top -c: watts of each interval by RAPL; the package holds its graphics",
    ),
    Signature(
        "xpu-smi",
        "a dump of xpu-smi",
        (r"timestamp", r"deviceid", r"gpu power \(w\)"),
        (
            ColumnFact(r"timestamp", ""),
            ColumnFact(r"gpu power \(w\)", "W", "power", "gpu", boundary=Boundary.DEVICE),
            ColumnFact(r"gpu energy consumed \(j\)", "J", "counter", "gpu", boundary=Boundary.DEVICE),
            ColumnFact(r".*", "-"),
        ),
        ("deviceid",),
        grade=Grade.MEASURED,
        source="xpu-smi dump: each device's power in W, and the joules it has counted",
    ),
    Signature(
        "UCI household",
        "the household of UCI's repository",
        (r"global_active_power", r"global_reactive_power", r"global_intensity", r"sub_metering_1"),
        (
            ColumnFact(r"date|time|datetime", ""),
            ColumnFact(r"global_active_power", "kW", "mean", "household", boundary=Boundary.WALL),
            ColumnFact(r".*", "-"),
        ),
        source="UCI's Individual household electric power consumption: minute means in kW; ? where none was measured",
    ),
    Signature(
        "DSMR-reader",
        "an export of DSMR-reader",
        (r"timestamp|read_at", r"electricity_currently_delivered", r"electricity_delivered_1"),
        (
            ColumnFact(r"timestamp|read_at", ""),
            ColumnFact(r"electricity_currently_delivered", "kW", "power", "input", boundary=Boundary.WALL),
            ColumnFact(r".*", "-"),
        ),
        source="DSMR-reader's readings: electricity_currently_delivered in kW; its registers in kWh rise in steps of 1 Wh",
    ),
)
