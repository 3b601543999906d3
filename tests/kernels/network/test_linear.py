"""The matrix product and its three gradients against NumPy, for sizes that leave a remainder everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from learners import compiled

from streamrnn.kernels.arrays.state import padded
from streamrnn.kernels.network.linear import (
    add_scaled,
    dot,
    linear_backward_bias,
    linear_backward_input,
    linear_backward_weight,
    linear_forward,
)

SLOTS = 7
SIZES = [(1, 1), (3, 2), (4, 16), (5, 17), (7, 40), (8, 48), (18, 33), (64, 64)]  # units, width


@compiled
def forward(weight, bias, x, row, out, place):
    linear_forward(weight, bias, x, row, out, place)


@compiled
def backward_input(weight, d_out, row, d_x, place):
    linear_backward_input(weight, d_out, row, d_x, place)


@compiled
def backward_matrices(d_out, x, x_first, span, d_weight, other, d_bias, other_d_bias):
    linear_backward_weight(d_out, x, x_first, span, d_weight)
    linear_backward_bias(d_out, other, span, d_bias, other_d_bias)


@compiled
def rows_of(left, i, right, j, scale, product, out):
    product[0] = dot(left, i, right, j)
    add_scaled(scale, left, i, out, j)


def arrays(units, width, dtype):
    """weight, bias, x, d_out; rows of width numbers are padded with zeros."""
    random = np.random.default_rng(units * 100 + width)
    weight, x = np.zeros((units, padded(width)), dtype), np.zeros((SLOTS, padded(width)), dtype)
    weight[:, :width] = random.standard_normal((units, width))
    x[:, :width] = random.standard_normal((SLOTS, width))
    return weight, random.standard_normal(units).astype(dtype), x, random.standard_normal((SLOTS, units)).astype(dtype)


def check(ours, exact):
    tolerance = 1e-5 if ours.dtype == np.float32 else 1e-13
    np.testing.assert_allclose(ours, exact, rtol=tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("units", "width"), SIZES)
def test_the_product_is_numpys_and_writes_its_own_row_alone(units, width, dtype):
    weight, bias, x, out = arrays(units, width, dtype)
    before = out.copy()
    forward(weight, bias, x, 5, out, 2)
    check(out[2], weight.astype(float) @ x[5] + bias)
    np.testing.assert_array_equal(np.delete(out, 2, axis=0), np.delete(before, 2, axis=0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("units", "width"), SIZES)
def test_the_inputs_gradient_is_added_to_what_is_there(units, width, dtype):
    weight, _, d_x, d_out = arrays(units, width, dtype)
    before = d_x.copy()
    backward_input(weight, d_out, 3, d_x, 6)
    check(d_x[6], before[6] + d_out[3].astype(float) @ weight)
    np.testing.assert_array_equal(d_x[:6], before[:6])
    assert not d_x[:, width:].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("units", "width"), SIZES)
def test_the_matrix_gradient_is_a_sum_over_a_stretch_of_the_ring_wherever_it_begins(units, width, dtype):
    _, _, x, d_out = arrays(units, width, dtype)
    for first, x_first, count in ((0, 6, 7), (5, 4, 4), (6, 6, 1), (3, 0, 7)):
        d_weight, (d_bias, twice) = np.full((units, padded(width)), np.nan, dtype), np.full((2, units), np.nan, dtype)
        backward_matrices(d_out, x, x_first, (first, count, SLOTS), d_weight, 2 * d_out, d_bias, twice)
        steps, inputs = (first + np.arange(count)) % SLOTS, (x_first + np.arange(count)) % SLOTS
        check(d_weight, d_out[steps].T.astype(float) @ x[inputs])
        check(d_bias, d_out[steps].sum(axis=0, dtype=float))
        check(twice, 2.0 * d_out[steps].sum(axis=0, dtype=float))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [1, 16, 31, 80])
def test_one_row_times_another_and_one_row_added_to_another(width, dtype):
    left, _, right, _ = arrays(4, width, dtype)
    product, before = np.zeros(1, dtype), right.copy()
    rows_of(left, 2, right, 5, dtype(0.75), product, right)
    check(product, [left[2].astype(float) @ before[5]])
    check(right[5], before[5] + 0.75 * left[2].astype(float))
    np.testing.assert_array_equal(np.delete(right, 5, axis=0), np.delete(before, 5, axis=0))


def test_nan_and_infinity_come_through():
    """What has overflowed must show, or an update would be made of it."""
    weight, bias, x, out = arrays(5, 17, np.float32)
    for value in (np.nan, np.inf):
        x[1, 3] = value
        forward(weight, bias, x, 1, out, 0)
        assert not np.isfinite(out[0]).any()
