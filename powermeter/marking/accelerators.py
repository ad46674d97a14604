"""Waits for accelerators at the edges of events, while recording.

A call that runs on a GPU returns before the work is done: without waiting, its event ends early and the energy goes
to whatever comes next.  Waiting costs the overlap of host and device (10 to 50 µs a call, more where batches were
queued); it can be turned off, and then events on an accelerator state when work was *asked for*.

No framework is imported here: only those that the program has loaded, and whose device is in use, are asked.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ENVIRONMENT = "POWERMETER_SYNCHRONISE"
"""The environment variable that turns waiting off where it is 0, also in child processes."""

problem = ""
"""What a framework raised when it was asked to wait, in one line; it is not asked again."""

wait: Callable[[], None] | None = None
"""Waits for all devices in use; None where there is nothing to wait for."""

broken: set[str] = set()
_switched_off: list[str | None] = []


def _torch(torch: Any) -> None:
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and cuda.is_initialized() and not cuda.is_current_stream_capturing():
        cuda.synchronize()
    xpu = getattr(torch, "xpu", None)
    if xpu is not None and getattr(xpu, "is_initialized", bool)():
        xpu.synchronize()
    mps = getattr(getattr(torch, "backends", None), "mps", None)
    if mps is not None and mps.is_available():
        torch.mps.synchronize()


def _cupy(cupy: Any) -> None:
    if not cupy.cuda.get_current_stream().is_capturing():
        cupy.cuda.runtime.deviceSynchronize()


def _jax(jax: Any) -> None:
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is not None and not getattr(bridge, "_backends", True):
        return  # no device has been used yet, and asking would start one
    if jax.default_backend() != "cpu":
        for device in jax.local_devices():
            jax.device_put(0, device).block_until_ready()
    jax.effects_barrier()


def _tensorflow(tensorflow: Any) -> None:
    if tensorflow.executing_eagerly() and tensorflow.config.list_physical_devices("GPU"):
        tensorflow.test.experimental.sync_devices()


FRAMEWORKS: dict[str, Callable[[Any], None]] = {
    "torch": _torch,
    "cupy": _cupy,
    "jax": _jax,
    "tensorflow": _tensorflow,
}
"""Module → what waits for its devices; called with the module."""


def know() -> None:
    """Find out which frameworks are loaded, after modules have been imported."""
    global wait
    if os.environ.get(ENVIRONMENT) == "0":
        wait = None
        return
    loaded = [name for name in FRAMEWORKS if name in sys.modules and name not in broken]
    wait = _waiting(loaded) if loaded else None


def turn_off() -> None:
    """Wait for no device, in this process and in those it starts, until `turn_on`."""
    _switched_off.append(os.environ.get(ENVIRONMENT))
    os.environ[ENVIRONMENT] = "0"


def turn_on() -> None:
    """Undo a `turn_off`."""
    before = _switched_off.pop() if _switched_off else None
    if before is None:
        os.environ.pop(ENVIRONMENT, None)
    else:
        os.environ[ENVIRONMENT] = before


def _is_of(error: Exception, framework: str) -> bool:
    """Return whether it comes from a framework, not out of the handler of a signal that came while it was waited for."""
    if isinstance(error, TimeoutError):
        return False
    module = type(error).__module__.partition(".")[0]
    return module == "builtins" or module.startswith(framework)


def _waiting(names: list[str]) -> Callable[[], None]:
    def all_devices() -> None:
        global problem
        for name in names:
            module = sys.modules.get(name)
            try:
                if module is not None and name not in broken:
                    FRAMEWORKS[name](module)
            except AttributeError:  # it is still being imported, or an older one
                continue
            except Exception as error:
                if not _is_of(error, name):
                    raise
                problem = f"{name} could not be synchronised: {type(error).__name__}: {error}"
                broken.add(name)

    return all_devices
