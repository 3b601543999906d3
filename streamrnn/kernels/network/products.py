"""The slopes of several lanes through one matrix: what is loaded of it once serves all of them."""

from __future__ import annotations

from ..machine.jit import kernel
from ..machine.vector import LANES, constant, fma, load, splat, spread, store

GROUP = 8  # lanes: two vectors of each are sixteen sums, which stay in registers


@kernel
def linear_backward_inputs(weight, d_out, rows, d_x, places):
    """d_x[places[b]] += d_out[rows[b]] @ weight, for each lane b of a group.

    weight: (units, width), d_out: (any, units), d_x: (any, width); rows, places: (GROUP,)
    """
    width = weight.shape[1]
    for j in range(0, width - LANES, 2 * LANES):
        _columns_2(weight, d_out, rows, d_x, places, j)
    if width % (2 * LANES):
        _columns_1(weight, d_out, rows, d_x, places, width - LANES)


@kernel
def _columns_2(weight, d_out, rows, d_x, places, j):
    zero = splat(constant(weight[0, 0], 0.0))
    row0, row1, row2, row3, row4, row5, row6, row7 = _eight(rows)
    a0, a1, a2, a3, a4, a5, a6, a7 = _load_eight(zero, d_x, places, j)
    b0, b1, b2, b3, b4, b5, b6, b7 = _load_eight(zero, d_x, places, j + LANES)
    for i in range(weight.shape[0]):
        left, right = load(zero, weight, i, j), load(zero, weight, i, j + LANES)
        p, q, r, s = spread(d_out, row0, i), spread(d_out, row1, i), spread(d_out, row2, i), spread(d_out, row3, i)
        a0, b0 = fma(p, left, a0), fma(p, right, b0)
        a1, b1 = fma(q, left, a1), fma(q, right, b1)
        a2, b2 = fma(r, left, a2), fma(r, right, b2)
        a3, b3 = fma(s, left, a3), fma(s, right, b3)
        p, q, r, s = spread(d_out, row4, i), spread(d_out, row5, i), spread(d_out, row6, i), spread(d_out, row7, i)
        a4, b4 = fma(p, left, a4), fma(p, right, b4)
        a5, b5 = fma(q, left, a5), fma(q, right, b5)
        a6, b6 = fma(r, left, a6), fma(r, right, b6)
        a7, b7 = fma(s, left, a7), fma(s, right, b7)
    _store_eight(d_x, places, j, a0, a1, a2, a3, a4, a5, a6, a7)
    _store_eight(d_x, places, j + LANES, b0, b1, b2, b3, b4, b5, b6, b7)


@kernel
def _columns_1(weight, d_out, rows, d_x, places, j):
    zero = splat(constant(weight[0, 0], 0.0))
    row0, row1, row2, row3, row4, row5, row6, row7 = _eight(rows)
    a0, a1, a2, a3, a4, a5, a6, a7 = _load_eight(zero, d_x, places, j)
    for i in range(weight.shape[0]):
        left = load(zero, weight, i, j)
        a0, a1 = fma(spread(d_out, row0, i), left, a0), fma(spread(d_out, row1, i), left, a1)
        a2, a3 = fma(spread(d_out, row2, i), left, a2), fma(spread(d_out, row3, i), left, a3)
        a4, a5 = fma(spread(d_out, row4, i), left, a4), fma(spread(d_out, row5, i), left, a5)
        a6, a7 = fma(spread(d_out, row6, i), left, a6), fma(spread(d_out, row7, i), left, a7)
    _store_eight(d_x, places, j, a0, a1, a2, a3, a4, a5, a6, a7)


@kernel
def _eight(rows):
    return rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7]


@kernel
def _load_eight(zero, d_x, places, j):
    return (
        load(zero, d_x, places[0], j), load(zero, d_x, places[1], j), load(zero, d_x, places[2], j),
        load(zero, d_x, places[3], j), load(zero, d_x, places[4], j), load(zero, d_x, places[5], j),
        load(zero, d_x, places[6], j), load(zero, d_x, places[7], j),
    )  # fmt: skip


@kernel
def _store_eight(d_x, places, j, a0, a1, a2, a3, a4, a5, a6, a7):
    store(d_x, places[0], j, a0)
    store(d_x, places[1], j, a1)
    store(d_x, places[2], j, a2)
    store(d_x, places[3], j, a3)
    store(d_x, places[4], j, a4)
    store(d_x, places[5], j, a5)
    store(d_x, places[6], j, a6)
    store(d_x, places[7], j, a7)
