"""Products of many rows at once: what is loaded of a matrix serves the steps of several lanes.

Eight rows by two vectors are sixteen sums, which stay in registers.
"""

from __future__ import annotations

from ..machine.jit import inlined, kernel
from ..machine.vector import LANES, constant, fma, load, splat, spread, store

GROUP = 8  # lanes
NEAR = 4096  # numbers of x, which stay in the nearest cache while all units go over them
FEW = 4  # columns of a matrix whose gradient takes less time column by column


@kernel
def linear_backward_inputs(weight, d_out, rows, d_x, places):
    """d_x[places[b]] += d_out[rows[b]] @ weight, for each lane b of a group.

    weight: (units, width), d_out: (any, units), d_x: (any, width); rows, places: (GROUP,)
    """
    units, width = weight.shape
    zero = splat(constant(weight[0, 0], 0.0))
    sources, targets = _eight(rows), _eight(places)
    for j in range(0, width - LANES, 2 * LANES):
        a, b = _load_eight(zero, d_x, targets, j), _load_eight(zero, d_x, targets, j + LANES)
        for i in range(units):
            left, right = load(zero, weight, i, j), load(zero, weight, i, j + LANES)
            slopes = _spread_eight(d_out, sources, i)
            a, b = _add_eight(slopes, left, a), _add_eight(slopes, right, b)
        _store_eight(d_x, targets, j, a)
        _store_eight(d_x, targets, j + LANES, b)
    if width % (2 * LANES):
        a = _load_eight(zero, d_x, targets, width - LANES)
        for i in range(units):
            a = _add_eight(_spread_eight(d_out, sources, i), load(zero, weight, i, width - LANES), a)
        _store_eight(d_x, targets, width - LANES, a)


