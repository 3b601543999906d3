"""tanh and the logistic function: how far float32's approximation is off, and what becomes of extremes and NaN."""

from __future__ import annotations

import numpy as np
import pytest
from learners import compiled

from streamrnn.kernels.machine.vector import LANES, load, splat, store
from streamrnn.kernels.network.activations import sigmoid, tanh


@compiled
def one_by_one(x, tanh_x, sigmoid_x):
    for i in range(x.shape[0]):
        tanh_x[i] = tanh(x[i])
        sigmoid_x[i] = sigmoid(x[i])


@compiled
def by_vectors(x, tanh_x, sigmoid_x):
    """All (1, a multiple of LANES)."""
    for j in range(0, x.shape[1], LANES):
        vector = load(splat(x[0, 0]), x, 0, j)
        store(tanh_x, 0, j, tanh(vector))
        store(sigmoid_x, 0, j, sigmoid(vector))


def both(x):
    """Tanh and sigmoid of x: (n,), n a multiple of LANES; the two ways of computing them agree bit for bit."""
    single, vector = np.empty((2, *x.shape), x.dtype), np.empty((2, 1, *x.shape), x.dtype)
    one_by_one(x, *single)
    by_vectors(x[None], *vector)
    np.testing.assert_array_equal(single, vector[:, 0])
    return single


def grid():
    """Every size of argument, of either sign: 2,000,000 float32 numbers from 1e-30 to 30."""
    dense = np.concatenate([np.linspace(1e-4, 10.0, 800_000), np.geomspace(1e-30, 30.0, 200_000)]).astype(np.float32)
    return np.concatenate([dense, -dense])


def test_float32_tanh_is_within_5_units_in_the_last_place_everywhere():
    x = grid()
    ours, exact = both(x)[0].astype(np.float64), np.tanh(x.astype(np.float64))
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    assert np.max(np.abs(ours - exact) / unit) < 5.0
    assert np.max(np.abs(ours - exact)) < 3e-7


def test_float32_sigmoid_is_within_2e_7_everywhere():
    x = grid()
    exact = 1.0 / (1.0 + np.exp(-x.astype(np.float64)))
    assert np.max(np.abs(both(x)[1] - exact)) < 2e-7


def test_float32_values_stay_within_their_limits_and_never_fall():
    x = np.sort(grid())
    tanh_x, sigmoid_x = both(x)
    assert np.abs(tanh_x).max() <= 1.0 and sigmoid_x.min() >= 0.0 and sigmoid_x.max() <= 1.0
    coarse = slice(None, None, 2000)  # neighbours may be off by a few units in the last place
    assert np.diff(tanh_x[coarse]).min() > -1e-6 and np.diff(sigmoid_x[coarse]).min() > -1e-6
    np.testing.assert_array_equal(tanh_x, -tanh_x[::-1])  # odd, as the grid is


def test_float64_is_the_c_librarys():
    x = grid()[::50].astype(np.float64)
    tanh_x, sigmoid_x = both(x)
    np.testing.assert_allclose(tanh_x, np.tanh(x), rtol=4e-16)
    np.testing.assert_allclose(sigmoid_x, 1.0 / (1.0 + np.exp(-x)), rtol=0, atol=3e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extremes_saturate_zero_is_exact_and_nan_stays_nan(dtype):
    x = np.zeros(LANES, dtype)
    x[:6] = 0.0, np.inf, -np.inf, np.finfo(dtype).max, np.finfo(dtype).min, np.nan
    tanh_x, sigmoid_x = both(x)
    np.testing.assert_allclose(tanh_x[:5], [0, 1, -1, 1, -1], atol=3e-7)
    np.testing.assert_allclose(sigmoid_x[:5], [0.5, 1, 0, 1, 0], atol=2e-7)
    assert (tanh_x[0], sigmoid_x[0]) == (0.0, 0.5)
    assert np.isnan(tanh_x[5]) and np.isnan(sigmoid_x[5])
