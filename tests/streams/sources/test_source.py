"""Opening a stream: which format it has, and what is said when it cannot be read."""

import gzip
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet
import pytest

from streamrnn.streams import StreamError, open_source

CSV = b"time,load\nnoon,1\nnight,2\n"
NDJSON = b'{"time":"noon","load":1}\n{"time":"night","load":2}\n'
ROWS = [{"load": 1.0, "time": "noon"}, {"load": 2.0, "time": "night"}]


# Another process sees the modules of this one.
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def run_python(code, **options):
    return subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, **options)


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("a.csv", CSV, "csv"),
        ("a.CSV", CSV, "csv"),
        ("a.jsonl", NDJSON, "ndjson"),
        ("a", CSV, "csv"),
        ("a.txt", b" \n" + NDJSON, "ndjson"),
        ("a.log", b"\xef\xbb\xbf" + NDJSON, "ndjson"),
    ],
)
def test_the_format_follows_from_the_extension_or_else_from_the_first_bytes(file_of, read_all, name, data, format):
    source = open_source(file_of(data, name))
    assert source.format == format
    assert read_all(source, ["load"], ["time"])[0] == ROWS


def test_a_format_that_is_named_wins_over_the_extension(file_of, read_all):
    assert read_all(open_source(file_of(NDJSON, "a.csv"), format="ndjson"), ["load"], ["time"])[0] == ROWS


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("data", [CSV, NDJSON, CSV.ljust(300_000, b"\n")], ids=["csv", "ndjson", "long"])
def test_compressed_streams_are_unpacked(file_of, read_all, codec, data):
    compressed = pa.compress(data, codec, asbytes=True)
    for name in ("a.gz", "a"):
        assert read_all(open_source(file_of(compressed, name)), ["load"], ["time"])[0] == ROWS


def test_several_gzip_members_are_one_stream(file_of, read_all):
    data = gzip.compress(CSV[:12]) + gzip.compress(CSV[12:])
    assert read_all(open_source(file_of(data, "a.csv.gz")), ["load"], ["time"])[0] == ROWS


def test_a_truncated_gzip_file_is_an_error_in_words(file_of, read_all):
    data = gzip.compress(CSV + os.urandom(1000).hex().encode())[:-500]
    with pytest.raises(StreamError, match=r"a\.csv\.gz cannot be read: "):
        read_all(open_source(file_of(data, "a.csv.gz")), ["load"])


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "a.csv", "is empty"),
        (gzip.compress(b""), "a.csv.gz", "is empty"),
        (
            b"\x89PNG\r\n\x1a\n\0\0",
            "a",
            "unknown format; if it is one of arrow, csv, ndjson, parquet, say so with --input-format",
        ),
        (
            b'[{"load":1}]',
            "a",
            "unknown format; if it is one of arrow, csv, ndjson, parquet, say so with --input-format",
        ),
    ],
)
def test_what_is_no_stream_of_rows_is_refused_in_words(file_of, data, name, message):
    with pytest.raises(StreamError) as error:
        open_source(file_of(data, name))
    assert str(error.value).endswith(message)


def test_a_path_that_is_no_file_is_refused_in_words(tmp_path):
    with pytest.raises(StreamError, match=r"nowhere.csv does not exist$"):
        open_source(str(tmp_path / "nowhere.csv"))
    with pytest.raises(StreamError, match=r"is a directory: name a file in it$"):
        open_source(str(tmp_path))
    with pytest.raises(StreamError, match=r"cannot read the format 'xml': choose one of arrow, csv, ndjson, parquet$"):
        open_source("a.csv", format="xml")


def test_a_source_that_cannot_be_opened_leaves_no_descriptor_open(file_of):
    path = file_of(b"", "a.csv")
    before = os.open(path, os.O_RDONLY)
    os.close(before)
    with pytest.raises(StreamError):
        open_source(path)
    after = os.open(path, os.O_RDONLY)
    os.close(after)
    assert after == before


def test_a_row_of_a_live_pipe_is_out_before_the_next_is_waited_for(pipe, promptly):
    pipe.write(b"x\n1\n")  # shorter than any magic number
    source = promptly(lambda: open_source(pipe.path))
    batches = source.batches(["x"], [])
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 1.0}]
    pipe.write(b"2\n3\n4")
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 2.0}, {"x": 3.0}]
    pipe.end()
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 4.0}]


def test_stdin_is_read_and_named():
    code = "from streamrnn.streams import open_source\n"
    code += "source = open_source('-'); print(source.name, source.format, source.columns)\n"
    code += "print([batch.table.to_pydict() for batch in source.batches(['load'], [])])"
    output = run_python(code, input=CSV.decode()).stdout
    assert output == "stdin csv {'time': 'text', 'load': 'number'}\n[{'load': [1.0, 2.0]}]\n"


def test_stdin_may_be_a_parquet_file(tmp_path):
    pyarrow.parquet.write_table(pa.table({"x": [1, 2]}), tmp_path / "x.parquet")
    code = "from streamrnn.streams import open_source\n"
    code += "print([batch.table.to_pydict() for batch in open_source('-').batches(['x'], [])])"
    with open(tmp_path / "x.parquet", "rb") as file:
        assert run_python(code, stdin=file).stdout == "[{'x': [1.0, 2.0]}]\n"


def test_a_closed_stdin_is_an_error_in_words():
    code = "import os; os.close(0)\nfrom streamrnn.streams import open_source\nopen_source('-')"
    assert run_python(code).stderr.endswith("StreamError: stdin is closed\n")


def test_importing_the_streams_loads_no_heavy_library():
    code = "import sys, streamrnn.streams; print(sorted({'pyarrow', 'orjson', 'numpy', 'numba'} & set(sys.modules)))"
    assert run_python(code).stdout == "[]\n"
