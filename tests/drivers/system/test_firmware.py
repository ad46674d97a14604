"""Asking a Raspberry Pi's firmware, as `vcgencmd` does: through its mailbox, or by running that program: what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import registry
from powermeter.drivers.system import firmware
from powermeter.errors import OpenError, ReadError, Reason


def vcgencmd(tmp_path: Path, adc: str, throttled: str = "throttled=0x50005") -> Path:
    (tmp_path / "adc").write_text(adc)
    (tmp_path / "flags").write_text(throttled + "\n")
    path = tmp_path / "vcgencmd"
    path.write_text(
        f'#!/bin/sh\ncase "$1" in pmic_read_adc) cat {tmp_path}/adc;; *) cat {tmp_path}/flags;; esac\n'
    )
    path.chmod(0o755)
    return path


def test_no_firmware_here(tmp_path, monkeypatch):
    monkeypatch.setattr(firmware.shutil, "which", lambda name: None)
    with pytest.raises(OpenError) as caught:
        firmware.Firmware(devices=(str(tmp_path / "none"),))
    assert caught.value.reason is Reason.ABSENT


def test_a_program_that_fails_or_hangs_is_a_read_error(tmp_path, monkeypatch):
    path = tmp_path / "vcgencmd"
    path.write_text("#!/bin/sh\necho 'VCHI initialization failed' >&2\nexit 255\n")
    path.chmod(0o755)
    with pytest.raises(ReadError, match="VCHI") as caught:
        firmware.Firmware(str(path)).ask("get_throttled")
    assert caught.value.reason is Reason.PERMISSION
    with pytest.raises(OpenError):
        registry.source(f"pmic://?program={path}").open()


def test_only_a_raspberry_pi_is_one(tmp_path):
    tree = tmp_path / "proc/device-tree"
    tree.mkdir(parents=True)
    (tree / "model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    assert firmware.is_raspberry_pi(tmp_path) == "Raspberry Pi 5 Model B Rev 1.0"
    (tree / "model").write_bytes(b"NVIDIA Jetson\0")
    assert firmware.is_raspberry_pi(tmp_path) == ""
    assert firmware.is_raspberry_pi(tmp_path / "none") == ""
