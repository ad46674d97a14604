"""What the names of rails state: a total, a part of a machine, or something inside a part."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from powermeter.importers.headers import words

SOCKET = ("wall", "mains", "socket", "ac")
"""What people call what is drawn at the socket."""

TOTAL = (
    SOCKET,
    (
        "total",
        "tot",
        "system",
        "sys",
        "psys",
        "node",
        "machine",
        "server",
        "chassis",
        "host",
        "gesamt",
        "all",
        "platform",
        *("sum", "sigma", "σ"),
        *("ges", "insgesamt", "summe", "totale", "totaal", "totalt", "somme", "suma", "soma", "somma"),
    ),
    ("board", "input", "inlet", "psu", "battery", "bat", "supply", "module"),
)
"""Words for what holds everything else; those of the first group that occurs count."""

IMPORTED = frozenset(
    (
        *("import", "imported", "bezug", "netzbezug", "verbruik", "afname", "soutirage", "prelievo"),
        *("prelevata", "prelevato", "pobrana", "consumo", "consumed"),
    )
)
EXPORTED = frozenset(
    (
        "export",
        "exported",
        "einspeisung",
        "netzeinspeisung",
        "teruglevering",
        "feedin",
        "injectie",
        "injection",
        "immissione",
        *("immessa", "immesso", "oddana", "vertido", "produced"),
    )
)
"""What a meter of the grid calls its two directions; each may have a register for every tariff."""

GENERATED = frozenset(("production", "generation", "yield", "erzeugung", "produktion", "ertrag"))
"""Words for what a plant yields, which is the total of nothing that is drawn."""

FEEDERS = frozenset(
    (
        *("main", "grid", "house", "home", "building", "site", "whole", "aggregate", "utility", "feeder"),
        *("net", "haus", "hausanschluss", "netz", "maison", "réseau", "casa", "red"),
    )
)
"""What one of several devices is called that may feed the others: none of these words states it alone."""

SURELY_ALL = frozenset(("total", "tot", "gesamt", "sum", "all"))

_PARTS = {
    "cpu": ("cpu", "package", "pkg", "processor", "socket", "soc"),
    "gpu": ("gpu", "card", "graphics"),
    "memory": ("dram", "ram", "mem", "memory", "ddr"),
    "accelerator": ("ane", "npu", "tpu", "dla", "accelerator"),
    "disk": ("disk", "ssd", "nvme", "hdd", "storage"),
    "network": ("net", "nic", "wifi", "network", "ethernet"),
    "display": ("display", "screen", "lcd", "backlight"),
    "fan": ("fan", "fans"),
}

_INSIDE = {
    "core": "cpu",
    "kerne": "cpu",
    "cores": "cpu",
    "cor": "cpu",
    "pp0": "cpu",
    "pp1": "cpu",
    "uncore": "cpu",
    "igpu": "cpu",
    "gfx": "cpu",
    "gt": "cpu",
}

_INSIDE_GPU = {"core", "cores", "chip", "soc", "memory", "mem", "vram", "hbm"}

PROCESSOR = {"cpu", "processor"}

_AUXILIARY = frozenset(("aux", "auxiliary", "starter", "backup"))

NUMBERED = re.compile(r"(.*?)[\s_.#:-]*(\d+)\Z")


_LEG = re.compile(r"(?i)\bmains?[ _-]([abc])\Z")


def legs_of(names: Sequence[str]) -> list[str]:
    """Return the legs of a house's supply, as Emporia calls them, behind which all its circuits lie; none where there is one."""
    found = {match[1].lower(): name for name in names if (match := _LEG.search(name)) is not None}
    return list(found.values()) if len(found) > 1 else []


def is_one_part(name: str, names: Sequence[str]) -> bool:
    """Return whether a total is one of a part only, beside other parts: `cpu_total` beside `gpu`."""
    own = part_of(name)
    return own is not None and any((part_of(other) or inside(other)) != own for other in names)


