"""Resident memory: each process's own, and of an event what was seen while it ran."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from waiting import wait_until

import powermeter
from powermeter.marking.resident_memory import Memory, peak_memory, resident

MB = 1 << 20

if resident()[0] is None:
    pytest.skip("this system does not show a process's memory", allow_module_level=True)


@pytest.mark.thorough
def test_the_peak_of_a_child_is_its_own_and_not_its_parents():
    ballast = np.ones(400 * MB // 8)
    code = "from powermeter.marking.resident_memory import peak_memory; print(peak_memory())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    del ballast
    assert 5 * MB < int(done.stdout) < 100 * MB < 400 * MB < peak_memory()


def sampled(*samples):
    memory = Memory(os.getpid())
    memory.samples.extend(samples)
    return lambda start, end: memory.peaks(np.array([start]), np.array([end]))[0]


def test_the_peak_of_an_event_is_the_highest_seen_around_it():
    peak = sampled((10, 5, 9), (20, 7, 9), (30, 6, 9), (40, 2, 9))
    assert peak(21, 29) == 7, "between two samples: the higher"
    assert peak(5, 45) == 7 and peak(31, 39) == 6 and peak(41, 50) == 2
    assert Memory(1).peaks(np.array([0]), np.array([1])) == [None]


def test_a_new_high_between_two_samples_is_the_peak():
    peak = sampled((10, 5, 9), (20, 6, 30), (30, 6, 30))
    assert peak(11, 19) == 30, "the process reached a new high in this stretch"
    assert peak(21, 29) == 6, "and in this one it did not"


@pytest.mark.thorough
def test_an_event_that_takes_memory_shows_it_and_the_next_does_not(live):
    for name, size in (("small", 1), ("large", 500 * MB), ("small", 1)):
        with powermeter.event(name):
            ballast = np.ones(size // 8 + 1)
            wait_until(live.log.flush)  # what is marked is taken in, and memory looked at
        del ballast
        wait_until(live.log.flush)
    first, large, last = live.end()
    assert large.peak_memory - first.peak_memory > 150 * MB
    assert last.peak_memory < first.peak_memory + 60 * MB
