"""Heart beats by a threshold that follows the signal: the detector of Pan & Tompkins (1985), in a simple form.

The squared slope of the band in which a beat is steep is averaged over 150 ms. Where that rises above a threshold
between its usual peak and its usual level there is a beat, unless one was less than 200 ms ago. Nothing that comes
later is looked at, but the beat is named when the level has fallen again, as the steepest row of the stretch.
"""

from __future__ import annotations

import numpy as np

SHORT, LONG, AVERAGE, REFRACTORY, START = 0.025, 0.2, 0.15, 0.2, 2.0  # seconds
THRESHOLD = 0.25  # of the way from noise to a beat


def beats_by_threshold(signal: np.ndarray, rate: float) -> np.ndarray:
    """Rows at which there are beats; signal: (rows,), rate: rows a second."""
    width, start = int(AVERAGE * rate), int(START * rate)
    band = np.abs(_running_mean(signal, int(SHORT * rate)) - _running_mean(signal, int(LONG * rate)))
    level = _running_mean(np.square(np.diff(band, prepend=band[0])), width)
    beat, noise, peak, rise = level[:start].max(), level[:start].mean(), 0.0, -1
    found: list[int] = []
    for row, now in enumerate(level):
        if now > noise + THRESHOLD * (beat - noise):
            peak, rise = max(peak, now), row if rise < 0 else rise
        elif rise >= 0:
            first = max(0, rise - width)
            place = first + int(np.argmax(band[first:row]))
            if not found or place - found[-1] > REFRACTORY * rate:
                found.append(place)
                beat = 0.875 * beat + 0.125 * peak
            peak, rise = 0.0, -1
        else:
            noise = 0.999 * noise + 0.001 * now
    return np.array(found)


def _running_mean(values: np.ndarray, rows: int) -> np.ndarray:
    """Mean of the last rows."""
    sums = np.cumsum(np.concatenate([np.full(rows, values[0]), values]))
    means: np.ndarray = (sums[rows:] - sums[:-rows]) / rows
    return means
