"""What has not shown itself is shrunk away: the mix to its fallback, the readout to the joint regression.

A mix that learns pays for trying its experts. Where there is nothing to learn, as on a random walk, that is all that
it does. So it is held against the last value in its turn, or, where keys share a network, against that, which others
have taught before a key's experts know anything. With x the change from this fallback that the mix proposed and y the
one that came, b = sum of x y over a block of as many reveals as the horizon has ticks. Forecasts that overlap agree or
disagree together; blocks of them hardly do, so their spread tells how large S = sum b may be by chance:

    z^2 = S^2 / var(S)        share = 1 - (CHANCE / z^2)^2, or 0        forecast = fallback + share * x

with blocks as in batch means. Within 2.4 deviations of nothing the mix is its fallback; soon beyond them it is left
alone. 1 - CHANCE / z^2 would be the garrote (Breiman 1995, Better subset regression using the nonnegative garrote,
Technometrics 37), which takes more from those that are weak but true.

The readout proposes what the network's state may add to the joint regression. At long horizons few of its truths are
independent, and it learns noise. Its share is the least-squares slope of what was left to add on what it proposed.
"""

from __future__ import annotations

from ..machine.jit import kernel
from .regression import FORGETTING, clipped

MEMORY = 0.99998  # of the evidence, a reveal: about 50,000 of them
LEAST_MEMORY = 0.99  # a block: at long horizons about 100 blocks
CHANCE = 6.0  # of z^2: as large as it may be where there is nothing
LEAST_BLOCKS = 3.0

IN_BLOCK, REVEALS, SUM, SQUARES, BLOCKS = 0, 1, 2, 3, 4  # places in the evidence of a target and horizon


@kernel
def add_evidence(mix, pair, proposed, came, horizon):
    """Let a revealed change, in the forecast's unit, count for or against the one that the mix had proposed."""
    evidence = mix.evidence[pair]
    evidence[IN_BLOCK] += clipped(proposed) * clipped(came)
    evidence[REVEALS] += 1.0
    if evidence[REVEALS] < horizon:
        return
    kept = max(_power(MEMORY, horizon), LEAST_MEMORY)
    block = evidence[IN_BLOCK]
    evidence[SUM] = kept * evidence[SUM] + block
    evidence[SQUARES] = kept * evidence[SQUARES] + block * block
    evidence[BLOCKS] = kept * evidence[BLOCKS] + 1.0
    evidence[IN_BLOCK], evidence[REVEALS] = 0.0, 0.0


@kernel
def _power(base, exponent):
    """Return base ** exponent by repeated squaring; Numba's own brings an exception along, and its own compile."""
    power = 1.0
    while exponent > 0:
        if exponent & 1:
            power *= base
        base *= base
        exponent >>= 1
    return power


@kernel
def share_of_mix(mix, pair):
    """Return how much of a change that the mix proposes is forecast, in [0, 1]."""
    evidence = mix.evidence[pair]
    total, blocks = evidence[SUM], evidence[BLOCKS]
    if not (total > 0.0 and blocks >= LEAST_BLOCKS):
        return 0.0
    variance = (evidence[SQUARES] - total * total / blocks) * blocks / (blocks - 1.0)
    chance = CHANCE * variance / (total * total)
    return min(max(1.0 - chance * chance, 0.0), 1.0)


@kernel
def add_agreement(mix, pair, proposed, left):
    """Let what the joint regression left count for or against what the readout had proposed to add to it."""
    proposed, left = clipped(proposed), clipped(left)
    mix.agreement[pair, 0] = FORGETTING * mix.agreement[pair, 0] + proposed * left
    mix.agreement[pair, 1] = FORGETTING * mix.agreement[pair, 1] + proposed * proposed


@kernel
def share_of_readout(mix, pair):
    """Return how much of what the readout proposes is added, in [0, 1]."""
    proposed2 = mix.agreement[pair, 1]
    return min(max(mix.agreement[pair, 0] / proposed2, 0.0), 1.0) if proposed2 > 0.0 else 0.0


@kernel
def change_unit_of_evidence(mix, pair, squared):
    """Rewrite what is kept of a target and horizon for a unit in which a square is so many times as large."""
    evidence = mix.evidence[pair]
    evidence[IN_BLOCK] *= squared
    evidence[SUM] *= squared
    evidence[SQUARES] *= squared * squared
    mix.agreement[pair, 0] *= squared
    mix.agreement[pair, 1] *= squared
