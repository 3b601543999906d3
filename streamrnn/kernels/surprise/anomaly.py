"""The entry: how surprising is each row, and is that worth an alert?

It runs after the entries that forecast, over the same rows, and reads from their records what was expected of each
target. Four steps lead from an error to a score:

1. *Surprise.* The rank of the absolute error among the last `ERROR_WINDOW` ones is a conformal p-value (Vovk,
   Gammerman & Shafer 2005; ties count half), and the surprise is its negative logarithm. Ranks have no unit, and no
   error however wild can move them by more than one place.
2. *Likelihood* (Ahmad, Lavin, Purdy & Agha 2017). The mean of the last `SHORT_TERM` surprises is compared with the
   running mean and variance of such means, over about `ERROR_WINDOW` of them and without those that it shares values
   with; the score is 1 less the tail of the normal distribution.
3. *Range.* A value outside the range of all before it, by `MARGIN` of that range, scores 1. Nothing may widen the
   range by more than its own length, so a wild value does not make the next one look tame.
4. *Jointly.* The targets' surprises are averaged into one more stream, with a likelihood of its own. The least tail
   of all counts, times their number (Bonferroni).

An event begins with an alert, and is over when the score has stayed below a lower level for `REFRACTORY` rows.

S. Ahmad, A. Lavin, S. Purdy, Z. Agha (2017), Unsupervised real-time anomaly detection for streaming data.
Neurocomputing 262. V. Vovk, A. Gammerman, G. Shafer (2005), Algorithmic learning in a random world.
"""

from __future__ import annotations

import math
from typing import Any

from ..arrays.fields import WARM_UP
from ..arrays.group import Group, opener
from ..arrays.places import EXPECTED, LANE, Rates
from ..arrays.sizes import Sizes
from ..columns.gate import LARGEST
from ..machine.jit import entry, kernel
from ..machine.memory import flush_denormals, restore_denormals
from ..machine.vector import is_finite
from .anomaly_fields import ERROR_WINDOW, REFRACTORY, SHORT_TERM

MEANS_BEFORE_SCORES = 60  # in the spread of a stream of surprises
LEAST_DEVIATION = 0.02  # of the means: surprises of equal errors do not vary at all
MARGIN = 0.05
EASE = 2.0 / 3.0  # an event goes on while the tail is below that of an alert to this power

MEAN, VARIANCE = 0, 1  # places in `spread`
LOW, HIGH = 0, 1  # places in `range`


class Watch(Group):
    """What is known of the errors of one key's stream."""

    sizes: Sizes
    rates: Rates
    target_columns: Any  # (targets,)
    errors: Any = "past_errors"  # (watched, ERROR_WINDOW)
    graded: Any = "graded_count"  # (watched,)
    range: Any = "value_range"  # (watched, 2)
    values: Any = "value_count"  # (watched,)
    surprises: Any  # (channels, SHORT_TERM)
    means: Any = "surprise_means"  # (channels, SHORT_TERM)
    spread: Any = "surprise_spread"  # (channels, 2)
    count: Any = "surprise_count"  # (channels,)
    event_left: Any  # (1,)


_open_watch = opener(Watch)


@entry
def score_rows(double, integer, rows, marks, records):
    """Score every row.

    double, integer: the learner, see ``state.py``
    rows: (n, columns) float64, NaN where null
    marks: (n, 2) int64: the row's lane; 1 if it begins a sequence
    records: (n, answer_width) float64: each target's score, the joint one and the alert are written at ``scores_at``
    """
    before = flush_denormals()
    for i in range(rows.shape[0]):
        watch = _open_watch(double, integer, marks[i, LANE])
        _score_row(watch, rows[i], records[i])
    restore_denormals(before)


@kernel
def _score_row(watch, row, record):
    """Score one row: each target, then all of them; then decide whether to tell."""
    sizes = watch.sizes
    at = sizes.scores_at
    least, sum_, surprised = math.nan, 0.0, 0
    for t in range(sizes.watched):
        surprise, tail = _take_value(watch, t, row[watch.target_columns[t]], record[EXPECTED + t])
        record[at + t] = 1.0 - tail
        least = _lesser(least, tail)
        if not math.isnan(surprise):
            sum_ += surprise
            surprised += 1
    if sizes.channels > sizes.watched:
        if surprised > 0:
            least = _lesser(least, _tail_of(watch, sizes.watched, sum_ / surprised))
        least = min(1.0, sizes.channels * least) if not math.isnan(least) else math.nan
    record[at + sizes.watched] = 1.0 - least
    record[at + sizes.watched + 1] = _alert(watch, 1.0 - least)


