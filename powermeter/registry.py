"""The names of everything that is loaded late: drivers, reports, importers, commands.

The core never imports `powermeter.drivers`, `powermeter.calibration` or `powermeter.reports`; it
names what it needs by string here.  Anyone can add a driver or a report by publishing an entry point
in the group `powermeter.drivers` or `powermeter.reports`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from powermeter.errors import (
    ConfigurationError,
    NotInstalledError,
    OpenError,
    PowermeterError,
    Reason,
    printable,
)
from powermeter.errors.suggestions import nearest
from powermeter.source import Address, Source

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_LONGEST_REASON = 200  # characters of another package's error that are printed

DRIVERS: Mapping[str, str] = {
    "amd": "powermeter.drivers.amd:Amd",
    "atorch": "powermeter.drivers.atorch:Atorch",
    "avhzy": "powermeter.drivers.avhzy:Avhzy",
    "estimate": "powermeter.drivers.system.estimate:Estimate",
    "fnirsi": "powermeter.drivers.fnirsi:Fnirsi",
    "fnirsi-ble": "powermeter.drivers.fnirsi_ble:FnirsiBle",
    "hwmon": "powermeter.drivers.hwmon:Hwmon",
    "iio": "powermeter.drivers.iio:IIO",
    "ina": "powermeter.drivers.ina.source:INASource",
    "ina219": "powermeter.drivers.ina219:INA219",
    "ina220": "powermeter.drivers.ina219:INA220",
    "ina226": "powermeter.drivers.ina226:INA226",
    "ina228": "powermeter.drivers.ina228:INA228",
    "ina230": "powermeter.drivers.ina226:INA230",
    "ina231": "powermeter.drivers.ina226:INA231",
    "ina234": "powermeter.drivers.ina226:INA234",
    "ina236": "powermeter.drivers.ina226:INA236",
    "ina237": "powermeter.drivers.ina228:INA237",
    "ina238": "powermeter.drivers.ina228:INA238",
    "ina260": "powermeter.drivers.ina226:INA260",
    "ina3221": "powermeter.drivers.ina3221:INA3221",
    "ina700": "powermeter.drivers.ina228:INA700",
    "ina740": "powermeter.drivers.ina228:INA740",
    "ina745": "powermeter.drivers.ina228:INA745",
    "ina780": "powermeter.drivers.ina228:INA780",
    "jetson": "powermeter.drivers.jetson:Jetson",
    "joulescope": "powermeter.drivers.joulescope:Joulescope",
    "jtop": "powermeter.drivers.jtop:Jtop",
    "km003c": "powermeter.drivers.km003c:KM003C",
    "km003c-stream": "powermeter.drivers.km003c:KM003CStream",
    "korad": "powermeter.drivers.korad:Korad",
    "lines": "powermeter.drivers.lines:Lines",
    "manual": "powermeter.drivers.manual:Manual",
    "nvml": "powermeter.drivers.nvml:Nvml",
    "pmic": "powermeter.drivers.pmic:Pmic",
    "power_supply": "powermeter.drivers.power_supply:PowerSupply",
    "powermetrics": "powermeter.drivers.powermetrics:Powermetrics",
    "ppk2": "powermeter.drivers.ppk2:PPK2",
    "rapl": "powermeter.drivers.rapl:Rapl",
    "replay": "powermeter.drivers.replay:Replay",
    "scpi": "powermeter.drivers.scpi:Scpi",
    "shelly": "powermeter.drivers.shelly:Shelly",
    "smartpower3": "powermeter.drivers.smartpower3:SmartPower3",
    "ssh": "powermeter.drivers.ssh:Ssh",
    "tasmota": "powermeter.drivers.tasmota:Tasmota",
    "tc66": "powermeter.drivers.rdtech_tc66:TC66",
    "tegrastats": "powermeter.drivers.tegrastats:Tegrastats",
    "throttled": "powermeter.drivers.pmic:Throttled",
    "um24c": "powermeter.drivers.rdtech_um:UM24C",
    "um25c": "powermeter.drivers.rdtech_um:UM25C",
    "um34c": "powermeter.drivers.rdtech_um:UM34C",
    "virtual": "powermeter.drivers.virtual:Virtual",
    "witrn": "powermeter.drivers.witrn:Witrn",
    "yocto": "powermeter.drivers.yocto:YoctoWatt",
}
"""URL scheme → `module:class`."""

NAMED_ONLY = frozenset(
    (
        *("atorch", "fnirsi-ble", "korad", "lines", "manual", "replay", "scpi", "shelly"),
        *("smartpower3", "ssh", "tasmota", "um24c", "um34c", "virtual", "yocto"),
    )
)
"""Drivers that look for nothing: who wants them names them, and no search waits for them."""

REPORTS: Mapping[str, str] = {
    "annex-xi": "powermeter.reports.annex_xi:AnnexXISheet",
    "csv": "powermeter.reports.data_files:CSVReport",
    "html": "powermeter.reports.html:HTMLReport",
    "html-plain": "powermeter.reports.html:PlainHTMLReport",
    "json": "powermeter.reports.data_files:JSONReport",
    "latex": "powermeter.reports.latex:LatexReport",
    "markdown": "powermeter.reports.markdown:MarkdownReport",
    "model-card": "powermeter.reports.model_card:ModelCard",
    "pdf": "powermeter.reports.paper.pdf_report:PDFReport",
    "png": "powermeter.reports.paper.kinds:PNGFigure",
    "sci": "powermeter.reports.sci_sheet:SCISheet",
    "svg": "powermeter.reports.paper.kinds:SVGFigure",
    "text": "powermeter.reports.terminal_text:TextReport",
}
"""Report kind → `module:class`."""

EXPORTS: Mapping[str, str] = {
    "chrome-trace": "powermeter.reports.exports.chrome_trace:write_chrome_trace",
    "influx": "powermeter.reports.exports.influx:write_influx",
    "prometheus": "powermeter.reports.exports.prometheus:write_prometheus",
}
"""Format of a whole recording → `module:function` that writes it."""

IMPORTERS: Mapping[str, str] = {
    "afterburner": "powermeter.importers.afterburner:Afterburner",
    "alternate-lines": "powermeter.importers.alternate_lines:AlternateLines",
    "alumet": "powermeter.importers.alumet:Alumet",
    "battery-report": "powermeter.importers.battery_report:BatteryReport",
    "batterystats": "powermeter.importers.batterystats:BatteryStats",
    "carbontracker": "powermeter.importers.carbontracker:CarbonTracker",
    "carbontracker-epochs": "powermeter.importers.carbontracker_epochs:CarbonTrackerEpochs",
    "codecarbon": "powermeter.importers.codecarbon:Codecarbon",
    "cpu-energy-meter": "powermeter.importers.cpu_energy_meter:CpuEnergyMeter",
    "csv": "powermeter.importers.table:TableImporter",
    "dated-readings": "powermeter.importers.dated_readings:DatedReadings",
    "dcgm": "powermeter.importers.dcgm:DcgmDmon",
    "dsmr": "powermeter.importers.dsmr:SmartMeter",
    "esphome": "powermeter.importers.esphome:EspHome",
    "green-button": "powermeter.importers.green_button:GreenButton",
    "hardware-monitor": "powermeter.importers.hardware_monitor:HardwareMonitorLog",
    "home-assistant-statistics": "powermeter.importers.home_assistant_statistics:HomeAssistantStatistics",
    "influx-csv": "powermeter.importers.influx_csv:InfluxCsv",
    "intel-gpu-top": "powermeter.importers.intel_gpu_top:IntelGpuTop",
    "intel-gpu-top-lines": "powermeter.importers.intel_gpu_top_lines:IntelGpuTopLines",
    "intervals": "powermeter.importers.interval_tables:IntervalTable",
    "ioreg": "powermeter.importers.ioreg:AppleBattery",
    "ipmi-dcmi": "powermeter.importers.ipmi_dcmi:IpmiDcmi",
    "joulescope": "powermeter.importers.joulescope:JoulescopeFile",
    "json": "powermeter.importers.json_table:JsonTable",
    "jtop-table": "powermeter.importers.jtop_table:JtopTable",
    "km003c": "powermeter.importers.km003c:KM003CExport",
    "labelled": "powermeter.importers.labelled:LabelledLines",
    "likwid": "powermeter.importers.likwid:Likwid",
    "lm-sensors": "powermeter.importers.lm_sensors:LmSensors",
    "mlperf-power": "powermeter.importers.mlperf_power:MLPerfPower",
    "mlperf-tiny": "powermeter.importers.mlperf_tiny:MLPerfTiny",
    "mlperf-training": "powermeter.importers.mlperf_training:MLPerfTraining",
    "monsoon": "powermeter.importers.monsoon:MonsoonLog",
    "monsoon-pt": "powermeter.importers.monsoon_pt:MonsoonFile",
    "nem12": "powermeter.importers.nem12:Nem12",
    "nvidia-smi": "powermeter.importers.nvidia_smi:NvidiaSmi",
    "nvidia-smi-query": "powermeter.importers.nvidia_smi_query:NvidiaSmiQuery",
    "nvidia-smi-stats": "powermeter.importers.nvidia_smi_stats:NvidiaSmiStats",
    "oscilloscope": "powermeter.importers.oscilloscope:Oscilloscope",
    "otii": "powermeter.importers.otii:OtiiExport",
    "perf-stat": "powermeter.importers.perf_stat:PerfStat",
    "perfetto": "powermeter.importers.perfetto:PerfettoTrace",
    "perfetto-counters": "powermeter.importers.perfetto_counters:PerfettoCounters",
    "power-gadget": "powermeter.importers.power_gadget:PowerGadget",
    "powermetrics": "powermeter.importers.powermetrics:Powermetrics",
    "powermetrics-plist": "powermeter.importers.powermetrics_plist:PowermetricsPlist",
    "ppk2": "powermeter.importers.ppk2:PPK2File",
    "printed-reports": "powermeter.importers.printed_reports:PrintedReports",
    "prometheus": "powermeter.importers.prometheus:Prometheus",
    "quoted-lines": "powermeter.importers.quoted_lines:QuotedLines",
    "rd-usb": "powermeter.importers.rd_usb:RdUsb",
    "readings": "powermeter.importers.manual_list:Readings",
    "redfish": "powermeter.importers.redfish:Redfish",
    "rrdtool": "powermeter.importers.rrdtool:RrdtoolFetch",
    "scaphandre": "powermeter.importers.scaphandre:Scaphandre",
    "tegrastats": "powermeter.importers.tegrastats:TegrastatsLog",
    "upower": "powermeter.importers.upower:UPower",
    "wattameter": "powermeter.importers.wattameter:WattAMeter",
}
"""Format name → `module:class`."""


VERBS: Mapping[str, str] = {
    "align": "powermeter.cli.align:align",
    "bench": "powermeter.cli.bench:bench",
    "budget": "powermeter.cli.budget:budget",
    "calibrate": "powermeter.cli.calibrate:calibrate",
    "check-mlperf": "powermeter.cli.check_mlperf:check_mlperf",
    "cite": "powermeter.cli.cite:cite",
    "collect": "powermeter.cli.collect:collect",
    "compare": "powermeter.cli.compare:compare",
    "config": "powermeter.cli.config:config",
    "devices": "powermeter.cli.devices:devices",
    "export": "powermeter.cli.export:export",
    "fleet": "powermeter.cli.fleet:fleet",
    "footprint": "powermeter.cli.footprint:footprint",
    "import": "powermeter.cli.import_:import_",
    "layers": "powermeter.cli.layers:layers",
    "lifetime": "powermeter.cli.lifetime:lifetime",
    "live": "powermeter.cli.live:live",
    "mark": "powermeter.cli.mark:mark",
    "mcp": "powermeter.cli.mcp:mcp",
    "record": "powermeter.cli.record:record",
    "repair": "powermeter.cli.repair:repair",
    "report": "powermeter.cli.report:report",
    "serve": "powermeter.cli.serve:serve",
    "show": "powermeter.cli.show:show",
    "sync": "powermeter.cli.sync:sync",
    "table": "powermeter.cli.table:table",
    "variants": "powermeter.cli.variants:variants",
    "verify": "powermeter.cli.verify:verify",
    "verify-claim": "powermeter.cli.verify_claim:verify_claim",
}
"""Verb of the command line → `module:command`."""

WATCHERS: Mapping[str, str] = {
    "ai_edge_litert": "powermeter.hooks.litert:watch",
    "flwr": "powermeter.hooks.flower:watch",
    "keras": "powermeter.hooks.keras:watch",
    "llama_cpp": "powermeter.hooks.llama_cpp:watch",
    "lightning.pytorch.trainer.trainer": "powermeter.hooks.lightning:watch",
    "onnxruntime": "powermeter.hooks.onnxruntime:watch",
    "onnxruntime_genai": "powermeter.hooks.onnxruntime_genai:watch",
    "pytorch_lightning.trainer.trainer": "powermeter.hooks.lightning:watch",
    "sklearn": "powermeter.hooks.sklearn:watch",
    "tensorflow.lite.python.interpreter": "powermeter.hooks.litert:watch",
    "tflite_runtime": "powermeter.hooks.litert:watch",
    "torch": "powermeter.hooks.torch:watch",
    "transformers.trainer": "powermeter.hooks.transformers:watch",
}
"""Module of a model's class, or its first part → what watches its calls; asked for each class it derives from."""

