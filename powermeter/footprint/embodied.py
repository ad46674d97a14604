"""What making a device emitted: chips and memory by ACT's equations, presets, a bill of materials.

ACT (Gupta et al., ISCA 2022):

    E     = N_r K_r + Σ E_r                                   K_r = 150 g a package
    E_SoC = area (CI_fab EPA + GPA + MPA) / Y                  Y = 0.875
    E_mem = capacity × grams per GB / Y

Every function returns an `AccountLine` in g CO2e for the whole device; `allocation` takes a workload's share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.footprint.account_lines import AccountLine, Input

from .factors import Factor, default, factor, given, table

NODES_NM = (28, 20, 14, 10, 8, 7, 5, 3)
DEVICES = ("mcu", "board", "phone", "laptop", "server", "gpu", "speaker", "watch", "camera")
WORKLOADS = ("keyword_spotting", "anomaly_detection", "image_classification", "person_detection")
"""The reference workloads of MLPerf Tiny; each is a device preset too, its making without training and use."""
LIVES = {
    "mcu": "mcu",
    "board": "board",
    "phone": "phone",
    "laptop": "laptop",
    "server": "server",
    "gpu": "server",
    "speaker": "board",
    "watch": "phone",
    "camera": "board",
    "keyword_spotting": "mcu",
    "anomaly_detection": "mcu",
    "image_classification": "mcu",
    "person_detection": "mcu",
}


def chip(
    area_mm2: float,
    node_nm: int,
    *,
    fab: str | Factor = "taiwan_2022",
    abatement: str = "mean",
    yield_share: Factor | None = None,
    packages: int = 1,
    name: str = "chip",
) -> AccountLine:
    """Return the making of a chip.

    Args:
        area_mm2: Of the die.
        node_nm: One of `NODES_NM`; older processes stand in as 28 nm.
        fab: Electricity of the factory: a name of ACT's table (`taiwan_2022`, `coal`, …) or a factor in g/kWh.
        abatement: Of process gases: `95`, `99` or the `mean` of both.
        yield_share: Share of good dies, ACT's 0.875 by default.
        packages: Number of packages at 150 g.

    Raises:
        ConfigurationError: The area, the node, the fab or the abatement is not known.
    """
    if not 0 < area_mm2 < 10_000:
        raise ConfigurationError(f"{name}: an area of {area_mm2:g} mm² is not a die")
    if node_nm not in NODES_NM:
        if node_nm <= NODES_NM[0]:
            raise ConfigurationError(
                f"{name}: no process of {node_nm} nm; known are {', '.join(map(str, NODES_NM))}"
            )
        node_nm = NODES_NM[0]
    key = f"{node_nm}nm"
    if abatement not in ("95", "99", "mean"):
        raise ConfigurationError(f"{name}: gas abatement {abatement!r}; it is 95, 99 or mean")
    gas = {level: factor("chips", f"chip.gpa{level}.{key}") for level in ("95", "99")}
    inputs: dict[str, Input] = {
        "area": given("area", area_mm2 / 100, "cm2"),
        "CI_fab": _fab(fab),
        "EPA": factor("chips", f"chip.epa.{key}"),
        "GPA": gas[abatement] if abatement != "mean" else _mean(gas["95"], gas["99"]),
        "MPA": factor("chips", f"chip.mpa.{key}"),
        "Y": yield_share or factor("chips", "chip.yield"),
        "packages": given("packages", packages, "1"),
        "K_r": factor("chips", "chip.package"),
    }
    return by_method(
        AccountLine(
            name,
            "g",
            inputs,
            lambda x: (
                x["area"] * (x["CI_fab"] * x["EPA"] + x["GPA"] + x["MPA"]) / x["Y"] + x["packages"] * x["K_r"]
            ),
            "area × (CI_fab × EPA + GPA + MPA) / Y + packages × K_r",
            "scope 3 category 2",
        )
    )


def _fab(fab: str | Factor) -> Factor:
    if isinstance(fab, Factor):
        return fab
    known = [name.removeprefix("fab.carbon.") for name, _ in table("chips") if name.startswith("fab.carbon.")]
    if fab not in known:
        raise ConfigurationError(f"no fab electricity {fab!r}; {nearest(fab, known)}")
    return factor("chips", f"fab.carbon.{fab}")


def _mean(left: Factor, right: Factor) -> Factor:
    return Factor(
        left.name.replace("gpa95", "gpa"),
        "WLD",
        (left.low + right.low) / 2,
        (left.central + right.central) / 2,
        (left.high + right.high) / 2,
        left.unit,
        left.year,
        left.basis,
        left.source,
        left.provenance,
        left.bounds,
        "mean of 95 % and 99 % gas abatement",
    )


def memory(
    kind: str, gigabytes: float, *, packages: int = 1, yield_share: Factor | None = None, name: str = ""
) -> AccountLine:
    """Return the making of DRAM, NAND, an SSD or a disk: capacity × g per GB / Y + packages.

    Args:
        kind: A name of ACT's table: `lpddr4`, `ddr4_10nm`, `nand_tlc_v3`, …
        gigabytes: Capacity.

    Raises:
        ConfigurationError: The kind is not known, or the capacity is not above zero.
    """
    known = [key.removeprefix("memory.") for key, _ in table("chips") if key.startswith("memory.")]
    if kind not in known:
        raise ConfigurationError(f"no memory {kind!r}; {nearest(kind, known)}")
    if not gigabytes > 0:
        raise ConfigurationError(f"{name or kind}: a capacity of {gigabytes:g} GB")
    inputs: dict[str, Input] = {
        "capacity": given("capacity", gigabytes, "GB"),
        "rate": factor("chips", f"memory.{kind}"),
        "Y": yield_share or factor("chips", "chip.yield"),
        "packages": given("packages", packages, "1"),
        "K_r": factor("chips", "chip.package"),
    }
    return by_method(
        AccountLine(
            name or kind,
            "g",
            inputs,
            lambda x: x["capacity"] * x["rate"] / x["Y"] + x["packages"] * x["K_r"],
            "capacity × rate / Y + packages × K_r",
            "scope 3 category 2",
        )
    )


def battery(capacity_wh: float, chemistry: str = "nmc", name: str = "battery") -> AccountLine:
    """Return the making of a battery, `nmc` or `lfp`.

    Raises:
        ConfigurationError: The chemistry is not known, or the capacity is not above zero.
    """
    if chemistry not in ("nmc", "lfp"):
        raise ConfigurationError(f"{name}: no figure for the chemistry {chemistry!r}; known are nmc, lfp")
    if not capacity_wh > 0:
        raise ConfigurationError(f"{name}: a capacity of {capacity_wh:g} Wh")
    inputs: dict[str, Input] = {
        "capacity": given("capacity", capacity_wh, "Wh"),
        "rate": factor("chips", f"battery.making.{chemistry}"),
    }
    return by_method(
        AccountLine(
            name,
            "g",
            inputs,
            lambda x: x["capacity"] * x["rate"],
            "capacity × rate (kg/kWh = g/Wh)",
            "scope 3 category 2",
        )
    )


def by_method(line: AccountLine) -> AccountLine:
    """Return a making with the doubt that all parts of one estimate share: method, database, cut-off.

    Its central value is 1, so it changes the interval alone; every part of a bill draws it together.
    """
    inputs: dict[str, Input] = {**line.inputs, "method": default("embodied.method")}
    return AccountLine(
        line.name,
        line.unit,
        inputs,
        lambda x: line.compute(x) * x["method"],
        f"({line.formula}) × method",
        line.scope,
        line.note,
    )


def part(name: str, kilograms: Factor) -> AccountLine:
    """Return a part, or a whole device, whose making is known in kg."""
    return AccountLine(
        name,
        "g",
        {"making": kilograms},
        lambda x: 1000 * x["making"],
        "making",
        "scope 3 category 2",
        kilograms.note,
    )


def device(name: str) -> AccountLine:
    """Return a device preset.

    Raises:
        ConfigurationError: There is no such preset; the nearest are offered.
    """
    if name in WORKLOADS:
        return _node(name)
    if name not in DEVICES:
        raise ConfigurationError(f"no device {name!r}; {nearest(name, (*DEVICES, *WORKLOADS))}")
    return part(f"making of the {name}", factor("devices", f"device.{name}"))


def _node(workload: str) -> AccountLine:
    """Return the making of a TinyML node: the study's components without training and use."""
    lines = [line for line in tinyml(workload=workload) if line.name not in ("training", "use")]
    inputs: dict[str, Input] = {line.name: line.inputs["making"] for line in lines}
    inputs["method"] = default("embodied.method")
    return AccountLine(
        f"making of the {workload.replace('_', ' ')} node",
        "g",
        inputs,
        lambda x: sum(1000 * x[line.name] for line in lines) * x["method"],
        "Σ components × method",
        "scope 3 category 2",
        "components of the TinyML study",
    )


