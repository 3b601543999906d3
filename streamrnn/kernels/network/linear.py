"""Every matrix product and its gradients, each once.

Rows are padded to a multiple of `LANES` columns, so no loop over columns has a tail. Four rows are worked on together:
what is loaded once serves four sums, which stay in registers.
"""

from __future__ import annotations

from ..arrays.ring import slot_after
from ..machine.jit import kernel
from ..machine.vector import LANES, constant, fma, is_finite, load, splat, spread, store, store_totals, total

ROWS = 4


@kernel
def linear_forward(weight, bias, x, row, out, place):
    """out[place] = weight @ x[row] + bias.

    weight: (units, width), bias: (units,), x: (any, width), out: (any, units)
    """
    units, width = weight.shape
    zero = splat(constant(bias[0], 0.0))
    for i in range(0, units - ROWS + 1, ROWS):
        a, b, c, d = zero, zero, zero, zero
        for j in range(0, width, LANES):
            shared = load(zero, x, row, j)
            a = fma(load(zero, weight, i, j), shared, a)
            b = fma(load(zero, weight, i + 1, j), shared, b)
            c = fma(load(zero, weight, i + 2, j), shared, c)
            d = fma(load(zero, weight, i + 3, j), shared, d)
        store_totals(out, place, i, bias, a, b, c, d)
    for i in range(units - units % ROWS, units):
        out[place, i] = dot(weight, i, x, row) + bias[i]


@kernel
def dot(left, i, right, j):
    """Return left[i] . right[j]; both rows of one padded width."""
    zero = splat(constant(left[i, 0], 0.0))
    sum_ = zero
    for k in range(0, left.shape[1], LANES):
        sum_ = fma(load(zero, left, i, k), load(zero, right, j, k), sum_)
    return total(sum_)


@kernel
def multiply_row(matrix, row, factor):
    """Multiply a row; what is then not a number is zero."""
    for j in range(matrix.shape[1]):
        number = factor * matrix[row, j]
        matrix[row, j] = number if is_finite(number) else 0


@kernel
def add_scaled(scale, source, i, out, j):
    """out[j] += scale * source[i]; both rows of one padded width."""
    factor = splat(scale)
    for k in range(0, source.shape[1], LANES):
        store(out, j, k, fma(factor, load(factor, source, i, k), load(factor, out, j, k)))


@kernel
def linear_backward_input(weight, d_out, row, d_x, place):
    """d_x[place] += d_out[row] @ weight.

    weight: (units, width), d_out: (any, units), d_x: (any, width)
    """
    width = weight.shape[1]
    for j in range(0, width - LANES, 2 * LANES):
        _column_2(weight, d_out, row, d_x, place, j)
    if width % (2 * LANES):
        _column_1(weight, d_out, row, d_x, place, width - LANES)


@kernel
def _column_2(weight, d_out, row, d_x, place, j):
    """Two vectors of d_x, each as four sums: one alone would wait for every addition before it."""
    units = weight.shape[0]
    zero = splat(constant(weight[0, 0], 0.0))
    a, b, c, d = load(zero, d_x, place, j), zero, zero, zero
    e, f, g, h = load(zero, d_x, place, j + LANES), zero, zero, zero
    for i in range(0, units - ROWS + 1, ROWS):
        s, t = spread(d_out, row, i), spread(d_out, row, i + 1)
        u, v = spread(d_out, row, i + 2), spread(d_out, row, i + 3)
        a, e = fma(s, load(zero, weight, i, j), a), fma(s, load(zero, weight, i, j + LANES), e)
        b, f = fma(t, load(zero, weight, i + 1, j), b), fma(t, load(zero, weight, i + 1, j + LANES), f)
        c, g = fma(u, load(zero, weight, i + 2, j), c), fma(u, load(zero, weight, i + 2, j + LANES), g)
        d, h = fma(v, load(zero, weight, i + 3, j), d), fma(v, load(zero, weight, i + 3, j + LANES), h)
    for i in range(units - units % ROWS, units):
        s = spread(d_out, row, i)
        a, e = fma(s, load(zero, weight, i, j), a), fma(s, load(zero, weight, i, j + LANES), e)
    store(d_x, place, j, (a + b) + (c + d))
    store(d_x, place, j + LANES, (e + f) + (g + h))


