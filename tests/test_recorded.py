"""Recorded streams, as rough as life: what is promised of made-up ones holds on them too."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.ipc
import pytest
from learners import DoubleLearner, check_finite, randomised, run_beside_reference

from streamrnn import Learner
from streamrnn.rows.tables import column_matrix

FOLDER = Path(os.environ.get("STREAMRNN_DATA") or Path(__file__).parents[1] / ".." / "shared" / "data")


def recorded(name: str, rows: int) -> pyarrow.Table:
    """The first rows of a recording."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no recording {name}: name the folder of recorded streams in STREAMRNN_DATA")
    if path.suffix == ".csv":
        return pyarrow.csv.read_csv(path).slice(0, rows)
    with pyarrow.memory_map(str(path)) as file:
        return pyarrow.ipc.open_file(file).read_all().slice(0, rows).combine_chunks()


def numbers_of(table: pyarrow.Table) -> list[str]:
    return [field.name for field in table.schema if pyarrow.types.is_floating(field.type)]


@pytest.mark.parametrize("name", ["market/btcusdt_20240808.arrow", "vehicle/comma2k19_segment.arrow"])
def test_sensors_that_tick_each_at_its_own_rate(name):
    """One row per event, all other columns null: horizons count the target's values."""
    table = recorded(name, 3000)
    columns = numbers_of(table)
    settings = {"hidden": 4, "window": 8, "horizon": 2, "horizon_unit": "values"}
    whole, cut = (Learner(columns[0], columns, **settings) for _ in range(2))
    expected = whole.run(table)
    records = [cut.run(table.slice(0, 1234))]
    cut = Learner.from_bytes(cut.to_bytes())
    records.append(cut.run(table.slice(1234)))
    assert pyarrow.concat_tables(records).equals(expected)
    assert cut.to_bytes() == whole.to_bytes()
    check_finite(whole)
    assert whole.metrics.scores[0].count > 100


def test_a_market_beside_the_reference():
    """Prices of 61,000 that move by a cent."""
    table = recorded("market/btcusdt_20240808.arrow", 400)
    columns = numbers_of(table)[:3]
    learner = randomised(DoubleLearner(columns[0], columns, hidden=4, window=6, horizon=2, lr=1e-3), size=0.2)
    run_beside_reference(learner, column_matrix(table.to_batches()[0], columns), tolerance=1e-6)


def test_a_stream_with_sense_is_forecast_better_than_by_its_last_value():
    table = recorded("forecasting/ETTh1.csv", 8000)
    learner = Learner("OT", numbers_of(table), horizon=(1, 24))
    learner.run(table)
    assert learner.metrics.skill > 0.0
    assert np.isfinite([score.mae for score in learner.metrics.scores]).all()
