"""The benchmark of alerts: its rules of scoring on cases worked out by hand, and that it tells as a learner does."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from benchmarks.anomaly import ALERTS, events, left_out, outside, published_scores, scores_of, share_ahead
from benchmarks.nab import LabelledFile, file_score, normalised, read_files
from streamrnn import Learner

ROWS, WINDOW = 1000, (500, 599)
WIDTH = 100


def sigma(place: float) -> float:
    """The published curve: (2 / (1 + e^(5 y))) - 1."""
    return 2.0 / (1.0 + math.exp(5.0 * place)) - 1.0


@pytest.mark.parametrize(
    ("alerts", "score"),
    [
        ([], -1.0),  # missed
        ([500], 1.0),  # as early as can be
        ([599], sigma(-1 / WIDTH) / sigma(-1.0)),  # just in time
        ([549], sigma(-51 / WIDTH) / sigma(-1.0)),
        ([500, 510, 599], 1.0),  # the earliest counts, and others do no harm
        ([599, 500], 1.0),  # in whatever order
        ([149], -1.0),  # in the first 15%, which do not count
        ([150], -1.0 - 0.11),  # before every window: wrong in full
        ([500, 600], 1.0 + 0.11 * sigma(1 / 99)),  # a little late
        ([500, 999], 1.0 - 0.11),  # more than three windows later: wrong in full
        ([500, 700, 700], 1.0 + 2 * 0.11 * sigma(101 / 99)),  # each one counts
    ],
)
def test_alerts_earn_what_the_rules_say(alerts, score):
    assert file_score(alerts, [WINDOW], ROWS) == pytest.approx(score)


def test_an_alert_between_two_windows_is_measured_from_the_end_of_the_one_before():
    windows = [(200, 299), (500, 549)]
    assert file_score([320], windows, ROWS) == pytest.approx(-2.0 + 0.11 * sigma(21 / 99))
    assert file_score([560], windows, ROWS) == pytest.approx(-2.0 + 0.11 * sigma(11 / 49))


def test_at_most_750_rows_do_not_count():
    assert file_score([750], [], 100_000) == pytest.approx(-0.11)
    assert file_score([749], [], 100_000) == 0.0


def test_silence_is_0_and_perfection_100():
    assert normalised(-4.0, windows=4) == 0.0
    assert normalised(4.0, windows=4) == 100.0


def test_files_are_read_with_their_windows_in_rows(tmp_path):
    (tmp_path / "some").mkdir()
    times = [f"2014-04-01 00:{minute:02}:00" for minute in range(10)]
    lines = ["timestamp,value", *(f"{time},{row}" for row, time in enumerate(times))]
    (tmp_path / "some" / "a.csv").write_text("\n".join(lines) + "\n")
    windows = {"some/a.csv": [[f"{times[2]}.000000", f"{times[5]}.000000"]]}
    (tmp_path / "anomaly_windows.json").write_text(json.dumps(windows))
    (file,) = read_files(tmp_path)
    assert (file.name, file.folder, file.windows) == ("some/a.csv", "some", [(2, 5)])
    assert file.values.tolist() == list(range(10))


def test_events_and_the_range_rule_are_those_of_the_learner():
    values = np.random.default_rng(0).uniform(-1.0, 1.0, 1500)
    values[[250, 400, 410, 470, 720]] = [5.0, -20.0, -80.0, 160.0, 700.0]
    values[900:940] *= 3.0
    table = Learner("value", alert=0.999, experts=False).run(values[:, None])
    found = scores_of(LabelledFile("some/a.csv", values, []), seed=0)
    assert events(found, 0.999) == np.flatnonzero(table["alert"].fill_null(False).to_numpy()).tolist() != []
    without = scores_of(LabelledFile("some/a.csv", values, []), seed=0, ranges=False)
    ruled = outside(values) & ~np.isnan(found)
    assert (found[ruled] == 1.0).all() and ruled.sum() >= 5
    np.testing.assert_array_equal(found[~ruled], without[~ruled])


def test_the_published_likelihood_is_that_of_the_errors_themselves():
    values = np.cumsum(np.random.default_rng(0).standard_normal(2600))
    found = published_scores(LabelledFile("some/a.csv", values, []), seed=0)
    errors = np.abs(np.diff(values, prepend=values[0]))
    for row in (160, 900, 2599):
        window = errors[max(0, row - 2000) : row]
        off = (errors[row - 9 : row + 1].mean() - window.mean()) / window.std()
        assert found[row] == pytest.approx(1.0 - 0.5 * math.erfc(off / math.sqrt(2.0))) or outside(values)[row]
    assert np.isnan(found[:160]).all() and not np.isnan(found[160:]).any()


def test_a_folder_has_no_say_in_its_own_level():
    files = [LabelledFile(f"{folder}/x.csv", np.zeros(10), []) for folder in "abc"]
    table = np.zeros((1, len(ALERTS), 3))
    table[0, 2] = [100.0, 0.0, 0.0]  # the best of all, by one file
    table[0, 5] = [0.0, 1.0, 1.0]  # the best by the two others
    chosen, levels = left_out(table, files)
    assert levels == {"a": ALERTS[5], "b": ALERTS[2], "c": ALERTS[2]}
    assert chosen.tolist() == [[0.0, 0.0, 0.0]]


def test_the_bootstrap_counts_how_often_the_sum_is_ahead():
    assert share_ahead(np.ones(5), np.zeros(5)) == 1.0
    assert share_ahead(np.zeros(5), np.zeros(5)) == 0.0
    assert 0.3 < share_ahead(np.array([1.0, -1.0] * 20), np.zeros(40)) < 0.7
