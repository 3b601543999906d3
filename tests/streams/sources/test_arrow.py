"""Arrow IPC -> batches: files and streams, whole, cut short and damaged."""

import datetime
import decimal
import random

import pyarrow as pa
import pyarrow.ipc
import pytest

from streamrnn.streams import StreamError, open_source
from streamrnn.streams.sources.arrow import ROWS

TABLE = pa.table({"x": [1.0, None, 3.0], "name": ["a", None, "c"], "count": pa.array([1, 2, 3], pa.int32())})


def ipc_bytes(table, new=pa.ipc.new_stream, rows=None, **options):
    sink = pa.BufferOutputStream()
    with new(sink, table.schema, **options) as writer:
        writer.write_table(table, rows)
    return sink.getvalue().to_pybytes()


@pytest.fixture(params=["stream", "file"])
def form(request):
    """How an IPC stream or an IPC file is written."""
    return pa.ipc.new_stream if request.param == "stream" else pa.ipc.new_file


def test_a_stream_and_a_file_give_the_same_rows(file_of, read_all, form):
    source = open_source(file_of(ipc_bytes(TABLE, form, rows=2), "stream.arrow"))
    assert source.columns == {"x": "number", "name": "text", "count": "number"}
    rows, batches = read_all(source, ["count", "x"], ["name"])
    assert rows == [
        {"count": 1.0, "x": 1.0, "name": "a"},
        {"count": 2.0, "x": None, "name": None},
        {"count": 3.0, "x": 3.0, "name": "c"},
    ]
    assert [batch.table.num_rows for batch in batches] == [2, 1]
    assert source.warnings == []


def test_a_file_can_come_through_a_pipe(pipe, read_all, form):
    pipe.write(ipc_bytes(TABLE, form))
    pipe.end()
    rows, _ = read_all(open_source(pipe.path), ["x"])
    assert [row["x"] for row in rows] == [1.0, None, 3.0]


def test_a_batch_is_out_before_the_next_is_waited_for(pipe, promptly):
    data = ipc_bytes(TABLE, rows=1)
    one_batch = len(ipc_bytes(TABLE.slice(0, 1))) - 8  # without the end marker
    pipe.write(data[:one_batch])
    source = promptly(lambda: open_source(pipe.path))
    batches = source.batches(["count"], [])
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"count": 1.0}]
    pipe.write(data[one_batch:])
    assert [row["count"] for row in promptly(lambda: next(batches)).table.to_pylist()] == [2.0]


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([1], pa.uint64()), "number"),
        (pa.array([1.5], pa.float32()), "number"),
        (pa.array([True]), "number"),
        (pa.array([decimal.Decimal("1.50")]), "number"),
        (pa.array([1]).dictionary_encode(), "number"),
        (pa.nulls(1), "number"),
        (pa.array(["1.5"]), "text"),
        (pa.array(["1.5"], pa.large_string()), "text"),
        (pa.array(["1.5"], pa.string_view()), "text"),
        (pa.array(["1.5"]).dictionary_encode(), "text"),
    ],
)
def test_the_type_decides_the_kind_and_every_kind_but_time_can_be_read_as_numbers(file_of, read_all, array, kind):
    source = open_source(file_of(ipc_bytes(pa.table({"x": array})), "stream.arrows"))
    assert source.columns == {"x": kind}
    rows, (batch,) = read_all(source, ["x"])
    value = array.to_pylist()[0]
    assert rows == [{"x": None if value is None else float(value)}]
    assert batch.table.schema.field("x").type == pa.float64()


