"""From files: growing, rotated, many, and of shapes that a filter puts right."""

import csv as csv_reader
import gzip
import json

import pytest

from cookbook.pipelines import assert_forecasts
from cookbook.readings import LOADS, csv


def append(path, text):
    with path.open("a") as file:
        file.write(text)


@pytest.mark.parametrize("heading", ["A CSV file that grows", "A CSV file that grows, through a filter"])
def test_a_file_is_read_as_it_grows_and_through_a_rotation(start, tmp_path, heading):
    file = tmp_path / "plant.csv"
    file.write_text(csv(LOADS[:10]))
    recipe = start(heading)
    records = recipe.records(10)
    append(file, csv(LOADS[10:20], first=10).partition("\n")[2])
    records += recipe.records(10)
    file.rename(tmp_path / "plant.csv.1")
    file.write_text(csv(LOADS[20:], first=20))  # with a header
    records += recipe.records(10)
    assert_forecasts(records, LOADS)
    assert recipe.stop() == []


def test_numbers_are_found_in_a_log(start, tmp_path):
    log = tmp_path / "access.log"
    log.write_text("nothing of interest\n")
    recipe = start("Numbers out of a log")
    seconds = [0.25 + i % 3 for i in range(20)]
    append(log, "".join(f"10:00:{i:02} GET /index status=200 seconds={s} \nother\n" for i, s in enumerate(seconds)))
    assert_forecasts(recipe.records(20), seconds, "seconds")
    assert recipe.stop() == []


def test_json_of_another_shape_is_flattened_and_a_broken_line_dropped(start, tmp_path):
    events = [
        {"at": f"10:00:{i:02}", "sensor": "pump", "data": {"load": load, "celsius": "20.5"}}
        for i, load in enumerate(LOADS)
    ]
    lines = [json.dumps(event) for event in events]
    (tmp_path / "events.ndjson").write_text("\n".join([*lines[:10], '{"sensor": "pu', '{"sensor": "fan"}', ""]))
    recipe = start("JSON of another shape", "jq")
    records = recipe.records(10)
    append(tmp_path / "events.ndjson", "\n".join([*lines[10:], ""]))
    records += recipe.records(20)
    assert_forecasts(records, LOADS)
    assert [record["time"] for record in records] == [event["at"] for event in events]
    assert recipe.stop() == []


def test_columns_are_made_of_columns(start, tmp_path):
    file = tmp_path / "meter.csv"
    file.write_text("time,volt,ampere\n")
    recipe = start("Columns made of columns", "mlr")
    for first in (0, 10):
        append(file, "".join(f"{i},{230 + i % 2},{2 + i % 3}\n" for i in range(first, first + 10)))
        records = recipe.records(10)
        assert [record["power"] for record in records] == [
            (230 + i % 2) * (2 + i % 3) for i in range(first, first + 10)
        ]
        assert [record["time"] for record in records] == [*range(first, first + 10)]
        assert all(isinstance(record["power_h5"], float) for record in records)
    assert recipe.stop() == []


def test_many_compressed_files_are_one_stream(start, tmp_path):
    for part in range(3):
        text = csv(LOADS[10 * part : 10 * part + 10], first=10 * part)
        (tmp_path / f"plant-{part}.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert start("Many files as one", "gzip").finish() == []
    with (tmp_path / "forecasts.csv").open() as file:
        records = list(csv_reader.DictReader(file))
    assert [(int(record["row"]), float(record["load"])) for record in records] == [*enumerate(LOADS)]
    assert [record["load_expected"] for record in records[1:]] == [record["load_h1"] for record in records[:-1]]


def test_a_run_is_summed_up_at_the_shell(start, tmp_path):
    (tmp_path / "plant.csv").write_text(csv(LOADS))
    lines = start("How good it was, at the shell", "mlr").finish()
    summary = dict(line.split() for line in lines)
    assert list(summary) == ["error_count", "error_mean", "error_p95"]
    assert int(summary["error_count"]) == len(LOADS) - 1
    assert 0.0 < float(summary["error_mean"]) < float(summary["error_p95"]) < 7.0


def test_semicolons_and_comments_are_understood(start, tmp_path):
    lines = csv(LOADS).replace(",", ";").splitlines()
    (tmp_path / "export.csv").write_text("\n".join(["# exported today", *lines[:5], "# noon", *lines[5:], ""]))
    recipe = start("CSV with habits of its own")
    assert_forecasts([json.loads(line) for line in recipe.finish()], LOADS)


def test_rows_that_cannot_be_used_are_left_out_and_written_down(start, tmp_path):
    lines = csv(LOADS).splitlines()
    lines[3] = lines[3].replace("20.5", "oops")
    lines[5] += ",more"
    (tmp_path / "plant.csv").write_text("\n".join([*lines, ""]))
    *records, first_reason, second_reason = start("Rows that cannot be used", "jq").finish()
    assert [json.loads(record)["row"] for record in records] == [0, 1, 3, *range(5, len(LOADS))]
    assert first_reason.split() == ["1", "not", "a", "number"]
    assert second_reason.split() == ["1", "the", "row", "has", "4", "cells,", "the", "header", "3"]
    rejected = [json.loads(line) for line in (tmp_path / "rejected.ndjson").read_text().splitlines()]
    assert [(reject["row"], reject["line"], reject["column"]) for reject in rejected] == [
        (2, 4, "temperature"),
        (4, 6, None),
    ]