def tinyml(levels: Mapping[str, str] | None = None, workload: str = "keyword_spotting") -> list[AccountLine]:
    """Return the component lines of the TinyML study for a workload, each at `low`, `mid` or `high`.

    Args:
        levels: Component → level; `mid`, the study's typical case, where not named.
        workload: One of `WORKLOADS`: they differ in the sensor, as in the study; person detection, which it
            does not hold, has image classification's camera.

    Raises:
        ConfigurationError: The workload, a component or a level is not known.
    """
    if workload not in WORKLOADS:
        raise ConfigurationError(f"no TinyML workload {workload!r}; {nearest(workload, WORKLOADS)}")
    known = [key.removeprefix("tinyml.") for key, _ in table("devices") if key.startswith("tinyml.")]
    known = [component for component in known if "." not in component]
    chosen = dict(levels or {})
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        raise ConfigurationError(f"no component {unknown[0]!r}; {nearest(unknown[0], known)}")
    lines = []
    for component in known:
        sensed = component == "sensing" and (workload != WORKLOADS[0] or component not in chosen)
        found = factor("devices", f"tinyml.sensing.{workload}" if sensed else f"tinyml.{component}")
        level = chosen.get(component, "mid")
        if level not in ("low", "mid", "high"):
            raise ConfigurationError(f"{component}: level {level!r}; it is low, mid or high")
        value = {"low": found.low, "mid": found.central, "high": found.high}[level]
        line = part(component, replace(found, central=value, note=f"{level} level"))
        lines.append(by_method(line) if value and component not in ("training", "use") else line)
    return lines


def water_of_die(area_mm2: float, name: str = "making of the chips") -> AccountLine:
    """Return the fresh water a die took to make, in L: withdrawal-like, so not added to consumption."""
    inputs: dict[str, Input] = {
        "area": given("area", area_mm2 / 100, "cm2"),
        "rate": factor("defaults", "fab.water"),
    }
    return AccountLine(name, "L", inputs, lambda x: x["area"] * x["rate"], "area × rate")