def is_of_side_line(name: str, names: Sequence[str]) -> bool:
    """Return whether a supply is of a side line: it names its volts or that it is auxiliary, beside a rail that is no part and does neither."""
    return _names_a_line(name) and any(
        not _names_a_line(other) and part_of(other) is None and inside(other) is None for other in names
    )


def _names_a_line(name: str) -> bool:
    found = words(name)
    volts = any(first.isdigit() and second == "v" for first, second in pairwise(found))
    return volts or not _AUXILIARY.isdisjoint(found)


def may_feed(names: Sequence[str]) -> str | None:
    """Return the one name among those of devices that holds nothing but `FEEDERS`, what all have in common left out; else None."""
    common = set.intersection(*(set(words(name)) for name in names))
    own = {name: {word for word in words(name) if not word.isdigit()} - common for name in names}
    found = [name for name, left in own.items() if left and left <= FEEDERS]
    if len(found) != 1 or (
        "net" in own[found[0]] and any(part_of(n) or inside(n) for n in names if n != found[0])
    ):
        return None
    return found[0]


def part_of(name: str) -> str | None:
    found = set(words(name))
    kinds = [kind for kind, names in _PARTS.items() if found.intersection(names)]
    if kinds[:1] == ["cpu"] and len(kinds) > 1 and ("memory" in kinds or not found.intersection(PROCESSOR)):
        return kinds[1]  # "CPU DRAM" is memory, "GPU package" a GPU
    return kinds[0] if kinds else None


def inside(name: str) -> str | None:
    """Return the kind of part that a name is inside of: cores and graphics of a CPU, a GPU's chip and memory."""
    found = set(words(name))
    if "gpu" in found and found.intersection(_INSIDE_GPU):
        return "gpu"
    if found.intersection(PROCESSOR) and found.intersection(_PARTS["gpu"]):
        return "cpu"
    if part_of(name) not in (None, "gpu", "cpu"):
        return None
    return next((kind for word, kind in _INSIDE.items() if word in found), None)


def are_numbered(names: Sequence[str]) -> bool:
    """Return whether parts of one kind are distinguished by numbers: gpu0, gpu1 beside one cpu."""
    by_kind: dict[str | None, list[str]] = {}
    for name in names:
        by_kind.setdefault(part_of(name), []).append(name)
    return all(len(group) == 1 or all(NUMBERED.match(name) for name in group) for group in by_kind.values())


_OF_ONE_KIND = re.compile(
    r"(?<![a-z])(gpu|card|socket|node|server|device|plug|outlet)[ _-]?(\d{1,3})(?!\d)", re.IGNORECASE
)


def differ_in_a_number(names: Sequence[str]) -> bool:
    """Return whether names are those of devices of one kind, alike but for one's number: `card0 Socket Graphics Package`."""
    bare = {_OF_ONE_KIND.sub(r"\1#", name, count=1) for name in names}
    return len(names) > 1 and len(bare) == 1 and bare.isdisjoint(names)


def held_by_name(names: Sequence[str], means: Mapping[str, tuple[float, str]]) -> dict[str, str]:
    """Return which machines hold which of their parts by their names: `node1` holds `node1_gpu`, whose mean is not above its own."""
    found = {}
    machines = [(name, own) for name in names if not _MACHINES.isdisjoint(own := words(name))]
    for name in names:
        own = words(name)
        for other, head in machines:
            if own[: len(head)] != head or part_of(" ".join(own[len(head) :])) is None:
                continue
            mean, whole = means.get(name), means.get(other)
            if mean and whole and mean[1] == whole[1] and mean[0] <= whole[0]:
                found[name] = other
    return found


_MACHINES = frozenset(
    ("node", "server", "host", "machine", "blade", "chassis", "board", "laptop", "pc", "rack")
)


def may_hold_graphics(names: Sequence[str]) -> bool:
    """Return whether a package or a chip stands beside a GPU that may be its own graphics or a card."""
    packages = any({*words(name)} & {"package", "pkg", "soc"} and part_of(name) == "cpu" for name in names)
    return packages and any({*words(name)} == {"gpu"} for name in names)
