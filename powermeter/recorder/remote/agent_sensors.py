"""The sensors of a board, for the agent: those of powermeter itself where it is installed there (a URL), or what Linux shows below /sys.

For Python 3.6 and later, as the agent; nothing of it is installed.
"""

import os
import random
import struct
import sys
import threading
import time

SYS = "/sys"


def now_ns():
    """Return the monotonic clock in ns."""
    now = getattr(time, "monotonic_ns", None)
    return now() if now is not None else int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e9)


def _text(path):
    try:
        with open(path) as file:
            return file.read(200).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _number(path):
    with open(path) as file:
        return int(file.read(100))


def _rail(name, boundary="part"):
    return {"name": name, "boundary": boundary}


def sysfs_channels():
    """Return [(path, channel)] of what Linux shows of power on this board; a channel is as powermeter writes it down."""
    found = []

    def add(path, name, quantity, scale, rail, kind="instant"):
        try:
            _number(path)
        except (OSError, ValueError):
            return False
        channel = {"name": name, "quantity": quantity, "scale": scale, "rail": rail, "kind": kind}
        found.append((path, channel))
        return True

    def folders(base):
        try:
            return [os.path.join(base, name) for name in sorted(os.listdir(base))]
        except OSError:
            return []

    for folder in folders(SYS + "/class/hwmon"):
        chip = _text(folder + "/name") or os.path.basename(folder)
        for i in range(1, 17):
            label = (
                _text(folder + "/power%d_label" % i)
                or _text(folder + "/in%d_label" % i)
                or "%s %d" % (chip, i)
            )
            for ending, kind in (("input", "instant"), ("average", "mean")):
                if add(
                    folder + "/power%d_%s" % (i, ending),
                    "%s.power" % label,
                    "power",
                    1e-6,
                    _rail(label),
                    kind,
                ):
                    break
            else:
                if os.path.exists(folder + "/in%d_input" % i):
                    if add(folder + "/curr%d_input" % i, "%s.current" % label, "current", 1e-3, _rail(label)):
                        add(folder + "/in%d_input" % i, "%s.voltage" % label, "voltage", 1e-3, _rail(label))
    for chip in folders(SYS + "/bus/i2c/drivers/ina3221x"):
        for device in folders(chip):
            for i in range(3):
                label = _text(device + "/rail_name_%d" % i)
                if label:
                    add(device + "/in_power%d_input" % i, "%s.power" % label, "power", 1e-3, _rail(label))
    for folder in folders(SYS + "/class/power_supply"):
        name = os.path.basename(folder)
        if _text(folder + "/type") == "Battery":
            if not add(folder + "/power_now", name + ".power", "power", 1e-6, _rail(name, "battery")):
                if add(folder + "/current_now", name + ".current", "current", 1e-6, _rail(name, "battery")):
                    add(folder + "/voltage_now", name + ".voltage", "voltage", 1e-6, _rail(name, "battery"))
    for folder in folders(SYS + "/class/powercap"):
        name = _text(folder + "/name")
        if name.startswith("package"):
            add(folder + "/energy_uj", name + ".energy", "energy", 1e-6, _rail(name), "counter")
            if found and found[-1][0] == folder + "/energy_uj":
                found[-1][1]["wrap"] = _number(folder + "/max_energy_range_uj") + 1
    return found


class Sensors(object):
    """Reads a board's sensors until it is stopped."""

    def __init__(self, channel, order):
        self._channel = channel
        self._stop = threading.Event()
        wanted = order["source"]
        self._source = None
        self._paths = []
        if wanted != "sysfs":
            self._source = self._package(wanted)
        if self._source is not None:
            channels = [one.to_dict() for one in self._source.channels]
            info = dict(self._source.info(), driver=self._source.scheme, url=str(self._source.address))
        else:
            listed = sysfs_channels()
            if not listed:
                raise RuntimeError("nothing below /sys of this board shows power or current; name a source")
            self._paths = [path for path, _ in listed]
            channels = [one for _, one in listed]
            info = {"files": self._paths}
        own = getattr(self._source, "period_ns", 1e8) * 1e-9
        self._period = max(float(order.get("period_s") or own), 0.0005)
        channel.send_json(b"D", {"channels": channels, "info": info, "python": sys.version.split()[0]})
        self._row = struct.Struct("<qq%dq" % len(channels))
        self._thread = threading.Thread(target=self._run)
        self._thread.daemon = True
        self._thread.start()

    def _package(self, wanted):
        """Return an opened source of the package that is installed here; None where none is, and none is needed."""
        try:
            from powermeter import registry
            from powermeter.recorder.source_choice import best_sources
        except Exception as error:  # also a Python that is too old for it
            if wanted == "auto":
                return None
            raise RuntimeError("%s needs the powermeter package on the board: %s" % (wanted, error))
        try:
            source = registry.source(best_sources()[0][0] if wanted == "auto" else wanted)
            source.open()
        except Exception:
            if wanted == "auto" and sysfs_channels():
                return None
            raise
        return source

    def _read(self):
        """Return rows (stamp, flags, codes) that are there now."""
        if self._source is None:
            before = now_ns()
            codes = [_number(path) for path in self._paths]
            return [((before + now_ns()) // 2, 0, codes)]
        if hasattr(self._source, "read_block"):
            block = self._source.read_block(0.05)
            if block is None:
                return []
            flags = block.flags if block.flags is not None else [0] * len(block.times_ns)
            return [
                (int(t), int(f), [int(c) for c in row])
                for t, f, row in zip(block.times_ns, flags, block.codes)
            ]
        before = now_ns()
        row = self._source.sample()
        if row is None:
            return []
        return [(row.at_ns or (before + now_ns()) // 2, row.flags, [int(code) for code in row.codes])]

    def _run(self):
        paces_itself = hasattr(self._source, "read_block") or getattr(self._source, "self_paced", False)
        waiting, origin, sent = [], time.time(), time.time()
        while not self._stop.is_set():
            try:
                waiting += [self._row.pack(at, flags, *codes) for at, flags, codes in self._read()]
            except EOFError:
                self._stop.set()
            except Exception as error:
                self._channel.send(b"G", str(error).encode("utf-8", "replace")[:500])
                self._stop.wait(0.5)
            if waiting and (time.time() - sent > 0.05 or len(waiting) > 200):
                self._channel.send(b"V", b"".join(waiting))
                waiting, sent = [], time.time()
            if not paces_itself:  # at a random moment of each interval, so that no load is in step with it
                origin = max(origin + self._period, time.time() - self._period)
                self._stop.wait(max(0.0, origin + random.random() * self._period - time.time()))
        if waiting:
            self._channel.send(b"V", b"".join(waiting))

    def stop(self):
        """Read no more."""
        self._stop.set()
        self._thread.join(1.0)
        if self._source is not None:
            self._source.close()