@kernel
def _column_1(weight, d_out, row, d_x, place, j):
    units = weight.shape[0]
    zero = splat(constant(weight[0, 0], 0.0))
    a, b, c, d = load(zero, d_x, place, j), zero, zero, zero
    for i in range(0, units - ROWS + 1, ROWS):
        a = fma(spread(d_out, row, i), load(zero, weight, i, j), a)
        b = fma(spread(d_out, row, i + 1), load(zero, weight, i + 1, j), b)
        c = fma(spread(d_out, row, i + 2), load(zero, weight, i + 2, j), c)
        d = fma(spread(d_out, row, i + 3), load(zero, weight, i + 3, j), d)
    for i in range(units - units % ROWS, units):
        a = fma(spread(d_out, row, i), load(zero, weight, i, j), a)
    store(d_x, place, j, (a + b) + (c + d))


@kernel
def linear_backward_weight(d_out, x, x_first, span, d_weight):
    """d_weight = the sum over the steps of a sweep of d_out[s] (x) x[r], where r runs along with s from ``x_first``.

    d_out: (slots, units), x: (slots, width), d_weight: (units, width)
    span: slots of the sweep, as ``(first, count, slots)``
    """
    units, width = d_weight.shape
    pairs = width - width % (2 * LANES)
    for i in range(0, units - ROWS + 1, ROWS):
        for j in range(0, pairs, 2 * LANES):
            _tile_4x2(d_out, x, x_first, span, i, j, d_weight)
    for i in range(units - units % ROWS, units):
        for j in range(0, pairs, LANES):
            _tile_1x1(d_out, x, x_first, span, i, j, d_weight)
    if pairs == width:
        return
    for i in range(0, units - 2 * ROWS + 1, 2 * ROWS):
        _tile_8x1(d_out, x, x_first, span, i, pairs, d_weight)
    for i in range(units - units % (2 * ROWS), units):
        _tile_1x1(d_out, x, x_first, span, i, pairs, d_weight)


@kernel
def linear_backward_bias(d_input, d_state, span, d_bias_ih, d_bias_hh):
    """d_bias = the sum over the steps s of a sweep of d_out[s], for both parts.

    d_input, d_state: (slots, units), d_bias_ih, d_bias_hh: (units,)
    """
    units = d_bias_ih.shape[0]
    whole = units - units % LANES
    pairs = units - units % (2 * LANES)
    like = splat(d_input[0, 0])
    for i in range(0, pairs, 2 * LANES):
        _sum_steps_2(like, d_input, d_state, span, i, d_bias_ih, d_bias_hh)
    if pairs < whole:
        _sum_steps(like, d_input, d_state, span, pairs, d_bias_ih, d_bias_hh)
    for i in range(whole, units):
        _sum_steps(d_input[0, 0], d_input, d_state, span, i, d_bias_ih, d_bias_hh)


@kernel
def _sum_steps_2(like, d_input, d_state, span, i, d_bias_ih, d_bias_hh):
    """Two vectors of both parts: one sum alone would wait for every addition before it."""
    first, count, slots = span
    a, b = load(like, d_input, first, i), load(like, d_input, first, i + LANES)
    c, d = load(like, d_state, first, i), load(like, d_state, first, i + LANES)
    s = first
    for _ in range(1, count):
        s = slot_after(s, slots)
        a, b = a + load(like, d_input, s, i), b + load(like, d_input, s, i + LANES)
        c, d = c + load(like, d_state, s, i), d + load(like, d_state, s, i + LANES)
    store(d_bias_ih, 0, i, a)
    store(d_bias_ih, 0, i + LANES, b)
    store(d_bias_hh, 0, i, c)
    store(d_bias_hh, 0, i + LANES, d)


