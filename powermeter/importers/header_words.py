"""The words and units that headers of tables are written with, in the languages that were met."""

from __future__ import annotations

from powermeter.channel import Quantity

TIME = "time"
"""Stands where a quantity would, for a column of times."""

SPELLED = {
    "watt": "W",
    "watts": "W",
    "volt": "V",
    "volts": "V",
    "amp": "A",
    "amps": "A",
    "ampere": "A",
    "amperes": "A",
    "joule": "J",
    "joules": "J",
    "coulomb": "C",
    "coulombs": "C",
    "sec": "s",
    "millis": "ms",
    "micros": "us",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "sekunden": "s",
    "minute": "min",
    "minutes": "min",
    "mins": "min",
    "hour": "h",
    "hours": "h",
    "hr": "h",
    "hrs": "h",
    "percent": "%",
    "pct": "%",
    "celsius": "degC",
    "degc": "degC",
    "deg c": "degC",
    "°c": "degC",
    "watthour": "Wh",
    "watthours": "Wh",
    "watt-hours": "Wh",
    "watt-hour": "Wh",
    "watt hours": "Wh",
    "watt hour": "Wh",
    "kwhr": "kWh",
    "whr": "Wh",
    "watthrs": "Wh",
    "watthr": "Wh",
    "amphours": "Ah",
    "ampere-hours": "Ah",
    "ahr": "Ah",
    "hertz": "Hz",
    "ws": "J",
    "as": "C",
}
SPELLED_PREFIX = {
    "pico": "p",
    "nano": "n",
    "micro": "u",
    "milli": "m",
    "kilo": "k",
    "mega": "M",
    "giga": "G",
    "m": "m",
    "u": "u",
    "n": "n",
    "k": "k",
}

# Units that a header writes in any case behind a name; M is milli there, as in CURRENT_MA.
ANY_CASE = {
    unit.lower(): unit
    for unit in (
        "W",
        "pW",
        "nW",
        "mW",
        "uW",
        "µW",
        "kW",
        "V",
        "mV",
        "uV",
        "µV",
        "kV",
        "A",
        "pA",
        "nA",
        "mA",
        "uA",
        "µA",
        "J",
        "nJ",
        "mJ",
        "uJ",
        "µJ",
        "kJ",
        "Wh",
        "mWh",
        "uWh",
        "kWh",
        "Ah",
        "mAh",
        "uAh",
        "µAh",
        "s",
        "ms",
        "us",
        "µs",
        "ns",
        "min",
        "h",
        "Hz",
        "kHz",
        "MHz",
        "GHz",
        "uC",
        "mC",
        "GW",
        "%",
        "degC",
        "°C",
    )
}

QUANTITY_WORDS: dict[str, Quantity | str] = {
    **dict.fromkeys(
        (
            "power",
            "pwr",
            "leistung",
            "wirkleistung",
            "puissance",
            "potencia",
            "potenza",
            "vermogen",
            "effekt",
            "moc",
            "watt",
            "watts",
            "wattage",
            "pow",
            *("leistungsaufnahme", "guc", "vykon", "teho", "daya", "putere", "teljesitmeny"),
        ),
        Quantity.POWER,
    ),
    **dict.fromkeys(
        ("energy", "energie", "energia", "energía", "joule", "joules", "egy", "nrg", "enerji", "energi"),
        Quantity.ENERGY,
    ),
    **dict.fromkeys(
        (
            *("voltage", "volt", "volts", "spannung", "tension", "tensione", "voltaje", "tensao"),
            *("spanning", "napiecie"),
            *("gerilim", "napeti", "jannite", "tegangan", "tensiune", "feszultseg"),
            "vrms",
            *("urms", "utrms", "umn", "udc"),
            *("vbus", "vin", "vout", "vdc", "vcc"),
        ),
        Quantity.VOLTAGE,
    ),
    **dict.fromkeys(
        (
            "current",
            "curr",
            "courant",
            "corriente",
            "corrente",
            "stroom",
            *("strom", "stromaufnahme"),
            "prad",
            *("akım", "akim", "proud", "virta", "arus", "curent"),
            *("irms", "itrms", "imn", "idc"),
            "ibus",
            "iin",
            "iout",
            "amp",
            "amps",
            "ampere",
            "amperage",
        ),
        Quantity.CURRENT,
    ),
    **dict.fromkeys(("charge", "ladung", "capacity", "coulomb", "coulombs"), Quantity.CHARGE),
    **dict.fromkeys(("temp", "temperature", "temperatur", "gtemp", "mtemp"), Quantity.TEMPERATURE),
    **dict.fromkeys(("freq", "frequency", "clock", "clk"), Quantity.FREQUENCY),
    **dict.fromkeys(("util", "utilization", "utilisation"), Quantity.LOAD),
    **dict.fromkeys(
        (
            *("time", "timestamp", "datetime", "date", "zeit", "uhrzeit", "datum", "zeitstempel"),
            *("timestamps", "tow", "temps", "tempo", "tid"),
            *("tijd", "tijdstip"),
            *("heure", "horodatage", "ora"),
            "czas",
            *("tarih", "saat", "aika", "waktu", "tanggal", "timp"),
            "uptime",
            "runtime",
            "laufzeit",
            "fecha",
            "hora",
            "tiempo",
            "epoch",
            *("elapsed", "dt"),
            "unix",
            "unixtime",
            "epochtime",
            "unixtimestamp",
            "timecode",
            "clocktime",
            "hh",
            "ss",
            "yyyy",
            "yyyymmdd",
            "ts",
            "changed",
            "updated",
        ),
        TIME,
    ),
}
EDGES = frozenset(("start", "end", "begin", "stop", "from", "to", "until"))
"""Words of columns that state when a row's interval began or ended: behind them `s` is seconds."""

