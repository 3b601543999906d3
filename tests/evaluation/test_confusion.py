"""What was taken for what: counted over all records, shown for the categories that came most."""

import numpy as np
import pyarrow as pa
import pytest

from streamrnn.evaluation.confusion import SHOWN, TOLD_APART, Confusion
from streamrnn.settings import Settings


def confusion_of(horizon, truths, forecasts):
    settings = Settings(targets="c", features="x" if horizon == 0 else "c", categorical="c", horizon=horizon)
    confusion = Confusion(settings)
    name = "c_h0" if horizon == 0 else "c_expected"
    for start in range(0, len(truths), 100):
        part = slice(start, start + 100)
        confusion.add(pa.table({"c": truths[part], name: forecasts[part]}))
    return confusion.tables()


@pytest.mark.parametrize("horizon", [0, 1])
def test_pairs_are_counted_and_the_most_frequent_come_first(horizon):
    truths = ["a", "b", "b", None, "b", "c", "a", "b"]
    forecasts = ["b", "b", "b", "b", None, "c", "a", "a"]
    (table,) = confusion_of(horizon, truths, forecasts)
    assert (table.target, table.horizon, table.categories) == ("c", horizon, ("b", "a", "c"))
    np.testing.assert_array_equal(table.counts, [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])


def test_of_many_categories_the_rest_are_one_and_nothing_grows():
    random = np.random.default_rng(0)
    names = [f"n{place}" for place in range(TOLD_APART + 100)]
    truths, forecasts = (random.geometric(0.02, 20_000) - 1 for _ in range(2))
    pairs = [[names[min(place, len(names) - 1)] for place in side] for side in (truths.tolist(), forecasts.tolist())]
    (table,) = confusion_of(1, *pairs)
    assert table.categories == tuple(names[:SHOWN]) or len(set(table.categories)) == SHOWN
    assert table.counts.shape == (SHOWN + 1, SHOWN + 1) and table.counts.sum() == 20_000
    for place, category in enumerate(table.categories):
        assert table.counts[place].sum() == pairs[0].count(category)
        assert table.counts[place, place] == sum(a == b == category for a, b in zip(*pairs, strict=True))


@pytest.mark.parametrize("horizon", [(2, 3), 5])
def test_only_what_a_record_grades_is_counted(horizon):
    settings = Settings(targets="c", features="c", categorical="c", horizon=horizon)
    records = pa.table({"c": ["a", "b"], "c_expected": pa.array([None, None], pa.string())})
    confusion = Confusion(settings)
    confusion.add(records)
    assert confusion.tables() == ()
