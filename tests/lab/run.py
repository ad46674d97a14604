"""Boots a real Linux kernel with I²C chips on it and checks our drivers against the kernel's own.

::

    python tests/lab/run.py            every check
    python tests/lab/run.py ina3221    those with this in their name

Installs what it needs from Debian where it may, otherwise says what is missing and fails.  Exit status
0 only where every check inside passed.  The emulator is software only (TCG): `/dev/kvm` can exist and
still hang at boot.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time

import inside  # noqa: F401 — compiled here: the guest writes no file, and is minutes about it
from kernel import CACHE, Kernel, LabError, find, prepare

TIME_LIMIT_S = 900


def boot(kernel: Kernel) -> int:
    """Boot, print what the guest says, and give its status; 1 where it never says one."""
    command = [
        find("qemu-system-x86_64") or "qemu-system-x86_64",
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        "max",
        "-smp",
        "2",
        "-m",
        "1024",
        "-nographic",
        "-no-reboot",
        "-kernel",
        str(kernel.image),
        "-initrd",
        str(kernel.initramfs),
        "-append",
        "console=ttyS0 quiet panic=-1 mitigations=off",
        "-virtfs",
        "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
    ]
    guest = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    watch = threading.Timer(TIME_LIMIT_S, guest.kill)
    watch.start()
    status = 1
    assert guest.stdout is not None
    try:
        for raw in guest.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            if line.startswith("laboratory: status "):
                status = int(line.rsplit(" ", 1)[1])
                continue
            print(line, flush=True)
        guest.wait()
    finally:
        watch.cancel()
        guest.kill()
    return status


def main() -> int:
    """Prepare, boot, and say how it went."""
    started = time.monotonic()
    try:
        kernel = prepare(CACHE, re.sub(r"[^\w .:-]", "", " ".join(sys.argv[1:])))
    except LabError as error:
        print(f"laboratory: {error}", file=sys.stderr)
        return 1
    print(f"laboratory: kernel {kernel.version} ready after {time.monotonic() - started:.0f} s", flush=True)
    status = boot(kernel)
    verdict = "passed" if status == 0 else f"FAILED (status {status})"
    print(f"laboratory: {verdict} after {time.monotonic() - started:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
