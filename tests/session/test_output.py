"""The output file: what is added to, what is refused."""

import pyarrow as pa
import pyarrow.ipc
import pytest
from sessions import WRITTEN, content

from streamrnn import Learner, SettingsError
from streamrnn.session import SessionError, records
from streamrnn.streams import StreamError


def test_a_file_that_the_model_was_not_writing_is_refused(files, run):
    (files / "out.csv").write_bytes(b"precious")
    run(source="in.csv", output="mine.csv", model="model", limit=10)
    with pytest.raises(StreamError, match=r"out.csv exists already"):
        run(source="in.csv", output="out.csv", model="model")
    assert (files / "out.csv").read_bytes() == b"precious"
    assert Learner.load(files / "model").rows == 10
    run(source="in.csv", output="out.csv", model="model", overwrite=True)
    assert content(files / "out.csv").count(b"\n") == 41


@pytest.mark.parametrize("more", [{}, {"output_format": "csv"}])
def test_an_output_that_is_a_directory_is_told(files, run, more):
    (files / "folder.csv").mkdir()
    for name in (".", "folder.csv"):
        with pytest.raises(StreamError, match=r"is a directory: name a file in it$"):
            run(source="in.csv", output=name, model="model", **more)


def test_a_run_that_goes_on_adds_to_its_output_even_if_it_may_replace_it(files, run):
    for _ in range(2):
        run(source="in.csv", output="out.csv", model="model", limit=25, overwrite=True)
    assert content(files / "out.csv").count(b"\n") == 51


def test_an_output_cannot_change_its_columns_or_its_format(files, run):
    run(source="in.csv", output="out.csv", model="model", limit=10)
    with pytest.raises(SettingsError, match=r"out.csv has other columns than the records would have now: site; choose"):
        run(source="in.csv", output="out.csv", model="model", echo=("site",))
    with pytest.raises(SettingsError, match=r"out.csv was begun as csv and cannot go on as ndjson; choose"):
        run(source="in.csv", output="out.csv", model="model", output_format="ndjson")


@pytest.mark.parametrize("name", WRITTEN)
def test_an_output_that_lost_rows_is_not_added_to(files, run, name, monkeypatch):
    monkeypatch.setattr(records, "ROWS_PER_BATCH", 4)
    run(source="in.csv", output=name, model="model", limit=10)
    if name == "out.arrow":
        with pa.ipc.new_file(files / name, pa.ipc.open_file(files / name).schema):
            pass
    else:
        content = (files / name).read_bytes()
        (files / name).write_bytes(content[: 2 * len(content) // 3])
    with pytest.raises(StreamError, match="replace it with --overwrite, or choose another name"):
        run(source="in.csv", output=name, model="model")
    assert Learner.load(files / "model").rows == 10


def test_an_output_that_has_gone_begins_anew(files, run):
    run(source="in.csv", output="out.csv", model="model", limit=10)
    (files / "out.csv").unlink()
    run(source="in.csv", output="out.csv", model="model")
    assert content(files / "out.csv").count(b"\n") == 41


def test_a_damaged_source_leaves_what_was_done(files, run):
    table = pa.table({"load": [float(i) for i in range(300)]})
    path = files / "in.arrows"
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    data = bytearray(path.read_bytes())
    middle = data.index(b"\xff\xff\xff\xff", data.index(b"\xff\xff\xff\xff", 8) + 8) + 8
    data[middle : middle + 40] = b"\xee" * 40
    path.write_bytes(data)
    with pytest.raises(StreamError, match="damaged"):
        run(source="in.arrows", output="out.csv", model="model")
    rows = Learner.load(files / "model").rows
    assert 0 < rows < 300
    assert content(files / "out.csv").count(b"\n") == rows + 1


def test_a_source_without_rows_is_no_stream(files, run):
    (files / "in.csv").write_bytes(b"load\n")
    with pytest.raises(SessionError, match=r"in.csv has no rows$"):
        run(source="in.csv", output="out.csv", model="model")
    assert not (files / "out.csv").exists()
    assert not (files / "model").exists()
