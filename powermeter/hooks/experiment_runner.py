"""A profiler for experiment-runner: decorate the `RunnerConfig`, and its run table gets columns of energy.

    from powermeter.hooks.experiment_runner import profiled

    @profiled(sources=["ina219://1/0x40?shunt=0.1ohm"], label="infer")
    class RunnerConfig:
        ...

Each variation's recording lies in its run folder as `powermeter.power`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from powermeter import Meter
from powermeter.hooks.tracker_metrics import flat

Config = TypeVar("Config", bound=type)

FILE = "powermeter.power"
PREFIX = "powermeter__"
COLUMNS = (
    "energy_j",
    "energy_low_j",
    "energy_high_j",
    "power_w",
    "duration_s",
    "per_item_j",
    "per_item_low_j",
    "per_item_high_j",
    "grade",
)
"""What may be asked for; those per item are of the label."""


def profiled(
    sources: Sequence[str] = (), *, columns: Sequence[str] = COLUMNS, label: str = "infer"
) -> Callable[[Config], Config]:
    """Return a decorator that records between `start_measurement` and `stop_measurement` of a `RunnerConfig`.

    Args:
        sources: URLs of what to record; the best that the machine has where none is given.
        columns: Of `COLUMNS`; each gets the prefix `powermeter__` in the run table.
        label: The events that the columns per item are of.

    Raises:
        ValueError: A column is not known.
    """
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a column; there are {', '.join(COLUMNS)}")

    def decorate(config: Config) -> Config:
        _wrap(config, tuple(sources), tuple(columns), label)
        return config

    return decorate


def _wrap(config: Any, sources: tuple[str, ...], columns: tuple[str, ...], label: str) -> None:
    create, start = config.create_run_table_model, config.start_measurement
    stop, populate = config.stop_measurement, config.populate_run_data

    def create_run_table_model(self: Any) -> Any:
        model = create(self)
        held = model.get_data_columns()
        held.extend(name for name in (f"{PREFIX}{column}" for column in columns) if name not in held)
        return model

    def start_measurement(self: Any, context: Any) -> Any:
        path = Path(context.run_dir) / FILE
        attributes = {str(k): v for k, v in _variation(context).items() if not str(k).startswith("__")}
        self._powermeter = Meter(*sources, path=path, force=True, attributes=attributes)
        self._powermeter.__enter__()
        return start(self, context)

    def stop_measurement(self: Any, context: Any) -> Any:
        try:
            return stop(self, context)
        finally:
            self._powermeter.__exit__(None, None, None)

    def populate_run_data(self: Any, context: Any) -> Any:
        found = dict(populate(self, context) or {})
        return {**found, **values(Path(context.run_dir) / FILE, columns, label)}

    config.create_run_table_model = create_run_table_model
    config.start_measurement = start_measurement
    config.stop_measurement = stop_measurement
    config.populate_run_data = populate_run_data


def _variation(context: Any) -> dict[str, Any]:
    """Return the factors of a run: newer versions call it `execute_run`, older ones `run_variation`."""
    found = getattr(context, "execute_run", None) or getattr(context, "run_variation", None)
    return dict(found) if isinstance(found, dict) else {}


def values(path: Path, columns: Sequence[str], label: str) -> dict[str, Any]:
    """Return the columns of one recording; empty texts for what is not known."""
    found = flat(path)
    held: dict[str, Any] = {**found.numbers, "grade": found.texts["grade"]}
    held |= {
        name.removeprefix(f"{label}/"): value
        for name, value in found.numbers.items()
        if name.startswith(f"{label}/per_item")
    }
    return {f"{PREFIX}{column}": held.get(column, "") for column in columns}
