"""Run on a board whose Python is too old for the package: powermeter mark module > powermeter_marks.py."""

import time

import powermeter_marks as powermeter

powermeter.mark("epoch", number=1)
for _ in range(3):
    with powermeter.event("infer", n=8, model="tiny"), powermeter.event("decode the output", n=None):
        time.sleep(0.002)  # the work
