"""Arrow IPC -> batches: files and streams, whole, cut short and damaged."""

import datetime
import decimal
import struct

import pyarrow as pa
import pyarrow.ipc
import pytest

from streamrnn.streams import Cause, StreamError, open_source
from streamrnn.streams.sources.columns import ROWS

from .arrow_bytes import TABLE, ipc_bytes


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
    assert batch.bad_cells == ((2, None, None, "x", Cause.NOT_A_NUMBER, "abc"),)


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


# --- what nobody asked for --------------------------------------------------------------------------------------------


def with_broken_zstd(data: bytes, cells: bytes) -> bytes:
    """Break the compressed buffer that unpacks to these bytes."""
    packed = pa.compress(cells, "zstd", asbytes=True)
    assert data.count(packed) == 1
    return data.replace(packed, b"\0" * len(packed))


def test_columns_and_dictionaries_that_nobody_asked_for_are_not_unpacked(file_of, read_all):
    numbers, texts = pa.array([7.0] * 500), pa.array(["some long category"] * 200).dictionary_encode()
    table = pa.table({"x": pa.array(range(200), pa.int16()), "y": numbers.slice(0, 200), "name": texts})
    data = ipc_bytes(table, options=pa.ipc.IpcWriteOptions(compression="zstd"))
    data = with_broken_zstd(data, struct.pack("<200d", *[7.0] * 200))
    data = with_broken_zstd(data, b"some long category")
    rows, _ = read_all(open_source(file_of(data, "stream.arrows")), ["x"])
    assert [row["x"] for row in rows] == list(range(200))
    for name in ("y", "name"):
        with pytest.raises(StreamError, match=r"the Arrow stream is damaged after 0 rows: "):
            list(open_source(file_of(data, "stream.arrows")).batches([], [name]))


# --- dictionaries -----------------------------------------------------------------------------------------------------

CATEGORIES = pa.dictionary(pa.int8(), pa.string())


def dictionary_batches(*batches: tuple[list[str], list[int]]) -> list[pa.RecordBatch]:
    arrays = [pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), texts) for texts, codes in batches]
    return [pa.record_batch({"first": array, "second": array.take(pa.array([1, 0]))}) for array in arrays]


@pytest.mark.parametrize("deltas", [False, True])
def test_several_dictionaries_are_followed_by_value_through_replacements_and_deltas(file_of, read_all, form, deltas):
    if deltas:
        batches = dictionary_batches((["a", "b"], [0, 1]), (["a", "b", "c"], [2, 1]), (["a", "b", "c", "d"], [3, 0]))
    else:
        batches = dictionary_batches((["a", "b"], [0, 1]), (["c", "b"], [0, 1]), (["d", "e", "a"], [0, 2]))
    if form is pa.ipc.new_file and not deltas:
        batches = dictionary_batches(
            (["a", "b", "c", "d"], [0, 1]), (["a", "b", "c", "d"], [2, 1]), (["a", "b", "c", "d"], [3, 0])
        )
    sink = pa.BufferOutputStream()
    with form(sink, batches[0].schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    path = file_of(sink.getvalue().to_pybytes(), "stream.arrow")
    first, second = ["a", "b", "c", "b", "d", "a"], ["b", "a", "b", "c", "a", "d"]
    rows, _ = read_all(open_source(path), [], ["first", "second"])
    assert [row["first"] for row in rows] == first
    assert [row["second"] for row in rows] == second
    rows, _ = read_all(open_source(path), [], ["second"])
    assert [row["second"] for row in rows] == second


def test_numbers_in_a_dictionary_of_texts_are_read_and_bad_ones_told_for_each_row(file_of, read_all):
    cells = ["1.5", "high", None, "1.5", "NA", "high"]
    for type_ in (CATEGORIES, pa.dictionary(pa.int32(), pa.string_view()), pa.dictionary(pa.int8(), pa.large_string())):
        source = open_source(file_of(ipc_bytes(pa.table({"x": in_dictionary(cells, type_)})), "stream.arrows"))
        rows, (batch,) = read_all(source, ["x"])
        assert [row["x"] for row in rows] == [1.5, None, None, 1.5, None, None]
        assert [(cell.row, cell.column, cell.text) for cell in batch.bad_cells] == [(1, "x", "high"), (5, "x", "high")]


def in_dictionary(cells: list[str | None], type_: pa.DictionaryType) -> pa.DictionaryArray:
    encoded = pa.array(cells).dictionary_encode()
    values = encoded.dictionary.cast(type_.value_type)
    return pa.DictionaryArray.from_arrays(encoded.indices.cast(type_.index_type), values)


def test_a_value_that_stands_in_a_dictionary_twice_or_as_null_is_read_by_value(file_of, read_all):
    column = pa.DictionaryArray.from_arrays([0, 1, 2, None, 3], ["a", None, "a", "b"])
    rows, _ = read_all(open_source(file_of(ipc_bytes(pa.table({"name": column})), "stream.arrows")), [], ["name"])
    assert [row["name"] for row in rows] == ["a", None, "a", None, "b"]