@kernel
def linear_backward_weights(d_out, d_at, x, x_at, count, d_weight):
    """d_weight += the sum over steps k of d_out[d_at[k] : + units] (x) x[x_at[k] : + width].

    d_out, x: flat; d_at, x_at: (any,), where each step's numbers begin; d_weight: (units, width)
    """
    at_once = max(NEAR // d_weight.shape[1], 1)
    for first in range(0, count, at_once):
        _add_steps(d_out, d_at, x, x_at, (first, min(first + at_once, count)), d_weight)


@kernel
def linear_backward_columns(d_out, d_at, x, x_at, count, columns, sums, d_weight):
    """The same for the first columns of d_weight, where x is zero in all others.

    sums: (2, units), work space
    """
    units = d_weight.shape[0]
    whole = units - units % LANES
    four = whole - whole % (4 * LANES)
    for j in range(0, columns, 2):
        for i in range(0, four, 4 * LANES):
            _two_columns(d_out, d_at, x, x_at, count, i, j, sums)
        for i in range(four, whole, LANES):
            _two_columns_of(splat(sums[0, 0]), d_out, d_at, x, x_at, count, i, j, sums)
        for i in range(whole, units):
            _two_columns_of(sums[0, 0], d_out, d_at, x, x_at, count, i, j, sums)
        for i in range(units):
            d_weight[i, j] += sums[0, i]
            d_weight[i, j + 1] += sums[1, i]


@kernel
def _two_columns(d_out, d_at, x, x_at, count, i, j, sums):
    zero = splat(constant(sums[0, 0], 0.0))
    a, b, c, d, e, f, g, h = zero, zero, zero, zero, zero, zero, zero, zero
    for k in range(count):
        at = d_at[k] + i
        left, right = spread(x, 0, x_at[k] + j), spread(x, 0, x_at[k] + j + 1)
        p, q = load(zero, d_out, 0, at), load(zero, d_out, 0, at + LANES)
        r, s = load(zero, d_out, 0, at + 2 * LANES), load(zero, d_out, 0, at + 3 * LANES)
        a, e = fma(left, p, a), fma(right, p, e)
        b, f = fma(left, q, b), fma(right, q, f)
        c, g = fma(left, r, c), fma(right, r, g)
        d, h = fma(left, s, d), fma(right, s, h)
    store(sums, 0, i, a)
    store(sums, 0, i + LANES, b)
    store(sums, 0, i + 2 * LANES, c)
    store(sums, 0, i + 3 * LANES, d)
    store(sums, 1, i, e)
    store(sums, 1, i + LANES, f)
    store(sums, 1, i + 2 * LANES, g)
    store(sums, 1, i + 3 * LANES, h)


@kernel
def _two_columns_of(like, d_out, d_at, x, x_at, count, i, j, sums):
    a = constant(like, 0.0)
    b = a
    for k in range(count):
        slope = load(like, d_out, 0, d_at[k] + i)
        a = fma(constant(like, x[x_at[k] + j]), slope, a)
        b = fma(constant(like, x[x_at[k] + j + 1]), slope, b)
    store(sums, 0, i, a)
    store(sums, 1, i, b)


@kernel
def _add_steps(d_out, d_at, x, x_at, steps, d_weight):
    units, width = d_weight.shape
    pairs = width - width % (2 * LANES)
    for i in range(0, units - GROUP + 1, GROUP):
        for j in range(0, pairs, 2 * LANES):
            _tile_8x2(d_out, d_at, x, x_at, steps, i, j, d_weight)
    for i in range(units - units % GROUP, units):
        for j in range(0, pairs, LANES):
            _tile_1x1(d_out, d_at, x, x_at, steps, i, j, d_weight)
    if pairs == width:
        return
    for i in range(0, units - 2 * GROUP + 1, 2 * GROUP):
        _tile_16x1(d_out, d_at, x, x_at, steps, i, pairs, d_weight)
    for i in range(units - units % (2 * GROUP), units):
        _tile_1x1(d_out, d_at, x, x_at, steps, i, pairs, d_weight)


@kernel
def _tile_8x2(d_out, d_at, x, x_at, steps, i, j, d_weight):
    zero, units = splat(constant(d_weight[0, 0], 0.0)), _eight_from(i)
    a, b = _load_eight(zero, d_weight, units, j), _load_eight(zero, d_weight, units, j + LANES)
    for k in range(steps[0], steps[1]):
        left, right = load(zero, x, 0, x_at[k] + j), load(zero, x, 0, x_at[k] + j + LANES)
        slopes = _spread_next(d_out, d_at[k] + i)
        a, b = _add_eight(slopes, left, a), _add_eight(slopes, right, b)
    _store_eight(d_weight, units, j, a)
    _store_eight(d_weight, units, j + LANES, b)


@kernel
def _tile_16x1(d_out, d_at, x, x_at, steps, i, j, d_weight):
    zero, units, next_units = splat(constant(d_weight[0, 0], 0.0)), _eight_from(i), _eight_from(i + GROUP)
    a, b = _load_eight(zero, d_weight, units, j), _load_eight(zero, d_weight, next_units, j)
    for k in range(steps[0], steps[1]):
        shared = load(zero, x, 0, x_at[k] + j)
        a = _add_eight(_spread_next(d_out, d_at[k] + i), shared, a)
        b = _add_eight(_spread_next(d_out, d_at[k] + i + GROUP), shared, b)
    _store_eight(d_weight, units, j, a)
    _store_eight(d_weight, next_units, j, b)


@kernel
def _tile_1x1(d_out, d_at, x, x_at, steps, i, j, d_weight):
    zero = splat(constant(d_weight[0, 0], 0.0))
    a = load(zero, d_weight, i, j)
    for k in range(steps[0], steps[1]):
        a = fma(spread(d_out, 0, d_at[k] + i), load(zero, x, 0, x_at[k] + j), a)
    store(d_weight, i, j, a)


@kernel
def linear_backward_biases(d_out, d_at, count, d_bias):
    """d_bias += the sum over steps k of d_out[d_at[k] : + units]; d_out: flat, d_at: (any,), d_bias: (units,)."""
    units = d_bias.shape[0]
    whole = units - units % LANES
    four = whole - whole % (4 * LANES)
    like = splat(d_bias[0])
    for i in range(0, four, 4 * LANES):
        _sum_four(like, d_out, d_at, count, i, d_bias)
    for i in range(four, whole, LANES):
        _sum_one(like, d_out, d_at, count, i, d_bias)
    for i in range(whole, units):
        _sum_one(d_bias[0], d_out, d_at, count, i, d_bias)


@kernel
def _sum_four(like, d_out, d_at, count, i, d_bias):
    a, b = load(like, d_bias, 0, i), load(like, d_bias, 0, i + LANES)
    c, d = load(like, d_bias, 0, i + 2 * LANES), load(like, d_bias, 0, i + 3 * LANES)
    for k in range(count):
        at = d_at[k] + i
        a, b = a + load(like, d_out, 0, at), b + load(like, d_out, 0, at + LANES)
        c, d = c + load(like, d_out, 0, at + 2 * LANES), d + load(like, d_out, 0, at + 3 * LANES)
    store(d_bias, 0, i, a)
    store(d_bias, 0, i + LANES, b)
    store(d_bias, 0, i + 2 * LANES, c)
    store(d_bias, 0, i + 3 * LANES, d)


@kernel
def _sum_one(like, d_out, d_at, count, i, d_bias):
    sum_ = load(like, d_bias, 0, i)
    for k in range(count):
        sum_ = sum_ + load(like, d_out, 0, d_at[k] + i)
    store(d_bias, 0, i, sum_)


# --- eight at once ----------------------------------------------------------------------------------------------------


@inlined
def _eight(rows):
    return rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7]


