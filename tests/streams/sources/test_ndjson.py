"""NDJSON -> batches."""

import json
import math
import random
import tracemalloc

import pytest

from streamrnn.streams import Cause, ReadOptions, StreamError, open_source
from streamrnn.streams.sources.ndjson import NdjsonSource
from streams.chunks import Chunks, cut_anywhere
from streams.number_cases import JSON_MISSING, JSON_NOT_NUMBERS, JSON_NUMBERS, MISSING, NO_JSON, NOT_NUMBERS, NUMBERS
from streams.sources.ways import WAYS, read_in

DEFAULT = ReadOptions()


@pytest.fixture(params=WAYS, autouse=True)
def way(request, monkeypatch):
    read_in(request.param, monkeypatch)


def source_of(data, options=DEFAULT):
    return NdjsonSource(Chunks(data), options)


def test_the_keys_of_the_first_row_are_the_columns(file_of):
    data = b'{"t":"noon","x":1,"y":null,"on":true,"tags":["a"]}\n{"later":1}\n'
    source = open_source(file_of(data, "stream.ndjson"))
    assert source.columns == {"t": "text", "x": "number", "y": "number", "on": "number", "tags": "text"}


def test_a_key_that_vanishes_is_null(read_all):
    source = source_of(b'{"x":1,"y":2}\n{"y":3}\n{"x":null,"y":5}\n{}\n')
    rows, batches = read_all(source, ["x"], ["y"])
    assert rows == [{"x": 1.0, "y": "2"}, {"x": None, "y": "3"}, {"x": None, "y": "5"}, {"x": None, "y": None}]
    assert (batches[0].bad_cells, source.warnings) == ((), [])


def test_a_key_that_appears_later_is_not_read_and_told_once(read_all):
    source = source_of(b'{"x":1}\n{"x":2,"z":4,"y":5}\n{"z":6,"x":3}\n')
    rows, _ = read_all(source, ["x"])
    assert [row["x"] for row in rows] == [1.0, 2.0, 3.0]
    assert source.warnings == [
        "chunks: line 2 has the key 'z', which is not read: the first row lacks it",
        "chunks: line 2 has the key 'y', which is not read: the first row lacks it",
    ]


def test_however_many_keys_appear_a_few_are_told_and_kept():
    class Endless(Chunks):
        left = 300

        def read(self):
            self.left -= 1
            return b'{"x":1,"%d":"%s"}\n' % (self.left, b"v" * 10_000) if self.left >= 0 else b""

    source = NdjsonSource(Endless(b'{"x":0}\n'), DEFAULT)
    tracemalloc.start()
    try:
        assert sum(batch.table.num_rows for batch in source.batches(["x"], [])) == 300
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(source.warnings) == 9
    assert source.warnings[-1].endswith(" has another key, which is not read: the first row lacks it")
    assert peak < 1_000_000


def test_many_keys_that_appear_in_one_line_are_not_all_told(read_all):
    source = source_of(b'{"x":1}\n' + json.dumps({"x": 2} | {f"k{number}": 0 for number in range(300)}).encode())
    assert read_all(source, ["x"])[0] == [{"x": 1.0}, {"x": 2.0}]
    assert len(source.warnings) == 9


def test_columns_that_are_expected_are_read_when_they_come(read_all):
    source = source_of(b'{"load":1,"t":"a"}\n{"load":2,"temp":3,"note":4.50}\n')
    source.expect(["load", "temp"], ["note", "t"])
    assert source.columns == {"load": "number", "t": "text", "temp": "number", "note": "text"}
    rows, _ = read_all(source, ["load", "temp"], ["note"])
    assert rows == [{"load": 1.0, "temp": None, "note": None}, {"load": 2.0, "temp": 3.0, "note": "4.50"}]
    assert source.warnings == [
        "chunks: the first row has no 'temp': it is null until it comes",
        "chunks: the first row has no 'note': it is null until it comes",
    ]


