"""A Debian kernel with I²C stubs and the three hwmon INA drivers, fetched, built and packed without root.

Everything is kept in `.lab/` in the checkout; a second run only boots.  `python3 tests/lab/kernel.py` makes it and boots nothing.
The kernel is the package that `linux-image-amd64` depends on, the hwmon drivers are compiled from `linux-source` of the same
release.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".lab"
TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "depmod": "kmod",
    "gcc-12": "gcc-12",
    "make": "make",
    "xz": "xz-utils",
    "dpkg": "dpkg",
}
"""Program → Debian package."""

FIRST = ("virtio_pci", "9pnet_virtio", "9p", "i2c-dev")
"""Modules that the guest loads before it has the host's files."""

LATER = ("i2c-stub", "ina2xx-adc", "ina2xx", "ina3221", "ina238", "hid", "hid-generic", "uhid")
"""Modules that the checks load themselves."""

BUILT = ("ina2xx", "ina3221", "ina238")


class LabError(Exception):
    """Raised when the laboratory cannot be set up here; the message says what is missing."""


@dataclass(frozen=True)
class Kernel:
    """A kernel that is ready to boot.

    Attributes:
        version: As `uname -r` says.
        image: The bzImage.
        initramfs: busybox, the first modules, and a script that chroots into the host's files.
    """

    version: str
    image: Path
    initramfs: Path


def prepare(cache: Path, only: str = "") -> Kernel:
    """Return the kernel, making whatever is missing; `only` picks the checks whose name holds it.

    Raises:
        LabError: A tool or package is missing and cannot be installed.
    """
    install_tools()
    cache.mkdir(exist_ok=True)
    version = newest_version()
    root = cache / version
    done = root / "ready"
    if not done.exists():
        shutil.rmtree(root, ignore_errors=True)
        fetch(root, version)
        build(root, version)
        done.touch()
    kernel = Kernel(version, root / f"boot/vmlinuz-{version}", root / "initramfs.cpio")
    pack(root, version, kernel.initramfs, only)
    return kernel


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command and give what it prints.

    Raises:
        LabError: It failed; the message ends with its last lines.
    """
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
    )
    if done.returncode:
        raise LabError(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def find(program: str) -> str | None:
    """Return a program's path, also from the directories of root."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def install_tools() -> None:
    """Install what is missing from Debian, where this user may."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        raise LabError("the laboratory needs an x86-64 Linux machine: i2c-stub is in no other Debian kernel")
    missing = sorted({package for program, package in TOOLS.items() if find(program) is None})
    if not missing:
        return
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    if find("apt-get") is None or os.geteuid() != 0:
        raise LabError(f"missing: {', '.join(missing)}; as root run: {' '.join(command)}")
    run("apt-get", "update", "-q")
    run(*command)


def newest_version() -> str:
    """Return the version of the kernel that Debian's `linux-image-amd64` stands for."""
    for attempt in range(2):
        text = run("apt-cache", "depends", "linux-image-amd64") if find("apt-cache") else ""
        match = re.search(r"Depends: linux-image-(\d\S*-amd64)\s", text)
        if match is not None:
            return match[1]
        if attempt == 0 and os.geteuid() == 0 and find("apt-get"):
            run("apt-get", "update", "-q")
    raise LabError(
        "apt knows no linux-image-amd64; the laboratory needs Debian's package lists (apt-get update)"
    )


def fetch(root: Path, version: str) -> None:
    """Download the packages and unpack them; nothing is installed."""
    downloads = root / "packages"
    downloads.mkdir(parents=True)
    release = ".".join(version.split(".")[:2])
    packages = [
        f"linux-image-{version}",
        f"linux-headers-{version}",
        f"linux-headers-{version.removesuffix('-amd64')}-common",
        f"linux-kbuild-{release}",
        f"linux-source-{release}",
    ]
    run("apt-get", "download", "-q", *packages, cwd=downloads)
    for package in sorted(downloads.glob("*.deb")):
        run("dpkg", "-x", package, root)
    sources = [f"linux-source-{release}/drivers/hwmon/{name}.c" for name in BUILT]
    archive = root / f"usr/src/linux-source-{release}.tar.xz"
    run("tar", "-C", root / "usr/src", "-xJf", archive, *sources)
    archive.unlink()
    shutil.rmtree(downloads)