PUBLIC: Mapping[str, str] = {
    "powermeter.analysis.energy": "Analysis analyse",
    "powermeter.analysis.layers": "layers",
    "powermeter.analysis.repeat_loop": "RepeatLoop",
    "powermeter.battery.battery": "Battery",
    "powermeter.channel": "Channel Quantity Rail",
    "powermeter.comparison.compare": "Comparison compare",
    "powermeter.comparison.experiments": "bench sweep versus",
    "powermeter.comparison.options": "CompareOptions",
    "powermeter.errors": "ConfigurationError DataError ExistsError NotInstalledError OpenError PowermeterError ReadError Reason",
    "powermeter.events": "Event",
    "powermeter.hooks.notebook": "load_ipython_extension unload_ipython_extension",
    "powermeter.hooks.tokens.stream": "tokens",
    "powermeter.hooks.tokens.streamer": "TokenStreamer",
    "powermeter.hooks.watch": "watch",
    "powermeter.meter": "Meter",
    "powermeter.recorder.discovery": "Finding discover",
    "powermeter.recording": "Recording",
    "powermeter.recording.api": "open to_frame",
    "powermeter.result": "Grade Result",
    "powermeter.result.notes": "Note",
    "powermeter.signals.trace": "Trace",
    "powermeter.source": "Source",
}
"""Module → its names that are public ones of the package, loaded when they are first used; `__init__.pyi` shows the same to type checkers."""

