"""Lightning's trainer: steps, epochs, validations, and the sanity check apart."""

from __future__ import annotations

from collections import Counter

import pytest
from frameworks import need

import powermeter

need("torch", "lightning")

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

from powermeter.hooks.lightning import PowerCallback


class Module(pl.LightningModule):
    def __init__(self, fails=False):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
        self.fails = fails

    def training_step(self, batch, index):
        if self.fails and index:
            raise RuntimeError("out of memory")
        x, y = batch
        loss = torch.nn.functional.mse_loss(self.layer(x), y)
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", self.layer(batch[0]).mean())

    def predict_step(self, batch, index):
        return self.layer(batch[0])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.01)


def loader(n=10):
    return DataLoader(TensorDataset(torch.ones(n, 4), torch.ones(n, 1)), batch_size=4)


def trainer(folder, *callbacks, epochs=2):
    return pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        callbacks=list(callbacks),
    )


def found(events):
    return Counter((e.name, e.count) for e in events if not e.is_mark)


def test_training_and_validation(running, tmp_path):
    trainer(tmp_path, PowerCallback(model="a")).fit(Module(), loader(), loader(4))
    events = running.end()
    assert found(events) == {
        ("epoch", None): 2,
        ("step", 4): 4,
        ("step", 2): 2,
        ("validate", None): 2,
        ("sanity check", None): 1,
    }
    epochs = [e for e in events if e.name == "epoch"]
    assert [e.attributes["epoch"] for e in epochs] == [1, 2]
    assert {"loss", "val_loss"} <= set(epochs[0].measures)
    (mark,) = [e for e in events if e.is_mark]
    assert (mark.attributes["model"], mark.attributes["parameters"]) == ("Module", 5)


def test_predictions_and_a_watched_trainer(running, tmp_path):
    one = powermeter.watch(powermeter.watch(trainer(tmp_path)))
    one.predict(Module(), loader())
    assert found(running.end())[("predict", 4)] == 2


def test_a_training_that_fails_leaves_nothing_open(running, tmp_path):
    with pytest.raises(RuntimeError):
        trainer(tmp_path, PowerCallback()).fit(Module(fails=True), loader())
    events = running.end()
    assert found(events) == {("epoch", None): 1, ("step", 4): 2}
    assert all(e.end_ns is not None for e in events)
    assert [e.attributes.get("error") for e in events if e.name == "epoch"] == ["RuntimeError"]