def test_a_name_that_is_nearly_a_column_is_told_beside_it():
    source = source_of(b'{"load":1,"temperature":2}\n')
    source.expect(["laod"], ["temperatur"])
    assert source.warnings == [
        "chunks: the first row has no 'laod': it is null until it comes; did you mean 'load'?",
        "chunks: the first row has no 'temperatur': it is null until it comes; did you mean 'temperature'?",
    ]


def test_a_column_that_was_not_expected_is_refused():
    source = source_of(b'{"load":1}\n')
    source.expect([], [])
    with pytest.raises(StreamError, match=r"there is no column 'laod'; there are load$"):
        source.schema(["laod"], [])


def test_numbers_are_those_of_the_tables(read_all):
    cases = JSON_NUMBERS | {json.dumps(text): number for text, number in NUMBERS.items()}
    for text, number in cases.items():
        rows, (batch,) = read_all(source_of(f'{{"x":1}}\n{{"x":{text},"y":"é"}}\n'.encode()), ["x"])
        assert (repr(rows[1]["x"]), batch.bad_cells, batch.refused) == (repr(number), (), ()), text


def test_what_is_missing_is_null_and_not_bad(read_all):
    for text in JSON_MISSING + [json.dumps(text) for text in MISSING]:
        rows, (batch,) = read_all(source_of(f'{{"x":1}}\n{{"x":{text}}}\n'.encode()), ["x"])
        assert (rows[1]["x"], batch.bad_cells, batch.refused) == (None, (), ()), text


def test_what_is_no_number_is_a_bad_cell(read_all):
    cases = {text: text for text in JSON_NOT_NUMBERS} | {json.dumps(text): text for text in NOT_NUMBERS}
    for written, text in cases.items():
        data = f'{{"x":1,"y":1}}\n{{"x":{written},"y":2}}\n{{"x":3,"y":3}}\n'.encode()
        rows, (batch,) = read_all(source_of(data), ["x", "y"])
        assert [(row["x"], row["y"]) for row in rows] == [(1.0, 1.0), (None, 2.0), (3.0, 3.0)], written
        assert batch.bad_cells == ((1, 2, 14, "x", Cause.NOT_A_NUMBER, text.strip('"')),)


def test_what_is_no_json_is_refused(read_all):
    for text in NO_JSON:
        rows, (batch,) = read_all(source_of(f'{{"x":1}}\n{{"x":{text}}}\n{{"x":3}}\n'.encode()), ["x"])
        assert [row["x"] for row in rows] == [1.0, 3.0], text
        assert [row.cause for row in batch.refused] == [Cause.NOT_JSON]


def test_a_bad_cell_is_told_with_its_place(file_of, read_all):
    data = b'{"x":1}\n\n{"x":"high"}\n{"x":[2]}\n{"x":{"a":"b"}}\n{"x":4}\n'
    rows, (batch,) = read_all(open_source(file_of(data, "stream.ndjson")), ["x"])
    assert [row["x"] for row in rows] == [1.0, None, None, None, 4.0]
    assert batch.bad_cells == (
        (1, 3, 9, "x", Cause.NOT_A_NUMBER, "high"),
        (2, 4, 22, "x", Cause.NOT_A_NUMBER, "[2]"),
        (3, 5, 32, "x", Cause.NOT_A_NUMBER, '{"a":"b"}'),
    )


@pytest.mark.parametrize(
    "number",
    [
        *("0", "-0", "-0.0", "0.5", "0.10", "1e5", "1E+05", "5e-324", "1e400", "-Infinity", "true", "false"),
        *("1700000000000000001", "1700000000.123456789", "123456789012345678901234567890"),
    ],
)
@pytest.mark.parametrize(
    "before", ["", '"t2":1.0,', '"a":{"t":2.5},', '"a":{"t":5e-1},', '"a":"\\"t\\":2.5",', '"a":[{"t":1700000000.5}],']
)
@pytest.mark.parametrize("colon", [":", " : "])
def test_in_other_columns_numbers_keep_every_digit(read_all, number, before, colon):
    data = f'{{"t":1,"x":0}}\n{{{before}"t"{colon}{number},"x":1}}\n{{"x":2,{before}"t"{colon}{number}}}\n'.encode()
    rows, _ = read_all(source_of(data), ["x"], ["t"])
    assert [row["t"] for row in rows] == ["1", number, number]


