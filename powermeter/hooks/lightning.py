"""Lightning: epochs, steps, validations, tests and predictions as events, logged metrics as measures."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from powermeter.errors import ConfigurationError
from powermeter.hooks.calls import Calls, Count, Watch
from powermeter.hooks.stages import Stages
from powermeter.marking.batches import Sizer

if TYPE_CHECKING:
    Callback = Any
else:  # Lightning has two names; a trainer of one wants callbacks of the same
    name = "pytorch_lightning" if "lightning.pytorch" not in sys.modules else "lightning.pytorch"
    Callback = import_module(name if name in sys.modules else "lightning.pytorch").Callback


class PowerCallback(Callback):  # type: ignore[misc]
    """Have each epoch, training step, validation, test and predicted batch be an event.

    ::

        Trainer(callbacks=[PowerCallback()])

    The sanity check before the training has a name of its own.

    Args:
        n: How many items a batch holds: found from the batch; else a number or a function of the batch.
        attributes: Of the events.
    """

    def __init__(self, n: Any = None, **attributes: Any) -> None:
        self._stages = Stages(attributes)
        self._n = n
        self._sizer = Sizer()

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Note what is known of the model."""
        from powermeter.hooks.torch import facts

        Calls(type(pl_module).__name__, None, facts(pl_module)).note()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Learn the size of a batch from the loader."""
        self._sizer = Sizer(getattr(trainer, "train_dataloader", None))

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin an event `epoch`."""
        self._stages.begin("epoch", epoch=trainer.current_epoch + 1)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """End it, with what was logged."""
        self._stages.end("epoch", trainer.callback_metrics)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Begin an event `step`."""
        self._stages.begin("step", self._count(batch))

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """End it."""
        self._stages.end("step")

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin an event `validate`, or `sanity check`."""
        self._stages.begin("sanity check" if trainer.sanity_checking else "validate")

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """End it, with what was logged."""
        self._stages.end("sanity check")
        self._stages.end("validate", trainer.callback_metrics)

    def on_test_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin an event `test`."""
        self._stages.begin("test")

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        """End it, with what was logged."""
        self._stages.end("test", trainer.callback_metrics)

    def on_predict_start(self, trainer: Any, pl_module: Any) -> None:
        """Learn the size of a batch from the loader."""
        loaders = getattr(trainer, "predict_dataloaders", None)
        self._sizer = Sizer(loaders[0] if isinstance(loaders, list) and loaders else loaders)

    def on_predict_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Begin an event `predict`."""
        self._stages.begin("predict", self._count(batch))

    def on_predict_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """End it."""
        self._stages.end("predict")

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End what is open, with the error's name."""
        self._stages.end_all(exception)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """End what is open."""
        self._stages.end_all()

    def _count(self, batch: Any) -> Any:
        if self._n is None:
            return self._sizer.size(batch)
        try:
            return self._n(batch) if callable(self._n) else self._n
        except Exception:  # noqa: BLE001 – the measured program must never notice
            return None


def watch(trainer: Any, wanted: Watch) -> Any:
    """Return the trainer with the callback."""
    if wanted.layers is not False:
        raise ConfigurationError("watch the module for its layers: powermeter.watch(module, layers=True)")
    if not any(isinstance(one, PowerCallback) for one in trainer.callbacks):
        n = None if wanted.n is Count.FROM_BATCH else wanted.n
        trainer.callbacks.append(PowerCallback(n, **wanted.attributes))
    return trainer
