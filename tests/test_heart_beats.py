"""How found heart beats are counted, and the detector that stands beside the learner's."""

from __future__ import annotations

import numpy as np

from benchmarks.heart_beats import REFRACTORY, TOLERANCE, compared, ranks, rises
from benchmarks.peers.beat_threshold import beats_by_threshold


def pulse(rows, beats):
    """A noisy line with a sharp bump at each beat."""
    signal = np.random.default_rng(0).normal(0.0, 0.02, rows)
    for beat in beats:
        signal[beat - 5 : beat + 6] += 1.0 - np.abs(np.arange(-5, 6)) / 6.0
    return signal


def test_a_beat_is_matched_once_and_within_the_tolerance():
    annotated = np.array([100, 400, 700])
    assert compared(annotated + TOLERANCE, annotated) == (1.0, 1.0, TOLERANCE)
    assert compared(annotated + TOLERANCE + 1, annotated)[:2] == (0.0, 0.0)
    assert compared(np.array([95, 105, 400]), annotated)[:2] == (2 / 3, 2 / 3)


def test_a_beat_is_found_where_the_probability_rises_and_not_again_at_once():
    probability = np.zeros(1000)
    for first in (100, 100 + REFRACTORY // 2, 500):
        probability[first : first + 5] = 0.9
    assert rises(probability).tolist() == [100, 500]


def test_the_threshold_finds_every_beat_of_a_noisy_line():
    beats = np.arange(200, 20_000, 290)
    found = beats_by_threshold(pulse(20_000, beats), 360)
    assert compared(found, beats)[:2] == (1.0, 1.0)


def test_the_threshold_looks_at_nothing_that_comes_later():
    signal = pulse(20_000, np.arange(200, 20_000, 290))
    found = beats_by_threshold(signal, 360)
    assert beats_by_threshold(signal[:10_000], 360).tolist() == found[: np.searchsorted(found, 9_900)].tolist()


def test_an_early_beat_surprises_more_than_those_on_time():
    random = np.random.default_rng(0)
    found = np.cumsum(random.integers(280, 290, 300))
    found[200] -= 100
    assert ranks(found, [int(found[200])])[f"rank at {found[200] / 360:.0f} s, loss"] <= 2