OF_RECORDING: Mapping[str, str] = {
    "powermeter.recording.overview": "Overview",
    "powermeter.recording.protocol": "RecordingLike Samples SourceInfo",
    "powermeter.recording.reader": "Recording",
    "powermeter.recording.stored_summaries": "ProcessCounts Summaries",
    "powermeter.recording.writer": "Writer append_to",
}
"""The same of `powermeter.recording`: reading and writing samples needs numpy, noting events does not."""

SUMMARY = "powermeter.reports.terminal_text:summary_text"
"""What `Meter.summary` prints with."""

NOTEBOOK: Mapping[str, str] = {
    "analysis": "powermeter.reports.notebook:analysis_html",
    "meter": "powermeter.reports.notebook:meter_html",
}
"""What a notebook shows of an analysis or a meter is made with these."""

RECORDER = "powermeter.recorder.__main__:main"
"""What the recorder's own interpreter runs."""

LEFTOVER = "powermeter.marking.recorder_and_program_died:tables"
LEFTOVER_END = "powermeter.marking.recorder_and_program_died:end_of"
"""What finds the events that a recorder which died has not written."""

TEXTS: Mapping[str, str] = {
    "benchmark": "powermeter.reports.benchmark:in_print",
    "comparison": "powermeter.reports.comparison:in_print",
}
"""What `print` shows of a benchmark or a comparison is made with these."""

