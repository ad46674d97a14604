"""Hugging Face: the Trainer's epochs, steps and evaluations as events, loss and metrics as measures."""

from __future__ import annotations

import functools
from typing import Any

from transformers import TrainerCallback

from powermeter.errors import ConfigurationError
from powermeter.hooks.calls import Calls, Watch
from powermeter.hooks.stages import BatchSizes, Stages, numbers
from powermeter.marking.api import mark
from powermeter.marking.span import attached


class PowerCallback(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
    """Have the training, each epoch, step and evaluation be events.

    ::

        Trainer(…, callbacks=[PowerCallback()])

    A step is one update of the weights, of as many samples as went into it; an evaluation inside the training begins
    when the trainer decides on it.  One that you call yourself, by `trainer.evaluate()`, is seen at its end only and
    becomes a mark; `powermeter.watch(trainer)` sees it whole.

    Args:
        attributes: Of the events.
    """

    def __init__(self, **attributes: Any) -> None:
        self._stages = Stages(attributes)
        self._samples = BatchSizes(None, None)
        self._first = 0
        self.sees_evaluations = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin an event `train`."""
        self._stages.begin("train")
        if attached() is not None and kwargs.get("model") is not None:
            from powermeter.hooks.torch import facts

            model = kwargs["model"]
            Calls(type(model).__name__, None, facts(model)).note()

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin an event `epoch`."""
        self._samples = _samples(args, kwargs.get("train_dataloader"))
        size = self._samples.batch_size
        steps = 0 if size is None or not self._samples.samples else -(-self._samples.samples // size)
        if steps and state.global_step % steps:  # resumed within an epoch
            self._samples = BatchSizes(None, None)
        self._first = state.global_step
        self._stages.begin("epoch", self._samples.samples, epoch=round(float(state.epoch or 0)) + 1)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin an event `step`."""
        self._stages.begin("step", self._samples.of(state.global_step - self._first))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """End it; an evaluation may follow."""
        self._stages.end("step")
        self._evaluation(control)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """End the epoch; an evaluation may follow."""
        self._stages.end("step")
        seen = state.global_step - self._first
        whole = self._samples.samples
        size = self._samples.batch_size
        if whole is not None and size is not None and seen * size < whole:  # max_steps ended it
            self._stages.end("epoch", n=seen * size)
        self._stages.end("epoch")
        self._evaluation(control)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Note the loss and its like on the epoch and the training."""
        for name in ("epoch", "train"):
            self._stages.measure(name, {key: value for key, value in (logs or {}).items() if key != "epoch"})

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """End an evaluation, with its metrics."""
        self._ended("evaluate", metrics)

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """End a prediction, with its metrics."""
        self._ended("predict", metrics)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """End the training, with the FLOPs that the trainer counted."""
        self._stages.measure("train", {"flops": state.total_flos or None, "steps": state.global_step})
        self._stages.end_all()

    def _evaluation(self, control: Any) -> None:
        if control.should_evaluate and not self.sees_evaluations:
            self._stages.begin("evaluate")

    def _ended(self, name: str, metrics: Any) -> None:
        if name in self._stages:
            self._stages.end(name, metrics)
        elif not self.sees_evaluations:
            mark(name, **numbers(metrics))

    def run(self, name: str, data: Any, inner: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the trainer as an event of all samples of its data."""
        try:
            n = len(data) if data is not None else None
        except TypeError:
            n = None
        self._stages.begin(name, n)
        try:
            return inner(*args, **kwargs)
        except BaseException as error:
            self._stages.end(name, error=error)
            raise
        finally:
            self._stages.end(name)

    def train(self, inner: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the trainer's `train`, which notifies nobody of what it raises: what is open ends with it."""
        try:
            return inner(*args, **kwargs)
        except BaseException as error:
            self._stages.end_all(error)
            raise


def _samples(args: Any, loader: Any) -> BatchSizes:
    """Return the samples of an epoch and of a step, where one process trains on data of known length."""
    try:
        samples = len(loader.dataset)
        size = args.train_batch_size * args.gradient_accumulation_steps
    except (AttributeError, TypeError):
        return BatchSizes(None, None)
    if args.world_size != 1 or args.dataloader_drop_last:
        return BatchSizes(None, None)
    return BatchSizes(samples, size)


def watch(trainer: Any, wanted: Watch) -> Any:
    """Return the trainer with the callback, and with its evaluations and predictions seen whole."""
    if wanted.layers is not False:
        raise ConfigurationError(
            "watch the model for its layers: powermeter.watch(trainer.model, layers=True)"
        )
    if any(isinstance(one, PowerCallback) for one in trainer.callback_handler.callbacks):
        return trainer
    ours = PowerCallback(**wanted.attributes)
    ours.sees_evaluations = True
    trainer.add_callback(ours)
    evaluate, predict, train = trainer.evaluate, trainer.predict, trainer.train

    @functools.wraps(train)
    def whole_train(*args: Any, **kwargs: Any) -> Any:
        return ours.train(train, *args, **kwargs)

    @functools.wraps(evaluate)
    def whole_evaluate(eval_dataset: Any = None, *args: Any, **kwargs: Any) -> Any:
        data = trainer.eval_dataset if eval_dataset is None else eval_dataset
        return ours.run("evaluate", data, evaluate, eval_dataset, *args, **kwargs)

    @functools.wraps(predict)
    def whole_predict(test_dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return ours.run("predict", test_dataset, predict, test_dataset, *args, **kwargs)

    trainer.evaluate, trainer.predict, trainer.train = whole_evaluate, whole_predict, whole_train
    return trainer
