"""Text that keeps its format is written as it came, and what another format cannot hold is left out."""

import json

from streamrnn.streams import ReadOptions, open_source

BROKEN = b"time,x\n2024-01-01,1\nragged\n2024-01-02,\xff\n\n2024-01-03,3\n"


def test_rows_that_could_not_be_read_are_written_as_they_came(replayed, tmp_path):
    source = tmp_path / "x.csv"
    source.write_bytes(BROKEN)
    output, outcome = replayed(source, "csv")
    assert output.read_bytes() == BROKEN
    assert (outcome.rows, outcome.left_out) == (4, 0)


def test_in_another_format_they_are_left_out_counted_and_told(replayed, tmp_path, heard):
    source = tmp_path / "x.csv"
    source.write_bytes(BROKEN)
    output, outcome = replayed(source, "ndjson")
    assert [json.loads(line)["x"] for line in output.read_text().splitlines()] == [1, 3]
    assert (outcome.rows, outcome.left_out) == (4, 2)
    assert heard.warned == ["line 3 is left out, which cannot be written as ndjson: the row has 1 cell, the header 2"]


def test_a_line_that_is_too_long_keeps_its_number(replayed, tmp_path):
    reading = ReadOptions(max_line_bytes=30)
    source = tmp_path / "x.csv"
    source.write_text("time,x\n2024-01-01,1\n2024-01-01," + '"' + "9" * 5000 + "\n2024-01-02,3\n")
    output, outcome = replayed(source, "csv", reading=reading)
    again = open_source(str(output), options=reading)
    batches = list(again.batches(["x"], []))
    assert [row for batch in batches for row in batch.table["x"].to_pylist()] == [1.0, 3.0]
    assert sum(batch.arrivals for batch in batches) == outcome.rows == 3
    assert outcome.left_out == 1


def test_a_line_that_is_too_long_is_no_row_of_a_single_column_either(replayed, tmp_path):
    source = tmp_path / "x.csv"
    source.write_text("name\nab\n" + "9" * 5000 + "\ncd\n")
    output, _ = replayed(source, "csv", reading=ReadOptions(max_line_bytes=30))
    (batch,) = open_source(str(output)).batches([], ["name"])
    assert batch.table["name"].to_pylist() == ["ab", "cd"]
    assert [row.offset for row in batch.refused] == [1]


def test_what_is_no_row_goes_with_the_row_before_it(replayed, tmp_path):
    source = tmp_path / "x.csv"
    source.write_text("x,y\n# begin\n\n1,1\n# half\n2,2\n\n3,3\n")
    output, _ = replayed(source, "csv", limit=2, reading=ReadOptions(comment="#"))
    assert output.read_text() == "x,y\n# begin\n\n1,1\n# half\n2,2\n\n"


def test_rows_that_could_not_be_read_go_with_the_row_before_them(replayed, tmp_path):
    source = tmp_path / "x.csv"
    source.write_text("time,x\n2024-01-01,1\nragged\n2024-01-02,2\nragged\nragged\n2024-01-03,3\n")
    output, outcome = replayed(source, "csv", since="2024-01-02", until="2024-01-03")
    assert output.read_text() == "time,x\n2024-01-02,2\nragged\nragged\n"
    assert outcome.rows == 3


def test_keys_that_come_later_are_in_the_same_lines(replayed, tmp_path):
    source = tmp_path / "x.ndjson"
    source.write_bytes(b'{"x": 1}\r\n\n{"x": 2, "late": {"a": [1.50]}}\nnot json\n{"x": 3')
    output, outcome = replayed(source, "ndjson")
    assert output.read_bytes() == source.read_bytes()
    assert outcome.rows == 4
