"""The Trainer of Hugging Face with a model that has no hub to come from."""

from __future__ import annotations

from collections import Counter

import pytest
from frameworks import need

import powermeter

need("torch", "transformers")

import torch
from transformers import Trainer, TrainingArguments

from powermeter.hooks.transformers import PowerCallback


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def forward(self, x, labels=None):
        logits = self.layer(x)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


DATA = [{"x": torch.ones(4) * i, "labels": torch.tensor(i % 2)} for i in range(10)]


def trainer(folder, callbacks=(), **options):
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=4,
        num_train_epochs=2,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
        logging_steps=1,
        **options,
    )
    return Trainer(Model(), arguments, train_dataset=DATA, eval_dataset=DATA[:6], callbacks=list(callbacks))


def found(events):
    return Counter((e.name, e.count) for e in events if not e.is_mark)


STEPS = {("train", None): 1, ("epoch", 10): 2, ("step", 4): 4, ("step", 2): 2}


def test_steps_hold_the_samples_that_went_into_them(running, tmp_path):
    trainer(tmp_path, [PowerCallback(model="tiny")]).train()
    events = running.end()
    assert found(events) == STEPS
    epoch = next(e for e in events if e.name == "epoch")
    assert epoch.attributes == {"model": "tiny", "epoch": 1} and epoch.measures["loss"] > 0
    train = next(e for e in events if e.name == "train")
    assert train.measures["steps"] == 6
    (mark,) = [e for e in events if e.is_mark]
    assert (mark.attributes["model"], mark.attributes["parameters"]) == ("Model", 10)


def test_a_step_of_several_batches_counts_them_all(running, tmp_path):
    trainer(tmp_path, [PowerCallback()], gradient_accumulation_steps=2).train()
    assert found(running.end()) == {("train", None): 1, ("epoch", 10): 2, ("step", 8): 2, ("step", 2): 2}


def test_evaluations_in_the_training_begin_with_it_and_carry_their_metrics(running, tmp_path):
    trainer(tmp_path, [PowerCallback()], eval_strategy="epoch").train()
    events = running.end()
    assert found(events) == {**STEPS, ("evaluate", None): 2}
    assert all(e.measures["eval_loss"] > 0 for e in events if e.name == "evaluate")


def test_watched_trainers_see_evaluations_whole(running, tmp_path):
    one = powermeter.watch(powermeter.watch(trainer(tmp_path, eval_strategy="epoch")))
    one.train()
    one.evaluate()
    one.predict(DATA[:3])
    events = running.end()
    assert found(events) == {**STEPS, ("evaluate", 6): 3, ("predict", 3): 1}
    assert all(e.measures["eval_loss"] > 0 for e in events if e.name == "evaluate")


def test_an_evaluation_whose_begin_nobody_saw_is_a_mark(running, tmp_path):
    one = trainer(tmp_path, [PowerCallback()])
    one.evaluate()
    (mark,) = running.end()
    assert mark.is_mark and mark.name == "evaluate" and mark.attributes["eval_loss"] > 0


def test_a_training_that_ends_within_an_epoch_counts_what_it_saw(running, tmp_path):
    trainer(tmp_path, [PowerCallback()], max_steps=2).train()
    assert found(running.end()) == {("train", None): 1, ("epoch", 8): 1, ("step", 4): 2}


@pytest.mark.parametrize("options", [{"dataloader_drop_last": True}])
def test_where_it_is_not_certain_nothing_is_counted(running, tmp_path, options):
    trainer(tmp_path, [PowerCallback()], **options).train()
    assert {count for _, count in found(running.end())} == {None}
