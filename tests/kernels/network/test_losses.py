"""Losses and their slopes against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from learners import compiled

from streamrnn.kernels.network.losses import ABSOLUTE, HUBER, QUANTILE, SQUARED, loss_backward, loss_forward
from streamrnn.settings import LOSSES


@compiled
def losses_of(kind, delta, level, outputs, label, losses, slopes):
    for i in range(outputs.shape[0]):
        losses[i] = loss_forward(kind, delta, level, outputs[i], label)
        slopes[i] = loss_backward(kind, delta, level, outputs[i], label)


def losses_and_slopes(kind, outputs, label, delta=1.0, level=0.5):
    outputs = np.asarray(outputs, float)
    losses, slopes = np.empty_like(outputs), np.empty_like(outputs)
    losses_of(kind, float(delta), float(level), outputs, float(label), losses, slopes)
    return losses, slopes


OUTPUTS = np.linspace(-4.0, 4.0, 1601) + 0.1001  # never at a corner of the loss
LABEL = 0.3
ERROR = OUTPUTS - LABEL

TEXTBOOK = {
    "squared": (SQUARED, {}, ERROR**2),
    "absolute": (ABSOLUTE, {}, np.abs(ERROR)),
    "huber": (HUBER, {}, np.where(np.abs(ERROR) <= 1, ERROR**2 / 2, np.abs(ERROR) - 0.5)),
    "huber 0.4": (HUBER, {"delta": 0.4}, np.where(np.abs(ERROR) <= 0.4, ERROR**2 / 2, 0.4 * (np.abs(ERROR) - 0.2))),
    "quantile 0.05": (QUANTILE, {"level": 0.05}, np.maximum(-0.05 * ERROR, 0.95 * ERROR)),
    "quantile 0.5": (QUANTILE, {"level": 0.5}, np.abs(ERROR) / 2),
    "quantile 0.9": (QUANTILE, {"level": 0.9}, np.maximum(-0.9 * ERROR, 0.1 * ERROR)),
}


def test_kinds_are_numbered_as_the_settings_list_them():
    assert [LOSSES[kind] for kind in (SQUARED, ABSOLUTE, HUBER, QUANTILE)] == list(LOSSES)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_loss_is_its_definition(name):
    kind, settings, expected = TEXTBOOK[name]
    np.testing.assert_allclose(losses_and_slopes(kind, OUTPUTS, LABEL, **settings)[0], expected, rtol=1e-13)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_slope_is_the_derivative_of_its_loss(name):
    kind, settings, _ = TEXTBOOK[name]
    nudge = 1e-6
    above, below = (losses_and_slopes(kind, OUTPUTS + sign * nudge, LABEL, **settings)[0] for sign in (1, -1))
    slopes = losses_and_slopes(kind, OUTPUTS, LABEL, **settings)[1]
    np.testing.assert_allclose(slopes, (above - below) / (2 * nudge), atol=1e-7)


@pytest.mark.parametrize("kind", [SQUARED, ABSOLUTE, HUBER, QUANTILE])
def test_a_perfect_forecast_costs_nothing_and_has_no_slope(kind):
    losses, slopes = losses_and_slopes(kind, [LABEL], LABEL, level=0.9)
    assert (losses[0], slopes[0]) == (0.0, 0.0)


def test_a_quantile_is_where_slopes_balance():
    """Of a hundred labels, the 90% quantile has ten above: its slopes sum to zero between the 90th and the 91st."""
    labels = np.arange(100.0)
    sums = []
    for output in (88.5, 89.5, 90.5):
        sums.append(sum(losses_and_slopes(QUANTILE, [output], label, level=0.9)[1][0] for label in labels))
    assert sums[0] < -0.5 and sums[1] == pytest.approx(0.0, abs=1e-9) and sums[2] > 0.5