def test_other_columns_keep_text_as_it_is_and_nested_values_as_json(read_all):
    data = b'{"x":0,"k":""}\n{"x":0,"k":"\xc3\xa9\\n NaN"}\n{"x":0,"k":{"a": 1}}\n{"x":NaN,"k":"NaN"}\n{"k":NaN}\n'
    rows, _ = read_all(source_of(data), ["x"], ["k"])
    assert [row["k"] for row in rows] == ["", "é\n NaN", '{"a":1}', "NaN", None]


def test_values_that_are_nested_deeply_do_no_harm(read_all):
    deep = b"[" * 900 + b"]" * 900
    rows, (batch,) = read_all(source_of(b'{"x":1,"k":"a"}\n{"x":%s,"k":%s}\n' % (deep, deep)), ["x"], ["k"])
    assert rows[1] == {"x": None, "k": "[...]"}
    assert batch.bad_cells == ((1, 2, 16, "x", Cause.NOT_A_NUMBER, "[...]"),)


UNREADABLE = [
    (b"[1]", Cause.NO_OBJECT, "the line holds no JSON object but an array"),
    (b'"x"', Cause.NO_OBJECT, "the line holds no JSON object but a string"),
    (b"null", Cause.NO_OBJECT, "the line holds no JSON object but null"),
    (b"1", Cause.NO_OBJECT, "the line holds no JSON object but a number or a boolean"),
    (b"NaN", Cause.NO_OBJECT, "the line holds no JSON object but a number or a boolean"),
    (b'{"x":1', Cause.NOT_JSON, "not JSON: "),
    (b'{"x":1} {"x":2}', Cause.NOT_JSON, "not JSON: "),
    (b'{"x":1,}', Cause.NOT_JSON, "not JSON: "),
    (b"{'x':1}", Cause.NOT_JSON, "not JSON: "),
    (b"x,y", Cause.NOT_JSON, "not JSON: "),
    (b'{"x":1}\0', Cause.NOT_JSON, "not JSON: "),
    (b"\0\0\0", Cause.NOT_JSON, "not JSON: "),
    (b'{"x":"\0"}', Cause.NOT_JSON, "not JSON: "),
    (b'{"x":1}\r{"x":2}', Cause.NOT_JSON, "not JSON: "),
    (b'{"x":NaN', Cause.NOT_JSON, "not JSON: "),
    (b'{"x":NaN,"y":"\\ud800"}', Cause.NOT_JSON, "not JSON: "),
    (b'{"x":"\\ud800"}', Cause.NOT_JSON, "not JSON: "),
    (b'{"x":' + b"[" * 5000 + b"NaN", Cause.NOT_JSON, "not JSON: "),
    (b'{"x":"\xff"}', Cause.ENCODING, "byte 7 of the row is not UTF-8"),
    (b'{"x":NaN,"\xc3\xa9":"\xed\xa0\x80"}', Cause.ENCODING, "byte 16 of the row is not UTF-8"),
    (b'{"x":"' + b"y" * 9000 + b'"}', Cause.TOO_LONG, "the line is longer than 8,000 bytes"),
]


@pytest.mark.parametrize(("line", "cause", "reason"), UNREADABLE)
def test_an_unreadable_line_is_set_aside_and_its_neighbours_are_not(read_all, line, cause, reason):
    source = source_of(b'{"x":1}\n' + line + b'\n{"x":3}\n', ReadOptions(max_line_bytes=8000))
    rows, batches = read_all(source, ["x"])
    assert [row["x"] for row in rows] == [1.0, 3.0]
    (refused,) = [row for batch in batches for row in batch.refused]
    assert refused[1:4] == (2, 8, cause)
    assert refused.reason.startswith(reason)
    raw = line.decode("utf-8", "backslashreplace")
    assert refused.raw == (raw if cause != Cause.TOO_LONG else raw[:200] + " [...]")