@kernel
def _lesser(a, b):
    """Return the lesser of two numbers, or the one that is not missing."""
    return b if math.isnan(a) or b < a else a


@kernel
def _take_value(watch, t, value, expected):
    """One value of target t. Returns its surprise, and how likely one like it is by chance; NaN where not known."""
    if not is_finite(value) or abs(value) > LARGEST:
        return math.nan, math.nan
    is_outside = _is_outside(watch, t, value)
    _widen(watch, t, value)
    surprise = math.nan if math.isnan(expected) else _surprise(watch, t, abs(value - expected))
    tail = math.nan if math.isnan(surprise) else _tail_of(watch, t, surprise)
    return surprise, 0.0 if is_outside and _is_warm(watch, t) else tail


@kernel
def _surprise(watch, t, error):
    """Return how surprising an error is among those before it, and keep it; NaN while they are too few."""
    count = min(watch.graded[t], ERROR_WINDOW)
    greater, equal = 0, 0
    for j in range(count):
        greater += watch.errors[t, j] > error
        equal += watch.errors[t, j] == error
    watch.errors[t, watch.graded[t] % ERROR_WINDOW] = error
    watch.graded[t] += 1
    return -math.log((0.5 + greater + 0.5 * equal) / (count + 1)) if count >= WARM_UP else math.nan


@kernel
def _tail_of(watch, channel, surprise):
    """Let a surprise into its stream; return how likely a short-term mean as high as now is, NaN while not known."""
    place = watch.count[channel] % SHORT_TERM
    watch.surprises[channel, place] = surprise
    watch.count[channel] += 1
    if watch.count[channel] < SHORT_TERM:
        return math.nan
    sum_ = 0.0
    for j in range(SHORT_TERM):
        sum_ += watch.surprises[channel, j]
    mean = sum_ / SHORT_TERM
    tail = math.nan
    if _is_warm(watch, channel):
        deviation = max(math.sqrt(watch.spread[channel, VARIANCE]), LEAST_DEVIATION)
        tail = 0.5 * math.erfc((mean - watch.spread[channel, MEAN]) / deviation / math.sqrt(2.0))
    if _means_known(watch, channel) >= 1:
        _learn_spread(watch, channel, watch.means[channel, place])
    watch.means[channel, place] = mean
    return tail


@kernel
def _means_known(watch, channel):
    """Return how many means have no value in common with that of now."""
    return watch.count[channel] - (2 * SHORT_TERM - 1)


@kernel
def _is_warm(watch, channel):
    return _means_known(watch, channel) > MEANS_BEFORE_SCORES


@kernel
def _learn_spread(watch, channel, mean):
    """Running mean and variance, which forget what is older than about `ERROR_WINDOW` (Welford 1962)."""
    spread = watch.spread
    rate = 1.0 / min(_means_known(watch, channel), ERROR_WINDOW)
    off = mean - spread[channel, MEAN]
    spread[channel, MEAN] += rate * off
    spread[channel, VARIANCE] = (1.0 - rate) * (spread[channel, VARIANCE] + rate * off * off)


@kernel
def _is_outside(watch, t, value):
    low, high = watch.range[t, LOW], watch.range[t, HIGH]
    margin = MARGIN * (high - low)
    return watch.values[t] > 0 and (value > high + margin or value < low - margin)


@kernel
def _widen(watch, t, value):
    """Let a value into the range; it may grow by its own length, but for a constant column's first move."""
    low, high = watch.range[t, LOW], watch.range[t, HIGH]
    length = high - low if high > low else math.inf
    is_first = watch.values[t] == 0
    watch.range[t, LOW] = value if is_first else max(min(low, value), low - length)
    watch.range[t, HIGH] = value if is_first else min(max(high, value), high + length)
    watch.values[t] += 1


@kernel
def _alert(watch, score):
    """Return 1 where an event begins, else 0; NaN until a score has been known."""
    left, alert = watch.event_left[0], watch.rates.alert
    begins = score >= alert and left == 0
    goes_on = left > 0 and 1.0 - score <= (1.0 - alert) ** EASE
    watch.event_left[0] = REFRACTORY if begins or goes_on else max(left - 1, 0)
    if math.isnan(score) and not _is_warm(watch, watch.count.shape[0] - 1):
        return math.nan
    return 1.0 if begins else 0.0