@inlined
def _eight_from(i):
    return i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7


@inlined
def _load_eight(zero, matrix, rows, j):
    return (
        load(zero, matrix, rows[0], j), load(zero, matrix, rows[1], j), load(zero, matrix, rows[2], j),
        load(zero, matrix, rows[3], j), load(zero, matrix, rows[4], j), load(zero, matrix, rows[5], j),
        load(zero, matrix, rows[6], j), load(zero, matrix, rows[7], j),
    )  # fmt: skip


@inlined
def _store_eight(matrix, rows, j, sums):
    store(matrix, rows[0], j, sums[0])
    store(matrix, rows[1], j, sums[1])
    store(matrix, rows[2], j, sums[2])
    store(matrix, rows[3], j, sums[3])
    store(matrix, rows[4], j, sums[4])
    store(matrix, rows[5], j, sums[5])
    store(matrix, rows[6], j, sums[6])
    store(matrix, rows[7], j, sums[7])


@inlined
def _spread_eight(matrix, rows, i):
    return (
        spread(matrix, rows[0], i), spread(matrix, rows[1], i), spread(matrix, rows[2], i), spread(matrix, rows[3], i),
        spread(matrix, rows[4], i), spread(matrix, rows[5], i), spread(matrix, rows[6], i), spread(matrix, rows[7], i),
    )  # fmt: skip


@inlined
def _spread_next(flat, at):
    return (
        spread(flat, 0, at), spread(flat, 0, at + 1), spread(flat, 0, at + 2), spread(flat, 0, at + 3),
        spread(flat, 0, at + 4), spread(flat, 0, at + 5), spread(flat, 0, at + 6), spread(flat, 0, at + 7),
    )  # fmt: skip


@inlined
def _add_eight(factors, vector, sums):
    return (
        fma(factors[0], vector, sums[0]), fma(factors[1], vector, sums[1]), fma(factors[2], vector, sums[2]),
        fma(factors[3], vector, sums[3]), fma(factors[4], vector, sums[4]), fma(factors[5], vector, sums[5]),
        fma(factors[6], vector, sums[6]), fma(factors[7], vector, sums[7]),
    )  # fmt: skip