def test_a_last_line_that_was_cut_short_is_told_as_such(read_all):
    whole = b'{"x":1}\n{"x":22,"t":"a"}'
    for end in range(9, len(whole)):
        _, batches = read_all(source_of(whole[:end]), ["x"])
        (refused,) = [row for batch in batches for row in batch.refused]
        assert refused[1:4] == (2, 8, Cause.CUT_SHORT)
        assert refused.reason.startswith("the stream ended in the middle of the line: ")
    assert [row["x"] for row in read_all(source_of(whole), ["x"])[0]] == [1.0, 22.0]


def test_nan_and_infinity_are_read_although_json_has_no_such_numbers(read_all):
    data = b'{"x":1,"y":1}\n{"x":NaN,"y":2}\n{"x":-Infinity,"y":3}\n{"x":4,"y":{"a":[NaN,-Infinity]}}\n'
    rows, (batch,) = read_all(source_of(data), ["x", "y"])
    assert [row["x"] for row in rows] == [1.0, None, -math.inf, 4.0]
    assert batch.bad_cells == ((3, 4, 52, "y", Cause.NOT_A_NUMBER, '{"a":[null,null]}'),)


@pytest.mark.parametrize(
    ("row", "values"),
    [
        (b'{"x":2,"x":3,"y":5}', "2, 3"),
        (b'{"x":2,"y":5,"x":2}', "2, 2"),
        (b'{"x" : 2, "y" : 5,\t"x"\t:\t[1, {"x":4}]}', '2, [1, {"x":4}]'),
        (b'{"x":2,"y":5,"\\u0078":"a:\\"b\\""}', '2, "a:\\"b\\""'),
        (b'{"x":NaN,"y":5,"x":Infinity,"x":1}', "NaN, Infinity, 1"),
        (b'{"x":{},"y":5,"x":[]}', "{}, []"),
        (b'{"t":"12:30","y":5,"x":1,"x":"\\\\"}', '1, "\\\\"'),
    ],
)
@pytest.mark.parametrize("kind", ["number", "text"])
def test_a_key_that_an_object_has_twice_is_a_bad_cell(read_all, row, values, kind):
    source = source_of(b'{"x":1,"y":1}\n' + row + b'\n{"x":3,"y":3}\n')
    rows, (batch,) = read_all(source, ["y", "x"], []) if kind == "number" else read_all(source, ["y"], ["x"])
    assert [row["y"] for row in rows] == [1.0, 5.0, 3.0]
    assert [row["x"] for row in rows] == ([1.0, None, 3.0] if kind == "number" else ["1", None, "3"])
    assert batch.bad_cells == ((1, 2, 14, "x", Cause.REPEATED_KEY, values),)


@pytest.mark.parametrize(
    "row",
    [
        b'{"x":1,"z":2,"z":3}',
        b'{"x":1,"y":{"x":2,"x":3}}',
        b'{"x":1,"t":"a\\":b\\":c","y":"12:30 :\\t:"}',
        b'{"x":1,"t":"{\\"x\\":2,\\"x\\":3}","t\\\\":4}',
        b'{ "x" : 1 , "y" : [ { "x" : 2 } , { "x" : 3 } ] }',
        b'{"x":1,"":2,"y":{"":3}}',
    ],
)
def test_a_key_that_is_repeated_elsewhere_does_not_matter(read_all, row):
    rows, (batch,) = read_all(source_of(b'{"x":0}\n' + row + b"\n"), ["x"])
    assert [row["x"] for row in rows] == [0.0, 1.0]
    assert batch.bad_cells == batch.refused == ()


