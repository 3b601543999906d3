"""Linear regression by recursive least squares, for several horizons at once.

With regressors x, the covariance P and the forgetting factor ``FORGETTING``, one tick is

    gain = P x / (FORGETTING + x' P x)         P <- (P - gain x' P) / FORGETTING

and when the truth y arrives that a forecast was made of at the tick s, w <- w + gain_s (y - w' x_s), with the weights
of now (Ljung & Söderström 1983, Theory and practice of recursive identification). All horizons of a target have the
same regressors, so they share P, and each tick's gain waits beside its regressors for the truths to come.

Forgetting alone lets P grow without bound in every direction that the stream does not excite ("wind-up"). So each tick
in turn brings back a part of the prior, that one weight is 0, as if it had been observed (Gunnarsson 1996, Combining
tracking and regularization in recursive least squares identification): P stays bounded by about 1 / ``RIDGE``, and what
the stream no longer supports goes back to 0, to the forecast that the regression starts from.
"""

from __future__ import annotations

import math

from ..arrays.views import plane
from ..machine.jit import kernel
from ..machine.vector import is_finite

FORGETTING = 0.9995  # about 2,000 ticks
RIDGE = 10.0  # information that the prior has about each weight, where regressors are of about unit size
READOUT_RIDGE = 100.0  # the same, for what the network's state may add
REMINDER = 4  # ticks from one weight's prior to the next one's
LARGEST = 10.0  # of a regressor, and of an error that teaches, in deviations


@kernel
def clipped(number):
    """Return the number within the bounds of what may teach."""
    return min(max(number, -LARGEST), LARGEST)


@kernel
def product(a, b):
    """Return the inner product of two vectors."""
    total = 0.0
    for i in range(b.shape[0]):
        total += a[i] * b[i]
    return total


@kernel
def absorb(regression, row, t, targets, learn):
    """Let the regressors of a row into target t's covariance, and keep their gain; then remind of the prior."""
    gain, width = regression.gains[row], regression.gains.shape[1]
    for i in range(width):
        gain[i] = 0.0
    if not learn:
        return
    absorbed = regression.absorbed[regression.place]
    covariance = plane(regression.covariance, t)
    if absorbed[t] == 0:
        _begin(covariance, regression.ridge)
    absorbed[t] += 1
    _update(covariance, regression.ridge, regression.regressors[row], regression.direction, gain)
    if absorbed[t] % REMINDER == 0:
        _remind(regression, covariance, absorbed[t] // REMINDER % width, t, targets)


@kernel
def _begin(covariance, ridge):
    for i in range(covariance.shape[0]):
        for j in range(covariance.shape[0]):
            covariance[i, j] = 0.0
        covariance[i, i] = 1.0 / ridge


@kernel
def _update(covariance, ridge, regressors, direction, gain):
    width = regressors.shape[0]
    for i in range(width):
        direction[i] = product(covariance[i], regressors)
    spread = FORGETTING + product(direction, regressors)
    if not (is_finite(spread) and spread >= FORGETTING):  # rounding has made P indefinite
        _begin(covariance, ridge)
        return
    for i in range(width):
        gain[i] = direction[i] / spread
    _shrink(covariance, direction, 1.0 / math.sqrt(spread), 1.0 / FORGETTING)


@kernel
def _shrink(covariance, direction, factor, growth):
    """P <- (P - u u') growth, u = direction * factor; exactly symmetric, as both factors are the same."""
    width = covariance.shape[0]
    for i in range(width):
        direction[i] *= factor
    for i in range(width):
        line, u = covariance[i], direction[i]
        for j in range(width):
            line[j] = (line[j] - u * direction[j]) * growth


@kernel
def _remind(regression, covariance, i, t, targets):
    """Observe that weight i is 0, as firmly as is forgotten until its turn comes again."""
    width, weights, direction = covariance.shape[0], regression.weights, regression.direction
    firmness = (1.0 - FORGETTING) * regression.ridge * REMINDER * width
    spread = 1.0 / firmness + covariance[i, i]
    for j in range(width):
        direction[j] = covariance[i, j]
    for pair in range(t, weights.shape[0], targets):
        step = weights[pair, i] / spread
        for j in range(width):
            weights[pair, j] -= step * direction[j]
    _shrink(covariance, direction, 1.0 / math.sqrt(spread), 1.0)


@kernel
def forecast(regression, row, pair):
    """Return what the weights of now make of the regressors of a row."""
    return product(regression.weights[pair], regression.regressors[row])


@kernel
def correct(regression, row, pair, truth):
    """Let one revealed truth, in the regression's unit, correct the weights of its forecast."""
    weights, gain = regression.weights[pair], regression.gains[row]
    error = clipped(truth - product(weights, regression.regressors[row]))
    for i in range(gain.shape[0]):
        weights[i] += gain[i] * error