LETTERS: dict[str, Quantity | str] = {
    "p": Quantity.POWER,
    "e": Quantity.ENERGY,
    "u": Quantity.VOLTAGE,
    "v": Quantity.VOLTAGE,
    "i": Quantity.CURRENT,
    "t": TIME,
    "q": Quantity.CHARGE,
}

COUNTS_OF_POWER = frozenset((("power", "cycle"), ("power", "cycles"), ("on", "hours")))
OF_THE_MOMENT = frozenset(("speed", "price", "step", "state", "mode", "user", "users", "version", "page"))
"""What is current without being one: `current_speed`."""

UNRECORDED = frozenset(
    ["dbm", "dbw", "db", "va", "kva", "var", "kvar", "percent", "pct", "rpm", "hp", "ps", "rssi"]
)
"""Units at the end of a name that are none of a power drawn: levels, apparent and reactive power, shares."""

ELECTRIC = (Quantity.POWER, Quantity.VOLTAGE, Quantity.CURRENT, Quantity.ENERGY, Quantity.CHARGE)

LIMIT = frozenset(
    [
        "limit",
        "cap",
        "max",
        "maximum",
        "min",
        "minimum",
        "threshold",
        "tdp",
        "budget",
        "setpoint",
        "set",
        "setting",
        "soll",
        "sollwert",
        "consigne",
        "vset",
        "iset",
        "uset",
        "pset",
        "default",
        "enforced",
        "rated",
        "nominal",
        "std",
        "stddev",
        "stdev",
        "var",
        "variance",
        "sigma",
        "p50",
        "p90",
        "p95",
        "p99",
        "median",
        "count",
        "target",
        "lower",
        "upper",
    ]
)
NOT_ACTIVE = frozenset(
    [
        "btu",
        "ratio",
        "share",
        "attributable",
        "fraction",
        "factor",
        "fct",
        "cyc",
        "duty",
        "dty",
        "apparent",
        "reactive",
        "scheinleistung",
        "thermal",
        "blindleistung",
        "cost",
        "euro",
        "eur",
        "kosten",
        "preis",
        "tarif",
        "tariff",
        "price",
        "emissions",
        "co2",
        "co2eq",
        "carbon",
        "state",
        "status",
        "mode",
    ]
)
COUNTED = frozenset(
    [
        "accum",
        "accumulated",
        "accumulative",
        "cumul",
        "cumulative",
        "zerod",
        "total",
        "counter",
        "counted",
        "meter",
        "odometer",
        "kum",
        "lifetime",
    ]
)
EACH = frozenset(
    ["intervall", "intervalle", "intervalo", "intervallo", "delta", "diff", "increment", "interval"]
) | {"per", "each", "epoch", "step", "used"}
PIECES = frozenset(
    [
        "request",
        "inference",
        "query",
        "frame",
        "iteration",
        "layer",
        "round",
        "segment",
        "task",
        "batch",
        "image",
    ]
)
"""What an energy of its name is spent on once: amounts of such pieces may rise and be no running total."""

MEAN = frozenset(["avg", "average", "mean", "mittel", "moyenne"])
LEVEL = frozenset(["now", "remaining", "level", "full", "counter", "left"])
USED = frozenset(
    [
        "load",
        "house",
        "home",
        "consumption",
        "pac",
        "verbrauch",
        "verbruik",
        "consommation",
        "consumo",
        "forbrug",
    ]
)
"""Words for what a house draws, whatever feeds it, and for what an inverter puts out."""

HOUSE_LINES = USED | {
    "solar",
    "pv",
    "grid",
    "inverter",
    "ev",
    "export",
    "import",
    "feed",
    "generator",
    "panel",
}
"""Words of a house's lines, among which a battery is one of several that give and take."""
