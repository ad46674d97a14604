"""What a Jetson reports about itself in files anyone may read: model, release, power mode, clocks.

They go into the recording beside the rails, since the power mode and the clocks decide what a board
draws.  No program is run and nothing is written.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_LIMIT = 200_000
_MODE = re.compile(r"<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=([\w.+-]+)\s*>")
_RELEASE = re.compile(r"#\s*R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)")
_GPU = re.compile(r"gpu|gv11b|ga10b|gp10b|gm20b|gb10b|17000000|57000000")


def facts(root: str | Path = "/") -> dict[str, Any]:
    """Return model, compatible, L4T release, power mode and clocks; only what is there.

    Args:
        root: Where `proc`, `sys`, `etc` and `var` are.
    """
    root = Path(root)
    found: dict[str, Any] = {
        "model": model(root),
        "compatible": _text(root / "proc/device-tree/compatible").replace("\0", " ").strip(),
        "l4t": _release(root),
        "power_mode": power_mode(root),
        "cpu_max_clock_hz": _khz(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq"),
        "cpu_governor": _text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip(),
        "cpus_online": _text(root / "sys/devices/system/cpu/online").strip(),
        "gpu_clock_hz": _gpu_clock(root, "cur_freq"),
        "gpu_max_clock_hz": _gpu_clock(root, "max_freq"),
        "temperatures_degc": temperatures(root),
    }
    return {name: value for name, value in found.items() if value not in ("", None, {})}


def model(root: str | Path = "/") -> str:
    """Return the device tree's name of the machine, or an empty text."""
    return _text(Path(root) / "proc/device-tree/model").strip("\0 \n")


def is_jetson(root: str | Path = "/") -> bool:
    """Whether the device tree or the release file is a Jetson's."""
    root = Path(root)
    compatible = _text(root / "proc/device-tree/compatible")
    return "nvidia,tegra" in compatible or "Jetson" in model(root) or bool(_release(root))


def power_mode(root: str | Path = "/") -> str:
    """Return the power mode as nvpmodel numbers and names it (`2 MODE_15W`), or an empty text."""
    root = Path(root)
    status = re.search(r"pmode:(\d+)", _text(root / "var/lib/nvpmodel/status"))
    if status is None:
        return ""
    number = int(status[1])
    names = {int(key): name for key, name in _MODE.findall(_text(root / "etc/nvpmodel.conf"))}
    return f"{number} {names.get(number, '')}".strip()


def temperatures(root: str | Path = "/") -> dict[str, float]:
    """Return °C by thermal zone, without the zones that do not answer or are switched off (below -40 °C)."""
    found = {}
    for zone in sorted((Path(root) / "sys/class/thermal").glob("thermal_zone*")):
        name, value = _text(zone / "type").strip(), _text(zone / "temp").strip()
        if name and re.fullmatch(r"-?\d{1,7}", value) and int(value) > -40_000:
            found[name] = int(value) / 1000
    return found


def _release(root: Path) -> str:
    match = _RELEASE.search(_text(root / "etc/nv_tegra_release"))
    return f"R{match[1]}.{match[2]}" if match else ""


def _gpu_clock(root: Path, name: str) -> int | None:
    for device in sorted((root / "sys/class/devfreq").glob("*")):
        if _GPU.search(device.name):
            text = _text(device / name).strip()
            if text.isdigit():
                return int(text)
    return None


def _khz(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) * 1000 if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_LIMIT)
    except OSError:
        return ""
