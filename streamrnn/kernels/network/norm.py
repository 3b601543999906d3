"""Normalised gates: the sums of each gate are brought to unit size over its units, then given a gain. ::

    layer    n = (a - mean a) / sqrt(var a + eps)       Ba, Kiros & Hinton 2016
    rms      n = a / sqrt(mean a^2 + eps)               Zhang & Sennrich 2019
    gates    gain n + bias

The input's part and the state's are normalised apart, as is each gate: one that saturates does not quieten the others.
"""

from __future__ import annotations

import math

from ..arrays.views import bias, plane
from ..machine.jit import kernel

NO_NORM, LAYER, RMS = 0, 1, 2  # as in settings.NORMS
GAINS_PER_LAYER = 2  # the input's part, the state's
EPSILON = 1e-5


@kernel
def open_gain(flat, model, layer, part):
    """View one part's gain in the flat weights or gradient, where they come last: (gate_rows,)."""
    sizes = model.sizes
    block = sizes.blocks - GAINS_PER_LAYER * (sizes.layers - layer) + part
    return bias(flat, model.network, block, sizes.gate_rows)


@kernel
def norm_forward(model, lane, layer, slot, part, offset):
    """Bring one part of the gates' sums to its size: gates[part] = gain * n + offset; keeps n and the factor."""
    sizes, gates = model.sizes, model.scratch.gates
    normed, inverse = plane(lane.ring.normed, layer), plane(lane.ring.inverse, layer)
    gain = open_gain(model.network.weights, model, layer, part)
    gate_count = sizes.norm_gates // 2
    for gate in range(gate_count):
        first, last = gate * sizes.hidden, (gate + 1) * sizes.hidden
        mean = 0.0
        if sizes.norm == LAYER:
            for j in range(first, last):
                mean += gates[part, j]
            mean /= sizes.hidden
        square = 0.0
        for j in range(first, last):
            square += (gates[part, j] - mean) * (gates[part, j] - mean)
        factor = 1.0 / math.sqrt(square / sizes.hidden + EPSILON)
        inverse[slot, part * gate_count + gate] = factor
        for j in range(first, last):
            normal = factor * (gates[part, j] - mean)
            normed[slot, part * sizes.gate_rows + j] = normal
            gates[part, j] = gain[j] * normal + offset[j]


@kernel
def norm_backward(model, lane, layer, slot, part, offset_block, d_gates):
    """Turn the slopes of one step's gates into those of their sums, in place; adds to the gain's and the offset's.

    d_gates: (slots, gate_rows)
    """
    sizes, network = model.sizes, model.network
    normed, inverse = plane(lane.ring.normed, layer), plane(lane.ring.inverse, layer)
    gain, d_gain = open_gain(network.weights, model, layer, part), open_gain(network.gradient, model, layer, part)
    d_offset = bias(network.gradient, network, offset_block, sizes.gate_rows)
    gate_count = sizes.norm_gates // 2
    for gate in range(gate_count):
        first, last = gate * sizes.hidden, (gate + 1) * sizes.hidden
        mean, along = 0.0, 0.0
        for j in range(first, last):
            slope, normal = d_gates[slot, j], normed[slot, part * sizes.gate_rows + j]
            d_offset[j] += slope
            d_gain[j] += slope * normal
            d_gates[slot, j] = slope * gain[j]
            mean += slope * gain[j]
            along += slope * gain[j] * normal
        mean = mean / sizes.hidden if sizes.norm == LAYER else 0.0
        along /= sizes.hidden
        factor = inverse[slot, part * gate_count + gate]
        for j in range(first, last):
            normal = normed[slot, part * sizes.gate_rows + j]
            d_gates[slot, j] = factor * (d_gates[slot, j] - mean - along * normal)


@kernel
def clear_norm_gradient(model, layer, part, offset_block):
    """Set what `norm_backward` adds to at zero."""
    d_gain = open_gain(model.network.gradient, model, layer, part)
    d_offset = bias(model.network.gradient, model.network, offset_block, model.sizes.gate_rows)
    for j in range(model.sizes.gate_rows):
        d_gain[j] = 0
        d_offset[j] = 0