@kernel
def _sum_steps(like, d_input, d_state, span, i, d_bias_ih, d_bias_hh):
    first, count, slots = span
    a, b = load(like, d_input, first, i), load(like, d_state, first, i)
    s = first
    for _ in range(1, count):
        s = slot_after(s, slots)
        a, b = a + load(like, d_input, s, i), b + load(like, d_state, s, i)
    store(d_bias_ih, 0, i, a)
    store(d_bias_hh, 0, i, b)


@kernel
def _tile_4x2(d_out, x, x_first, span, i, j, d_weight):
    """Four units by two vectors of d_weight, in eight registers over the whole sweep."""
    first, count, slots = span
    zero = splat(constant(d_out[0, 0], 0.0))
    a, b, c, d, e, f, g, h = zero, zero, zero, zero, zero, zero, zero, zero
    s, r = first, x_first
    for _ in range(count):
        left, right = load(zero, x, r, j), load(zero, x, r, j + LANES)
        p, q = spread(d_out, s, i), spread(d_out, s, i + 1)
        u, v = spread(d_out, s, i + 2), spread(d_out, s, i + 3)
        a, e = fma(p, left, a), fma(p, right, e)
        b, f = fma(q, left, b), fma(q, right, f)
        c, g = fma(u, left, c), fma(u, right, g)
        d, h = fma(v, left, d), fma(v, right, h)
        s = slot_after(s, slots)
        r = slot_after(r, slots)
    store(d_weight, i, j, a)
    store(d_weight, i + 1, j, b)
    store(d_weight, i + 2, j, c)
    store(d_weight, i + 3, j, d)
    store(d_weight, i, j + LANES, e)
    store(d_weight, i + 1, j + LANES, f)
    store(d_weight, i + 2, j + LANES, g)
    store(d_weight, i + 3, j + LANES, h)


@kernel
def _tile_8x1(d_out, x, x_first, span, i, j, d_weight):
    """Eight units by one vector: four sums alone would wait for each other."""
    first, count, slots = span
    zero = splat(constant(d_out[0, 0], 0.0))
    a, b, c, d, e, f, g, h = zero, zero, zero, zero, zero, zero, zero, zero
    s, r = first, x_first
    for _ in range(count):
        shared = load(zero, x, r, j)
        a = fma(spread(d_out, s, i), shared, a)
        b = fma(spread(d_out, s, i + 1), shared, b)
        c = fma(spread(d_out, s, i + 2), shared, c)
        d = fma(spread(d_out, s, i + 3), shared, d)
        e = fma(spread(d_out, s, i + 4), shared, e)
        f = fma(spread(d_out, s, i + 5), shared, f)
        g = fma(spread(d_out, s, i + 6), shared, g)
        h = fma(spread(d_out, s, i + 7), shared, h)
        s = slot_after(s, slots)
        r = slot_after(r, slots)
    store(d_weight, i, j, a)
    store(d_weight, i + 1, j, b)
    store(d_weight, i + 2, j, c)
    store(d_weight, i + 3, j, d)
    store(d_weight, i + 4, j, e)
    store(d_weight, i + 5, j, f)
    store(d_weight, i + 6, j, g)
    store(d_weight, i + 7, j, h)


@kernel
def _tile_1x1(d_out, x, x_first, span, i, j, d_weight):
    first, count, slots = span
    zero = splat(constant(d_out[0, 0], 0.0))
    a = zero
    s, r = first, x_first
    for _ in range(count):
        a = fma(spread(d_out, s, i), load(zero, x, r, j), a)
        s = slot_after(s, slots)
        r = slot_after(r, slots)
    store(d_weight, i, j, a)