FRAME_OF_ANALYSIS = "powermeter.reports.data_frames:of_analysis"
FRAME = "powermeter.reports.data_frames:frame"
"""What `powermeter.to_frame` makes its frame with."""

PUBLICATION_RULES: Mapping[str, str] = {
    "energyrunner": "powermeter.importers.mlperf_tiny:by_edges",
    "mlperf-power": "powermeter.importers.mlperf_power:by_rule",
    "mlperf-tiny-runner": "powermeter.importers.mlperf_tiny:by_indexes",
    "mlperf-training": "powermeter.importers.mlperf_training:by_rule",
}
"""Rule by which a publisher computes an energy → `module:function`."""


def load(target: str) -> Any:
    """Import `module:attribute`.

    Raises:
        NotInstalledError: The module, or a library it needs, is not there.
    """
    module_name, _, attribute = target.partition(":")
    try:
        return getattr(import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        if missing.startswith("powermeter."):
            raise NotInstalledError(
                f"{missing} is not installed; in a checkout run: pip install -e ."
            ) from error
        raise NotInstalledError(f"{module_name} needs {missing}; run: pip install {missing}") from error


def late(package: str, table: Mapping[str, str], name: str) -> Any:
    """Return a name of a package that is loaded late.

    Raises:
        AttributeError: It has none of that name.
    """
    for module, public in table.items():
        if name in public.split():
            return load(f"{module}:{name}")
    raise AttributeError(f"module {package!r} has no attribute {name!r}")


def names(group: str, table: Mapping[str, str]) -> dict[str, str]:
    """Return our own table merged over the entry points other packages publish in `powermeter.GROUP`."""
    from importlib.metadata import entry_points  # 3.6 MB that a recorder of our own drivers does without

    return {**_published(entry_points, f"powermeter.{group}", _places()), **table}


@lru_cache(maxsize=16)
def _published(
    ask: Callable[..., Iterable[EntryPoint]], group: str, places: tuple[tuple[str, int], ...]
) -> Mapping[str, str]:
    """Return what other packages publish; `places` ask again where one was installed: the metadata of all are read, 10 ms."""
    return {entry.name: entry.value for entry in ask(group=group)}


def _places() -> tuple[tuple[str, int], ...]:
    """Return the folders packages lie in, each with the time of its last change."""
    found = []
    for place in sys.path:
        with suppress(OSError):
            found.append((place, Path(place).stat().st_mtime_ns))
    return tuple(found)


def driver_class(scheme: str) -> type[Source]:
    """Return the driver of a URL scheme.

    Raises:
        ConfigurationError: There is no such driver; the nearest names are offered.
    """
    target = DRIVERS.get(scheme) or names("drivers", DRIVERS).get(scheme)
    if target is None:
        table = names("drivers", DRIVERS)
        raise ConfigurationError(f"no source {scheme!r}; {nearest(scheme, table)}; see: powermeter devices")
    return cast(type[Source], load(target))


def source(url: str) -> Source:
    """Return the unopened source that a URL names.

    Raises:
        ConfigurationError: The URL, its scheme or an option is not usable.
        NotInstalledError: The driver needs a library that is missing.
        OpenError: A driver of somebody else's fails while it is imported or made.
    """
    address = Address.parse(url)
    try:
        return driver_class(address.scheme)(address)
    except PowermeterError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {printable(str(error)[:_LONGEST_REASON])}"
        raise OpenError(f"{url}: its driver fails: {why}", Reason.NO_ANSWER) from error
