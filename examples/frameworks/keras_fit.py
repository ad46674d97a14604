"""Training and prediction with Keras: fit, epochs, steps and predictions are events, loss and metrics stand beside the energy."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

import powermeter

X = np.random.default_rng(1).normal(size=(100, 16)).astype("float32")
Y = X[:, :1].copy()


def main() -> None:
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile(loss="mse", metrics=["mae"])
    model = powermeter.watch(model, "net")
    model.fit(X, Y, epochs=2, batch_size=32, verbose=0)
    model.predict(X[:50], verbose=0)


if __name__ == "__main__":
    main()
