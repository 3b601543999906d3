"""In which batches Arrow records are written: it never depends on time, nor on how a run was cut."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pyarrow.ipc
import pytest
from commands import PATIENCE, csv_of

from streamrnn.session import Plan, Session, records
from streamrnn.streams import open_sink


def batch_sizes(path):
    reader = pa.ipc.open_file(path) if path.suffix == ".arrow" else pa.ipc.open_stream(path)
    if path.suffix == ".arrow":
        return [reader.get_batch(index).num_rows for index in range(reader.num_record_batches)]
    return [batch.num_rows for batch in reader]


@pytest.mark.parametrize("name", ["out.arrow", "out.arrows"])
@pytest.mark.parametrize("cuts", [(), (7,), (16, 17, 40)])
def test_batches_of_a_file_end_at_fixed_row_numbers_in_one_run_or_in_several(files, run, monkeypatch, name, cuts):
    monkeypatch.setattr(records, "ROWS_PER_BATCH", 16)
    run(source="in.csv", output=f"whole.{name}", model="whole")
    done = 0
    for cut in (*cuts, 50):
        run(source="in.csv", output=name, model="model", limit=cut - done)
        done = cut
    assert batch_sizes(files / name) == [16, 16, 16, 2]
    assert (files / name).read_bytes() == (files / f"whole.{name}").read_bytes()


def test_records_that_are_held_back_are_in_the_checkpoint_and_in_the_file_of_a_run_that_ended(files, run):
    run(source="in.csv", output="out.arrows", model="model", limit=10)
    assert batch_sizes(files / "out.arrows") == [10]


def test_rows_that_were_refused_move_no_end(files, run, monkeypatch):
    monkeypatch.setattr(records, "ROWS_PER_BATCH", 4)
    lines = csv_of(12).splitlines(keepends=True)
    (files / "in.csv").write_bytes(b"".join([*lines[:2], b"bad\n", b"bad\n", *lines[2:]]))
    run(source="in.csv", output="out.arrows")
    assert batch_sizes(files / "out.arrows") == [2, 4, 4, 2]


def test_a_refused_row_that_comes_alone_writes_no_batch(tmp_path):
    read_end, write_end = os.pipe()
    os.write(write_end, b"load,level\n1,2\n3,4\n")
    plan = Plan(f"/dev/fd/{read_end}", str(tmp_path / "out.arrows"), {"hidden": 4, "window": 4})
    session = Session(plan)
    os.write(write_end, b"refused\n")
    os.close(write_end)
    session.run()
    os.close(read_end)
    assert (session.outcome.rows, batch_sizes(tmp_path / "out.arrows")) == (3, [2])


def test_batches_on_a_pipe_are_those_of_the_source(tmp_path):
    table = pa.table({"load": [float(i) for i in range(5000)]})
    with pa.ipc.new_stream(tmp_path / "in.arrows", table.schema) as writer:
        for start, rows in ((0, 3), (3, 2997), (3000, 2000)):
            writer.write_table(table.slice(start, rows))
    read_end, write_end = os.pipe()
    with ThreadPoolExecutor() as pool, open(read_end, "rb") as reader:
        written = pool.submit(reader.read)
        plan = Plan(str(tmp_path / "in.arrows"), f"/dev/fd/{write_end}", {"hidden": 4, "window": 4})
        try:
            Session(replace(plan, output_format="arrow")).run()
        finally:
            os.close(write_end)  # or the reader waits for ever
        assert [batch.num_rows for batch in pa.ipc.open_stream(written.result(PATIENCE))] == [3, 2997, 2000]


def test_lines_are_written_as_they_come(tmp_path):
    table = pa.table({"row": pa.array([0, 1], pa.int64())})
    path = tmp_path / "out.csv"
    writer = records.Records(open_sink(str(path), table.schema), "as they come")
    writer.write(table, ends_batch=False)
    assert path.read_bytes() == b"row\n0\n1\n"
    assert writer.held() == ""
    writer.finish()