def build(root: Path, version: str) -> None:
    """Compile the hwmon drivers and let depmod know them."""
    headers = root / f"usr/src/linux-headers-{version}"
    # The package expects to live in /usr/src; it lives here.
    common = root / f"usr/src/linux-headers-{version.removesuffix('-amd64')}-common"
    (headers / "Makefile").write_text(f"include {common}/Makefile\n")
    release = ".".join(version.split(".")[:2])
    work = root / "hwmon"
    work.mkdir()
    for name in BUILT:
        shutil.copy(root / f"usr/src/linux-source-{release}/drivers/hwmon/{name}.c", work)
    (work / "Makefile").write_text("obj-m := " + " ".join(f"{name}.o" for name in BUILT) + "\n")
    run("make", "-C", headers, f"M={work}", "modules")
    extra = root / f"lib/modules/{version}/extra"
    extra.mkdir()
    for name in BUILT:
        shutil.copy(work / f"{name}.ko", extra)
    run(find("depmod") or "depmod", "-b", root, version)


def module_order(root: Path, version: str, wanted: tuple[str, ...]) -> list[Path]:
    """Return the files of modules and of what they depend on, in the order of loading."""
    base = root / f"lib/modules/{version}"
    needs: dict[str, list[str]] = {}
    for line in (base / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[path] = others.split()
    by_name: dict[str, str] = {Path(path).name.split(".")[0].replace("-", "_"): path for path in needs}
    order: list[Path] = []
    for name in wanted:
        path = by_name.get(name.replace("-", "_"))
        if path is None:
            raise LabError(f"kernel {version} has no module {name}")
        for each in [*reversed(needs[path]), path]:
            if base / each not in order:
                order.append(base / each)
    return order


INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /host
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t sysfs none /sys
/bin/busybox mount -t devtmpfs none /dev
for module in {first}; do /bin/busybox insmod /modules/$module; done
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro host /host || exec /bin/busybox poweroff -f
/bin/busybox mount -t proc none /host/proc
/bin/busybox mount -t sysfs none /host/sys
/bin/busybox mount -t devtmpfs none /host/dev
{kept}/bin/busybox mount -t tmpfs none /host/tmp
{back}/bin/busybox cp -r /modules /host/tmp/modules
/bin/busybox ip link set lo up
{environment}
/bin/busybox chroot /host {command}
echo "laboratory: status $?"
/bin/busybox poweroff -f
"""


def kept_in_tmp(paths: Iterable[Path]) -> tuple[str, str]:
    """Return the lines that keep what lies in the host's /tmp, and those that put it back over the guest's own."""
    inside = sorted({path.resolve() for path in paths if path.resolve().is_relative_to("/tmp")})
    outer = [path for path in inside if not any(other in path.parents for other in inside)]
    kept = back = ""
    for number, path in enumerate(outer):
        kept += (
            f"/bin/busybox mkdir -p /kept/{number}\n/bin/busybox mount --bind '/host{path}' /kept/{number}\n"
        )
        back += (
            f"/bin/busybox mkdir -p '/host{path}'\n/bin/busybox mount --bind /kept/{number} '/host{path}'\n"
        )
    return kept, back


def pack(root: Path, version: str, target: Path, only: str) -> None:
    """Make the initramfs: it loads what the host's files need, changes into them and runs `inside.py`."""
    tree = root / "initramfs"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "bin").mkdir(parents=True)
    (tree / "modules").mkdir()
    shutil.copy(find("busybox") or "busybox", tree / "bin/busybox")
    first = module_order(root, version, FIRST)
    later = module_order(root, version, LATER)
    for path in [*first, *later]:
        shutil.copy(path, tree / "modules" / path.name)
    (tree / "modules/order").write_text("\n".join(path.name for path in later) + "\n")
    python, script = sys.executable, Path(__file__).with_name("inside.py")
    # The interpreter of a virtual environment is named by its link, so that it finds its packages.
    exports = "\n".join(
        f"export {name}='{value}'"
        for name, value in {
            "PATH": f"{Path(python).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/tmp",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPYCACHEPREFIX": sys.pycache_prefix or "",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(script.parents[2]),
            "LAB_ONLY": only,
        }.items()
    )
    # The guest writes into a /tmp of its own, which hides a checkout or an interpreter that lies there.
    kept, back = kept_in_tmp((script.parents[2], Path(sys.prefix), Path(sys.base_prefix)))
    init = tree / "init"
    init.write_text(
        INIT.format(
            first=" ".join(path.name for path in first),
            kept=kept,
            back=back,
            environment=exports,
            command=f"{python} {script}",
        )
    )
    init.chmod(0o755)
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    with target.open("wb") as archive:
        subprocess.run(
            [find("cpio") or "cpio", "-o", "-H", "newc", "--quiet"],
            cwd=tree,
            input=names.encode(),
            stdout=archive,
            check=True,
        )


if __name__ == "__main__":
    prepare(CACHE)
