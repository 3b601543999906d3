"""How much a label counts for learning: by what its category is, by how rare that is, and by how well it was forecast.

Balanced weights give every category the same share of the loss, one over how often it came. The rarest counts in full
and the others less, so that no gradient grows and is clipped: to clip would take back what the weights give. Weights
that the user names are told in the largest one, for the same reason. The focal loss (Lin et al. 2017) is
``-(1 - p)^gamma log p`` of the truth's probability p.
"""

from __future__ import annotations

import math

from ..machine.jit import kernel

RAREST = 0.01  # of the usual count of a category: what is rarer than that counts no more
RESERVED = 0


@kernel
def weight_of_label(model, lane, t, truth, log_p):
    """Return what the cross-entropy's slopes are multiplied with; log_p: of the truth, by the network of now."""
    weight, gamma = model.coding.importance[t, truth], model.rates.focal
    if model.rates.balances > 0.0 and truth != RESERVED:
        weight = _balanced(lane.classes.label_counts, t, truth)
    if gamma > 0.0:
        p = math.exp(log_p)
        other = max(1.0 - p, 1e-12)
        weight *= other**gamma - gamma * p * other ** (gamma - 1.0) * log_p
    return weight


@kernel
def _balanced(counts, t, truth):
    """How often the rarest came over how often this one did, with this label counted."""
    labels, kinds, own = 1.0, 0.0, counts[t, truth] + 1.0
    rarest = own
    for c in range(1, counts.shape[1]):
        labels += counts[t, c]
        kinds += 1.0 if counts[t, c] > 0 or c == truth else 0.0
        rarest = min(rarest, counts[t, c] if counts[t, c] > 0 and c != truth else own)
    return min(max(rarest, RAREST * labels / kinds) / own, 1.0)
