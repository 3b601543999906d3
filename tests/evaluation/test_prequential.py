"""One pass over a stream: rows in, figures out."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest
from commands import csv_of
from sessions import Heard

from streamrnn import Learner, SettingsError
from streamrnn.evaluation.prequential import Prequential
from streamrnn.evaluation.report import page_of
from streamrnn.evaluation.results import NOT_TESTED
from streamrnn.session import Plan, SessionError
from streamrnn.streams import StreamError


def test_figures_are_those_that_a_run_ends_with(evaluate, load):
    evaluation = evaluate(load)
    table = np.genfromtxt(load, delimiter=",", skip_header=1, usecols=(1, 2))
    learner = Learner(["load", "wind"], hidden=4, window=4, horizon=3)
    learner.run(table)
    ours = [score for score in evaluation.scores if score.forecaster == "mix"]
    for score, expected in zip(ours, learner.metrics.scores, strict=True):
        assert (score.target, score.horizon, score.count) == (expected.target, expected.horizon, expected.count)
        assert (score.mae, score.skill) == pytest.approx((expected.mae, expected.skill))
    assert evaluation.metrics == learner.metrics


def test_one_row_ahead_the_last_value_has_the_unit_of_mase(evaluate, load):
    assert evaluate(load).mase("last value", 1) == pytest.approx(1.0)


def test_mase_divides_by_the_moves_of_all_that_came(evaluate, load):
    moves = np.abs(np.diff(np.genfromtxt(load, delimiter=",", skip_header=1, usecols=1))).mean()
    score = evaluate(load).of("load", 2)[-1]
    assert score.mase == pytest.approx(score.mae / moves)


def test_the_best_other_forecaster_has_the_least_squared_error(evaluate, load):
    evaluation = evaluate(load)
    *others, _ = evaluation.of("load", 1)
    assert evaluation.best_other("load", 1).rmse == min(score.rmse for score in others)
    assert sum(evaluation.verdict_counts()) == 6


def test_before_there_are_intervals_nothing_lies_outside_of_them(evaluate, load):
    evaluation = evaluate(load, {"intervals": 0.9, "targets": "load"})
    first, *_ = evaluation.traces.coverage.rows()
    assert first > 15  # so many errors are needed to know how large they are
    shares = evaluation.traces.coverage.values()
    assert shares.mean() == pytest.approx(np.mean([score.coverage for score in evaluation.intervals]), abs=0.05)


def test_alerts_are_those_that_a_run_would_tell(evaluate, tmp_path):
    values = np.random.default_rng(0).standard_normal(600)
    values[400:403] = 30.0
    path = tmp_path / "spike.csv"
    path.write_text("\n".join(["x", *map(str, values), ""]))
    evaluation = evaluate(path, {"alert": 0.99})
    records = Learner("x", hidden=4, window=4, horizon=3, alert=0.99).run(values[:, None])
    alerts = np.flatnonzero(records["alert"].fill_null(False).to_numpy()).tolist()
    assert 400 in alerts
    assert (evaluation.traces.alerts, evaluation.outcome.alerts) == (alerts, len(alerts))
    assert evaluation.to_dict()["alerts"] == len(alerts)
    (highest,) = evaluation.traces.anomaly.values()
    assert highest.max() == np.nanmax(records["anomaly"].to_numpy())
    page = page_of(evaluation)
    assert "<b>Anomaly score</b>" in page and f"; {len(alerts)} alerts</small>" in page


def test_a_source_that_breaks_off_is_evaluated_as_far_as_it_goes(evaluate, tmp_path):
    table = pa.table({"x": np.arange(3000) % 7 * 1.0})
    path = tmp_path / "cut.arrows"
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=500)
    path.write_bytes(path.read_bytes()[:-2000])
    evaluation = evaluate(path)
    assert 0 < evaluation.outcome.rows < 3000
    assert not evaluation.outcome.complete and not evaluation.to_dict()["complete"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_stream_of_a_few_rows_has_no_figures_and_no_errors(evaluate, load, limit):
    evaluation = evaluate(load, limit=limit)
    assert (evaluation.outcome.rows, evaluation.verdict_counts()) == (limit, (0, 0, 0))
    assert evaluation.summary == NOT_TESTED
    assert "<figure" in page_of(evaluation)
    json.dumps(evaluation.to_dict(), allow_nan=False)


def test_bad_rows_are_counted_and_not_graded(evaluate, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(csv_of(100) + b"t100,1\n" + b"t101,oops,2,b\n" + csv_of(50, start=102).split(b"\n", 1)[1])
    evaluation = evaluate(path)
    assert (evaluation.outcome.rows, evaluation.metrics.refused_rows, evaluation.metrics.steps) == (152, 1, 151)
    assert evaluation.metrics.nulls["load"] == 1
    with pytest.raises(
        SessionError, match=r"bad\.csv: line 102: .*; the row is bad, and --on-bad stop ends the run there"
    ):
        evaluate(path, on_bad="stop")


@pytest.mark.parametrize(
    ("content", "settings", "error", "message"),
    [
        (b"a\n", {}, SessionError, "has no rows"),
        (b"", {}, StreamError, "empty"),
        (b"a\n1\n", {"targets": "b"}, SettingsError, "has no column 'b'"),
        (b"a\nx\n", {}, SettingsError, "has no column of numbers to forecast"),
        (b"a,b\n1,2\n", {"targets": "a", "features": "a", "horizon": 0}, SettingsError, "cannot be a feature"),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_a_line(evaluate, tmp_path, content, settings, error, message):
    path = tmp_path / "wrong.csv"
    path.write_bytes(content)
    with pytest.raises(error, match=message) as caught:
        evaluate(path, settings)
    assert "\n" not in str(caught.value)


def test_whoever_listens_hears_of_progress(load):
    heard = Heard()
    Prequential(Plan(source=str(load), settings={"hidden": 4, "window": 4})).run(heard)
    assert heard.rows == 200


def test_what_pictures_need_does_not_grow_with_the_stream(evaluate, tmp_path):
    sizes = []
    for rows in (3000, 12000):
        path = tmp_path / f"{rows}.csv"
        path.write_bytes(csv_of(rows))
        sizes.append(len(page_of(evaluate(path, {"targets": "load", "time": "time"}))))
    assert sizes[1] < 1.2 * sizes[0]


def test_categories_are_evaluated_by_what_the_learner_counts(evaluate, load):
    evaluation = evaluate(load, {"targets": "site", "features": ["load", "wind", "site"]})
    assert evaluation.targets == ()
    assert [score.target for score in evaluation.metrics.class_scores] == ["site"] * 3
    assert evaluation.to_dict()["class_scores"][0]["accuracy"] > 0.5
    score, (table,) = evaluation.metrics.class_scores[0], evaluation.confusion
    assert (table.target, table.horizon, set(table.categories)) == ("site", 1, {"a", "b"})
    assert table.counts.sum() == score.count
    assert table.counts.trace() == round(score.accuracy * score.count)
    assert evaluation.to_dict()["confusion"][0]["counts"] == table.counts.tolist()
    page = page_of(evaluation)
    assert "most frequent" in page and "taken for what?" in page