def test_repeated_keys_are_those_of_the_standard_library():
    generator = random.Random(5)
    strings = ['"x"', '"y"', '"\\u0078"', '"a:b"', '"\\":"', '" :"', '""', '"\\\\"', '"{"', '"],}"', '"é"']
    space = ["", "", "", " ", "\t", "\r"]

    def value(depth):
        match generator.randint(0, 5 if depth else 2):
            case 0 | 1:
                return generator.choice(strings)
            case 2:
                return generator.choice(["1", "-2.5e3", "null", "true", "NaN"])
            case 3 | 4:
                return written("{", "}", [f"{key()}{gap()}:{gap()}{value(depth - 1)}" for _ in some()])
        return written("[", "]", [value(depth - 1) for _ in some()])

    def key():
        return generator.choice(strings)

    def gap():
        return generator.choice(space)

    def some():
        return range(generator.randint(0, 3))

    def written(opening, closing, items):
        return opening + gap() + f"{gap()},{gap()}".join(items) + gap() + closing

    for _ in range(1500):
        items = [f"{key()}{gap()}:{gap()}{value(2)}" for _ in range(generator.randint(1, 5))]
        line = written("{", "}", items)
        keys = json.loads(line, object_pairs_hook=lambda pairs: [key for key, _ in pairs])
        source = source_of(line.encode() + b"\n")
        (batch,) = source.batches([], list(source.columns))
        assert {cell.column for cell in batch.bad_cells} == {key for key in keys if keys.count(key) > 1}, line
        assert all(cell.cause is Cause.REPEATED_KEY for cell in batch.bad_cells)


def test_a_byte_order_mark_within_is_no_part_of_a_row(read_all):
    rows, (batch,) = read_all(
        source_of(b'\xef\xbb\xbf{"x":1}\n\xef\xbb\xbf{"x":2,"x":3}\n\xef\xbb\xbf{"x":4}\n'), ["x"]
    )
    assert [row["x"] for row in rows] == [1.0, None, 4.0]
    assert batch.bad_cells == ((1, 2, 11, "x", Cause.REPEATED_KEY, "2, 3"),)


def test_where_a_pipe_cuts_its_blocks_changes_nothing(read_all):
    lines = [
        b'{"x":1,"t":0.50}',
        b'{"x":"a","t":2}',
        b"",
        b" ",
        b"[]",
        b'{"x":2,"x":3}',
        b'{"t":NaN,"x":NaN}',
        b'{"z":1}',
    ]
    lines += [
        b'{"x":4,"y":[1]}',
        b"\0",
        b'{"x":"' + b"y" * 50 + b'"}',
        b'\xef\xbb\xbf{"x":5}',
        b'{"x":6}\r',
        b'{"x":',
        b'{"x":7',
    ]
    generator = random.Random(11)

    def outcome(stream):
        source = NdjsonSource(stream, ReadOptions(max_line_bytes=40))
        rows, batches = read_all(source, ["x"], ["t"])
        refused, bad_cells, before = [], [], 0
        for batch in batches:
            refused += [row._replace(offset=before + row.offset) for row in batch.refused]
            bad_cells += [cell._replace(row=before + cell.row) for cell in batch.bad_cells]
            before += batch.table.num_rows
        return rows, refused, bad_cells, source.warnings

    for _ in range(20):
        data = b"\n".join([lines[0], *generator.sample(lines, len(lines) - 1), lines[-1]])
        expected = outcome(Chunks(data))
        for row in expected[1] + expected[2]:
            assert data.count(b"\n", 0, row.byte) == row.line - 1
        for row in expected[1]:
            assert data[row.byte :].decode().startswith(row.raw.removesuffix(" [...]"))
        for _ in range(20):
            assert outcome(cut_anywhere(data, generator)) == expected


def test_a_row_is_out_before_the_next_is_waited_for(pipe, promptly):
    pipe.write(b'{"x":1}\n{"x":')
    source = promptly(lambda: open_source(pipe.path))
    batches = source.batches(["x"], [])
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 1.0}]
    pipe.write(b"2}\n")
    assert promptly(lambda: next(batches)).table.to_pylist() == [{"x": 2.0}]
    pipe.end()
    assert promptly(lambda: list(batches)) == []


def test_a_file_without_any_object_is_refused_with_the_first_trouble(file_of):
    with pytest.raises(StreamError, match=r"could be read; line 2: the line holds no JSON object but an array; jq"):
        open_source(file_of(b"\n[1]\n[2]\n", "stream.ndjson"))


def test_a_first_row_without_keys_is_refused(file_of):
    with pytest.raises(StreamError, match=r"the first row has no columns$"):
        open_source(file_of(b"{}\n", "stream.ndjson"))