@pytest.mark.parametrize(
    "text_type", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_text_is_a_plain_string_however_it_was_encoded(file_of, read_all, text_type):
    table = pa.table({"name": pa.array(["a", None, "a"]).cast(text_type)})
    source = open_source(file_of(ipc_bytes(table), "stream.arrows"))
    schema = source.schema([], ["name"])
    rows, (batch,) = read_all(source, [], ["name"])
    assert [row["name"] for row in rows] == ["a", None, "a"]
    assert batch.table.schema == schema == pa.schema([("name", pa.string())])


def test_a_replaced_dictionary_is_followed_by_value(file_of, read_all):
    schema = pa.schema([("name", pa.dictionary(pa.int8(), pa.string()))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for values in (["a", "b"], ["b", "c"]):
            writer.write_batch(
                pa.record_batch([pa.array(values).dictionary_encode().cast(schema[0].type)], schema=schema)
            )
    rows, _ = read_all(open_source(file_of(sink.getvalue().to_pybytes(), "stream.arrows")), [], ["name"])
    assert [row["name"] for row in rows] == ["a", "b", "b", "c"]


@pytest.mark.parametrize("type_", [pa.timestamp("ns"), pa.timestamp("ms", "Europe/Berlin"), pa.date32()])
def test_times_keep_their_type_and_every_digit(file_of, type_):
    times = pa.array([1, None, 20_000], pa.int64() if pa.types.is_timestamp(type_) else pa.int32()).cast(type_)
    source = open_source(file_of(ipc_bytes(pa.table({"time": times})), "stream.arrows"))
    assert source.columns == {"time": "time"}
    (batch,) = source.batches([], ["time"])
    assert batch.table.column("time").equals(times)


def test_a_time_column_is_not_taken_for_numbers(file_of):
    table = pa.table({"time": [datetime.datetime(2024, 1, 1)]})
    source = open_source(file_of(ipc_bytes(table), "stream.arrows"))
    with pytest.raises(StreamError, match=r"column 'time' holds times, not numbers"):
        next(source.batches(["time"], []))


def test_text_that_is_no_number_is_a_bad_cell(file_of, read_all):
    table = pa.table({"x": ["1", None, "abc", "NA"]})
    rows, (batch,) = read_all(open_source(file_of(ipc_bytes(table), "stream.arrows")), ["x"])
    assert [row["x"] for row in rows] == [1.0, None, None, None]
    assert batch.bad_cells == ((2, None, "x", "abc"),)


def test_nan_and_infinity_pass_as_they_are(file_of, read_all):
    table = pa.table({"x": [float("nan"), float("inf"), None]})
    rows, _ = read_all(open_source(file_of(ipc_bytes(table), "stream.arrows")), ["x"])
    assert repr([row["x"] for row in rows]) == "[nan, inf, None]"


def test_columns_that_cannot_be_used_are_left_out_with_a_warning(file_of, read_all):
    table = pa.table({"x": [1], "blob": [b"a"], "length": pa.array([b"ab"], pa.binary(2))})
    source = open_source(file_of(ipc_bytes(table), "stream.arrows"))
    assert source.columns == {"x": "number"}
    assert [warning.partition(": column ")[2] for warning in source.warnings] == [
        "'blob' is left out: it is of type binary",
        "'length' is left out: it is of type fixed_size_binary[2]",
    ]
    assert read_all(source, ["x"])[0] == [{"x": 1.0}]


def test_a_large_batch_is_delivered_in_slices(file_of, read_all):
    table = pa.table({"x": range(2 * ROWS + 1)})
    rows, batches = read_all(open_source(file_of(ipc_bytes(table), "stream.arrows")), ["x"])
    assert [batch.table.num_rows for batch in batches] == [ROWS, ROWS, 1]
    assert [row["x"] for row in rows] == list(range(2 * ROWS + 1))


@pytest.mark.parametrize("rows_left", [0, 1, 2])
def test_a_stream_without_its_end_is_read_and_reported_as_cut_short(file_of, read_all, form, rows_left):
    whole = ipc_bytes(TABLE, form, rows=1)
    ends = [len(ipc_bytes(TABLE.slice(0, rows), rows=1)) - 8 for rows in (0, 1, 2, 3)]
    magic = 8 if form is pa.ipc.new_file else 0
    for end in (ends[rows_left], ends[rows_left] + 3, ends[rows_left + 1] - 1):
        source = open_source(file_of(whole[: magic + end], "stream.arrow"))
        rows, _ = read_all(source, ["count"])
        assert [row["count"] for row in rows] == [1.0, 2.0, 3.0][:rows_left]
        assert source.warnings == [f"{source.name}: the Arrow stream was cut short after {rows_left} rows"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"time,load\n1,2\n", "is not Arrow IPC; for another format name it with --input-format"),
        (b"ARROW1\0\0", "is not Arrow IPC; for another format name it with --input-format"),
        (ipc_bytes(TABLE)[:40], ": the Arrow stream was cut short within its schema: there are no rows in it"),
        (b"\xff\xff\xff\xff\x10\0\0\0" + b"\x55" * 16, ": the Arrow schema is damaged: "),
        (
            ipc_bytes(pa.table([[1], [2]], names=["x", "x"])),
            ": two columns are named 'x'; give each column its own name",
        ),
        (ipc_bytes(pa.table({"x": [b"a"]})), " has no column of numbers, text or times"),
    ],
)
def test_what_is_not_arrow_is_refused_in_words(file_of, data, message):
    with pytest.raises(StreamError) as error:
        open_source(file_of(data, "stream.arrow"))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_damage_within_the_stream_is_an_error_that_tells_the_rows_before_it(file_of):
    table = pa.table({"name": ["abc"] * 10})
    one_batch = len(ipc_bytes(table)) - 8
    data = bytearray(ipc_bytes(pa.concat_tables([table, table]), rows=10))
    at = data.index((3).to_bytes(4, "little") + (6).to_bytes(4, "little"), one_batch)  # the offsets of the second batch
    data[at : at + 4] = (-7).to_bytes(4, "little", signed=True)
    batches = open_source(file_of(bytes(data), "stream.arrows")).batches([], ["name"])
    assert next(batches).table.num_rows == 10
    with pytest.raises(StreamError, match=r"the Arrow stream is damaged after 10 rows: "):
        next(batches)


def test_no_flipped_byte_ends_in_anything_but_rows_or_a_stream_error(file_of, read_all):
    table = pa.table({"x": [1.5, None], "name": ["a", "b"], "kind": pa.array(["p", "q"]).dictionary_encode()})
    data = ipc_bytes(table)
    generator = random.Random(3)
    outcomes = set()
    for _ in range(300):
        mutant = bytearray(data)
        mutant[generator.randrange(len(mutant))] = generator.randrange(256)
        try:
            source = open_source(file_of(bytes(mutant), "stream.arrows"))
            numbers = [name for name in source.columns if source.columns[name] == "number"]
            read_all(source, numbers, [name for name in source.columns if name not in numbers])
            outcomes.add("rows")
        except StreamError:
            outcomes.add("error")
    assert outcomes == {"rows", "error"}


def test_a_batch_too_large_for_any_memory_is_refused(file_of):
    data = bytearray(ipc_bytes(TABLE))
    schema_end = len(ipc_bytes(TABLE.slice(0, 0), rows=1)) - 8
    data[schema_end + 4 : schema_end + 8] = (0x7FFF_FFF0).to_bytes(4, "little")
    batches = open_source(file_of(bytes(data), "stream.arrows")).batches(["x"], [])
    with pytest.raises(StreamError, match=r"a batch of 2,147,483,632 bytes is too large; write smaller batches$"):
        next(batches)
