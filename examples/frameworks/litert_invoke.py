"""A model in LiteRT (TensorFlow Lite): each `invoke` is an event.  The model's file is the argument."""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

import powermeter


def main() -> None:
    interpreter = powermeter.watch(Interpreter(model_path=sys.argv[1]), "net")
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    for _ in range(20):
        interpreter.set_tensor(taken["index"], np.ones(taken["shape"], taken["dtype"]))
        interpreter.invoke()


if __name__ == "__main__":
    main()
