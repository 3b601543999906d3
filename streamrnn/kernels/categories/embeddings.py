"""Categories as inputs: a row of a table stands for each, and is learned with all else (Bengio et al. 2003).

A null is a row of zeros. Only rows of categories that have come are read, and only theirs get a gradient.
"""

from __future__ import annotations

import math

from ..arrays.ring import slot_after
from ..arrays.views import matrix
from ..machine.jit import kernel
from ..network.linear import dot, linear_backward_input, multiply_row
from ..network.recurrence import BLOCKS_PER_LAYER, HEAD_BLOCKS


@kernel
def open_embedding(flat, model, f):
    """View one feature's table in the flat weights or gradient: (classes, embedding_width)."""
    sizes = model.sizes
    block = BLOCKS_PER_LAYER * sizes.layers + HEAD_BLOCKS + f
    return matrix(flat, model.network, block, sizes.classes, sizes.embedding_width)


@kernel
def embed(coding, model, lane, slot):
    """Write the rows of this step's categories behind its numbers."""
    if coding is None:
        return
    sizes, inputs = model.sizes, lane.ring.inputs
    for f in range(sizes.coded_features):
        code = coding.arrived[f]
        lane.classes.codes[slot, f] = code
        table = open_embedding(model.network.weights, model, f)
        first = 2 * sizes.features + f * sizes.embedding
        for j in range(sizes.embedding):
            if code >= 0:
                inputs[slot, first + j] = table[code, j]
            else:
                inputs[slot, first + j] = 0


@kernel
def tame_embeddings(coding, model):
    """Make no row longer than it was likely to be at first: the root of its length; what is not a number is zero."""
    if coding is None:
        return
    sizes = model.sizes
    for f in range(sizes.coded_features):
        table = open_embedding(model.network.weights, model, f)
        for code in range(sizes.classes):
            multiply_row(table, code, 1.0 / max(math.sqrt(dot(table, code, table, code) / sizes.embedding), 1.0))


@kernel
def clear_embedding_gradient(coding, model):
    """Set the tables' gradient to zero, as far as categories are known."""
    if coding is None:
        return
    for f in range(model.sizes.coded_features):
        d_table = open_embedding(model.network.gradient, model, f)
        for code in range(coding.known[f]):
            for j in range(model.sizes.embedding_width):
                d_table[code, j] = 0


@kernel
def embeddings_backward(coding, model, lane, weight_ih, d_gates, span):
    """Add the slopes at the lowest layer's gates to the tables' gradient, for every step of a sweep.

    weight_ih: (gate_rows, input_width), d_gates: (slots, gate_rows), span: as ``(first, count, slots)``
    """
    if coding is None:
        return
    sizes, d_inputs = model.sizes, coding.d_inputs
    slot, count, slots = span
    for _ in range(count if sizes.coded_features > 0 else 0):
        for j in range(sizes.d_input_width):
            d_inputs[slot, j] = 0
        linear_backward_input(weight_ih, d_gates, slot, d_inputs, slot)
        for f in range(sizes.coded_features):
            code = lane.classes.codes[slot, f]
            d_table = open_embedding(model.network.gradient, model, f)
            first = 2 * sizes.features + f * sizes.embedding
            for j in range(sizes.embedding if code >= 0 else 0):
                d_table[code, j] += d_inputs[slot, first + j]
        slot = slot_after(slot, slots)
