"""The recipes in Python: tables of other libraries, straight in and out."""

import re

import pytest

from cookbook.document import recipe
from cookbook.readings import LOADS, csv
from streamrnn import Learner


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Run the Python under a heading where plant.csv lies; its names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plant.csv").write_text(csv(LOADS))

    def execute(heading, *libraries):
        for library in libraries:
            pytest.importorskip(library, reason=f"{library} is not installed")
        names = {}
        exec(compile(recipe(heading, "python"), heading, "exec"), names)
        return names

    return execute


def test_a_polars_frame_becomes_records(execute):
    records = execute("Polars", "polars")["records"]
    assert records["row"].to_list() == list(range(len(LOADS)))
    assert records["load"].to_list() == LOADS
    assert records["time"][0] == "2025-03-01T00:00:00"
    assert records["load_h12"].null_count() == 0


def test_a_duckdb_relation_becomes_records(execute, capsys):
    records = execute("DuckDB", "duckdb")["records"]
    assert records["load"].to_pylist() == LOADS
    errors = [abs(row["load"] - row["load_expected"]) for row in records.to_pylist()[1:]]
    (printed,) = re.findall(r"\d+\.\d+", capsys.readouterr().out)
    assert float(printed) == pytest.approx(sum(errors) / len(errors))


def test_a_pandas_frame_becomes_records(execute):
    names = execute("pandas", "pandas")
    assert names["records"]["load"].to_list() == LOADS
    assert names["records"]["time"].to_list() == names["readings"]["time"].to_list()


def test_batches_add_up_to_one_run(execute, tmp_path):
    learner = execute("More rows than memory holds", "duckdb")["learner"]
    assert learner.rows == len(LOADS)
    assert Learner.load(tmp_path / "pump.safetensors").rows == len(LOADS)


def test_forecasts_are_summed_up_in_sql(execute, start, capsys):
    (day,) = start("How good it was, in SQL").finish() or ("2025-03-01",)
    execute("How good it was, in SQL", "duckdb")
    out = capsys.readouterr().out
    assert day in out
    assert "error_of_last_value" in out
