"""Who is believed: ML-Poly, an online mix of experts with a bound on its regret.

Each target and horizon has weights of its own. With the squared error's slope g at the mix's forecast m, expert k's
regret is r = g (m - f_k): positive where it would have pulled the mix towards the truth. Its rate falls with the sum of
its own squared regrets,

    eta_k = 1 / (largest^2 + sum r_k^2)        weight_k ~ eta_k (sum r_k)+

so nothing has to be tuned. The mix's loss is above that of the best fixed convex combination by at most the order of
the root of that combination's squared regrets, over any number of rounds (Gaillard, Stoltz & van Erven 2014, A
second-order bound with excess losses, COLT). A truth that comes h ticks late costs a factor of at most h in the bound
(Joulani, György & Szepesvári 2013). What the mix proposes is then shrunk to its fallback as far as it has not shown
to be better, see ``shrinkage.py``; the weights that are told are those of the forecast itself.
"""

from __future__ import annotations

from ..machine.jit import kernel
from ..machine.vector import is_finite
from .regression import clipped

LAST, SEASONAL, LINEAR, JOINT, READOUT, NETWORK = 0, 1, 2, 3, 4, 5  # as in settings.EXPERTS; of a pool more follow
MOST = 6.0  # times the mean move that a regression may forecast
MEMORY = 0.9995  # of the mean move


@kernel
def add_regrets(mix, slot, pair, truth, inverse, candidates):
    """Let a revealed truth count for and against the experts that are mixed; inverse: 1 / the forecast's unit."""
    made = mix.proposals[slot, pair]
    slope = 2.0 * clipped((made - truth) * inverse)
    for k in range(candidates):
        regret = slope * clipped((made - mix.forecasts[k, slot, pair]) * inverse)
        mix.regret[pair, k] += regret
        mix.regret2[pair, k] += regret * regret
        mix.largest[pair] = max(mix.largest[pair], abs(regret))


@kernel
def add_move(mix, pair, move):
    """Let a revealed change from the last value into what is known of its size."""
    mix.moves[pair, 0] = MEMORY * mix.moves[pair, 0] + abs(move)
    mix.moves[pair, 1] = MEMORY * mix.moves[pair, 1] + 1.0


@kernel
def likely_move(mix, pair):
    """How far a value may be forecast to move: a few times its mean move, which one shock does not blow up."""
    return MOST * mix.moves[pair, 0] / mix.moves[pair, 1] if mix.moves[pair, 1] > 0.0 else 0.0


@kernel
def within(move, most):
    """A regression's forecast, no further off than is likely: one that extrapolates must not drag the mix along."""
    return min(max(move, -most), most) if is_finite(move) else 0.0


@kernel
def weigh(mix, pair, fallback):
    """Make the weights of one target and horizon from the regrets; those who are no candidates have none."""
    weights, total = mix.weights[pair], 0.0
    largest2 = mix.largest[pair] * mix.largest[pair]
    for k in range(weights.shape[0]):
        spread = largest2 + mix.regret2[pair, k]
        weights[k] = max(mix.regret[pair, k], 0.0) / spread if spread > 0.0 else 0.0
        total += weights[k]
    for k in range(weights.shape[0]):
        weights[k] = weights[k] / total if total > 0.0 else 0.0
    if not total > 0.0:
        weights[fallback] = 1.0


@kernel
def mix_forecasts(mix, slot, pair, share, fallback):
    """Write the forecasts' mean under the weights, as the fallback and the changes from it, whole and shrunk."""
    base, change = mix.forecasts[fallback, slot, pair], 0.0
    for k in range(mix.weights.shape[1]):
        change += mix.weights[pair, k] * (mix.forecasts[k, slot, pair] - base)
    for k in range(mix.weights.shape[1]):
        mix.weights[pair, k] *= share
    mix.weights[pair, fallback] += 1.0 - share
    mix.proposals[slot, pair] = base + change
    mix.mixed[slot, pair] = base + share * change
