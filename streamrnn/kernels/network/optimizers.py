"""Clip, then one pass over the flat weights per rule. The formulas are PyTorch's.

SGD with momentum (Polyak 1964), RMSProp (Tieleman & Hinton 2012), Adam (Kingma & Ba 2015), AdamW (Loshchilov &
Hutter 2019); clipping by global norm (Pascanu et al. 2013).

One update may learn from several rows. Then it moves as far as those would have done one after the other: along their
mean gradient, with decays to the power of the rows and a rate that is their number times as high for SGD (Goyal et al.
2017), and its root for rules that divide by the gradient's size (Malladi et al. 2022).
"""

from __future__ import annotations

import math

from ..arrays.places import LEARNED, MADE, SKIPPED, SKIPPED_IN_A_ROW
from ..machine.jit import kernel
from ..machine.vector import LANES, constant, fma, is_finite, load, root, splat, store, total
from .drift import boosted
from .health import note_gradient

SGD, RMSPROP, ADAM, ADAMW = 0, 1, 2, 3  # as in settings.OPTIMIZERS
FASTEST = 10.0  # times the rate


@kernel
def update(model, rows, pace):
    """Move the weights down the gradient, and count it; return False, with nothing touched, if it is not finite.

    rows: how many have their gradients in this sum; pace: how many times the rate it goes
    """
    rule, network, rates = model.sizes.rule, model.network, model.rates
    share = 1.0 / rows
    norm = share * math.sqrt(sum_of_squares(network.gradient))
    if not is_finite(norm):
        network.updates[SKIPPED] += 1
        network.updates[SKIPPED_IN_A_ROW] += 1
        return False
    network.updates[MADE] += 1
    network.updates[SKIPPED_IN_A_ROW] = 0
    clip = min(1.0, rates.clip / (norm + 1e-6)) if rates.clip > 0.0 else 1.0
    rate = pace * boosted(network, rate_in_force(model, network.updates[MADE]))
    note_gradient(network.health, norm, clip, rate)
    network.updates[LEARNED] += rows
    if rule == SGD:
        _sgd(network, share * clip, rows * rate, rates.momentum**rows)
    elif rule == RMSPROP:
        _rmsprop(network, share * clip, math.sqrt(rows) * rate, rates.alpha**rows, rates.eps)
    else:
        # beyond 1 the weights would change sign, beyond 2 grow without end
        decay = min(1.0, rows * rate * rates.weight_decay) if rule == ADAMW else 0.0
        _adam(network, share * clip, math.sqrt(rows) * rate, decay, rows, rates)
    return True


@kernel
def sum_of_squares(gradient):
    """Return the squared norm; its length is a multiple of LANES."""
    zero = splat(constant(gradient[0], 0.0))
    sum_ = zero
    for j in range(0, gradient.shape[0], LANES):
        g = load(zero, gradient, 0, j)
        sum_ = fma(g, g, sum_)
    return total(sum_)


@kernel
def rate_in_force(model, made):
    """Return the learning rate of update number ``made``, from 1, as the schedule and the guard let it be."""
    cap, rate = model.network.rate_cap[0], scheduled_rate(model.rates, made)
    return min(rate, cap) if cap > 0.0 else rate


@kernel
def pace_of(rates, since):
    """Return how many times the rate an update goes that comes so many rows after the last one.

    Where labels are rare there are few updates, and each has to go further. One at each row leaves the rate as it is.
    """
    return min(math.sqrt(max(since / rates.stride, 1.0)), FASTEST) if rates.paced > 0.0 else 1.0


@kernel
def scheduled_rate(rates, made):
    """Return the learning rate of update number ``made``, from 1: a linear warm-up, then constant or 1 / sqrt."""
    rate = rates.lr
    if rates.warmup > 0.0:
        rate *= min(1.0, made / rates.warmup)
    if rates.inverse_sqrt > 0.0:
        start = max(rates.warmup, 1.0)
        rate *= math.sqrt(start / max(float(made), start))
    return rate


@kernel
def _sgd(network, clip, rate, momentum):
    one = constant(network.weights[0], 1.0)
    clip_, rate_, momentum_ = splat(constant(one, clip)), splat(constant(one, -rate)), splat(constant(one, momentum))
    for j in range(0, network.weights.shape[0], LANES):
        b = fma(momentum_, load(clip_, network.moment1, 0, j), clip_ * load(clip_, network.gradient, 0, j))
        store(network.moment1, 0, j, b)
        store(network.weights, 0, j, fma(rate_, b, load(clip_, network.weights, 0, j)))


@kernel
def _rmsprop(network, clip, rate, alpha, eps):
    one = constant(network.weights[0], 1.0)
    clip_, rate_, eps_ = splat(constant(one, clip)), splat(constant(one, -rate)), splat(constant(one, eps))
    keep, take = splat(constant(one, alpha)), splat(constant(one, 1.0 - alpha))
    for j in range(0, network.weights.shape[0], LANES):
        g = clip_ * load(clip_, network.gradient, 0, j)
        v = fma(keep, load(clip_, network.moment2, 0, j), take * g * g)
        store(network.moment2, 0, j, v)
        store(network.weights, 0, j, fma(rate_, g / (root(v) + eps_), load(clip_, network.weights, 0, j)))


@kernel
def _adam(network, clip, rate, decay, rows, rates):
    """Adam; the bias corrections, powers of how many rows are in the moments, go into the rate and into eps."""
    one = constant(network.weights[0], 1.0)
    beta1, beta2, learned = rates.beta1**rows, rates.beta2**rows, network.updates[LEARNED]
    correction1 = -math.expm1(learned * math.log(rates.beta1))
    correction2 = math.sqrt(-math.expm1(learned * math.log(rates.beta2)))
    clip_ = splat(constant(one, clip))
    rate_ = splat(constant(one, -rate * correction2 / correction1))
    eps_ = splat(constant(one, rates.eps * correction2))
    shrink = splat(constant(one, 1.0 - decay))
    keep1, take1 = splat(constant(one, beta1)), splat(constant(one, 1.0 - beta1))
    keep2, take2 = splat(constant(one, beta2)), splat(constant(one, 1.0 - beta2))
    for j in range(0, network.weights.shape[0], LANES):
        g = clip_ * load(clip_, network.gradient, 0, j)
        m = fma(keep1, load(clip_, network.moment1, 0, j), take1 * g)
        v = fma(keep2, load(clip_, network.moment2, 0, j), take2 * g * g)
        store(network.moment1, 0, j, m)
        store(network.moment2, 0, j, v)
        w = shrink * load(clip_, network.weights, 0, j)
        store(network.weights, 0, j, fma(rate_, m / (root(v) + eps_), w))
