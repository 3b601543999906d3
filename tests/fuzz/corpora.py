"""Streams to begin with: small, and together with everything that a format has."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from .mutators import BINARY, OBJECTS, TEXT, Mutator

ROWS = 12


class Corpus(NamedTuple):
    """What the mutants of a format are made of."""

    format: str  # as `open_source` knows it
    seeds: list[bytes]
    mutators: Sequence[Mutator]
    body: Callable[[bytes], slice]  # of a seed: what is neither schema nor index


def table() -> pa.Table:
    """A column of every type."""
    words = ["hall", None, "", "attic", "a text that is longer than a view", "ß"] * (ROWS // 6)
    numbers = [None if row % 4 == 1 else row for row in range(ROWS)]
    texts = pa.array(words)
    return pa.table(
        {
            "load": pa.array([None if number is None else number / 8 for number in numbers], pa.float64()),
            "count": pa.array(numbers, pa.int32()),
            "name": texts,
            "category": texts.dictionary_encode(),
            "large": texts.cast(pa.large_string()),
            "view": texts.cast(pa.string_view()),
            "view_category": pa.DictionaryArray.from_arrays(
                pa.array([0, 1] * (ROWS // 2)), pa.array(["p", "q"], pa.string_view())
            ),
            "time": pa.array(numbers, pa.timestamp("ns", "Europe/Berlin")),
            "day": pa.array(numbers, pa.int32()).cast(pa.date32()),
            "flag": pa.array([number != 3 for number in numbers]),
            "big": pa.array(numbers, pa.uint64()),
            "half": pa.array(numbers, pa.float64()).cast(pa.float16()),
            "price": pa.array(
                [None if number is None else Decimal(number) / 4 for number in numbers], pa.decimal128(9, 2)
            ),
            "nothing": pa.nulls(ROWS),
            "level": pa.array([f"{number}.5" for number in numbers]).dictionary_encode(),
            "blob": pa.array([b"\0\xff"] * ROWS),
            "tags": pa.array([["p", "q"]] * ROWS),
            "place": pa.array([{"lat": 1.5, "lon": None}] * ROWS),
        }
    )


# --- Arrow ------------------------------------------------------------------------------------------------------------


def ipc_bytes(whole: pa.Table, form: Any, rows: int, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with form(sink, whole.schema, options=pa.ipc.IpcWriteOptions(use_threads=False, **options)) as writer:
        writer.write_table(whole, rows)
    return sink.getvalue().to_pybytes()


def changing_dictionary(form: Any, deltas: bool) -> bytes:
    """Batches whose dictionary grows, or is replaced."""
    sink = pa.BufferOutputStream()
    schema = pa.schema([("category", pa.dictionary(pa.int8(), pa.string())), ("load", pa.float64())])
    with form(sink, schema, options=pa.ipc.IpcWriteOptions(use_threads=False, emit_dictionary_deltas=deltas)) as writer:
        for count in (1, 2, 4):
            words = [f"word {number}" for number in range(count)]
            codes = pa.array(range(count), pa.int8())
            column = pa.DictionaryArray.from_arrays(codes, words if deltas or count < 4 else words[::-1])
            writer.write_batch(pa.record_batch([column, pa.array([1.5] * count)], schema=schema))
    return sink.getvalue().to_pybytes()


def arrow(form: Any) -> list[bytes]:
    whole = table()
    narrow = whole.select(["load", "time", "category"])
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([5, ROWS], pa.int32()), pa.array([1.0, 2.0]))
    seeds = [ipc_bytes(whole, form, 5, compression=compression) for compression in (None, "lz4", "zstd")]
    seeds += [ipc_bytes(whole.select([name]), form, ROWS) for name in whole.column_names[:15]]
    seeds += [
        ipc_bytes(whole.select([name]), form, 5, compression="zstd") for name in ("load", "name", "category", "view")
    ]
    seeds.append(ipc_bytes(narrow.append_column("runs", runs), form, 5))
    seeds += [
        ipc_bytes(narrow, form, 5, metadata_version=pa.ipc.MetadataVersion.V4, use_legacy_format=old)
        for old in (False, True)
    ]
    seeds.append(changing_dictionary(form, deltas=True))
    return seeds


def arrow_streams() -> list[bytes]:
    stream = pa.ipc.new_stream
    return [
        *arrow(stream),
        changing_dictionary(stream, deltas=False),
        2 * ipc_bytes(table().select(["category"]), stream, 5),
    ]


def behind_schema(data: bytes) -> slice:
    prefix = 8 if data.startswith(b"ARROW1") else 0
    is_old = data[prefix : prefix + 4] != b"\xff\xff\xff\xff"
    length = prefix if is_old else prefix + 4
    return slice(length + 4 + int.from_bytes(data[length : length + 4], "little"), len(data))


# --- Parquet ----------------------------------------------------------------------------------------------------------


def parquet_bytes(whole: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pa.parquet.write_table(whole, buffer, **options)
    return buffer.getvalue()


def parquet() -> list[bytes]:
    whole = table().drop_columns(["view", "view_category"])
    flat = whole.drop_columns(["tags", "place", "nothing"])
    seeds = [
        parquet_bytes(whole, compression=compression, data_page_version=version, row_group_size=5)
        for compression, version in product(("none", "snappy", "gzip", "zstd", "lz4", "brotli"), ("1.0", "2.0"))
    ]
    for name, plain in product(flat.column_names, (True, False)):
        options = {"use_dictionary": plain, "store_schema": plain, "compression": "none"}
        seeds.append(parquet_bytes(flat.select([name]), row_group_size=8, **options))
    for name, encoding in [
        ("count", "DELTA_BINARY_PACKED"), ("name", "DELTA_LENGTH_BYTE_ARRAY"), ("name", "DELTA_BYTE_ARRAY"),
        ("load", "BYTE_STREAM_SPLIT"), ("flag", "RLE"),
    ]:  # fmt: skip
        seeds.append(parquet_bytes(flat.select([name]), use_dictionary=False, column_encoding={name: encoding}))
    seeds.append(parquet_bytes(flat.select(["time"]), use_deprecated_int96_timestamps=True))
    seeds.append(parquet_bytes(flat.select(["load", "name"]), write_page_index=True, write_page_checksum=True))
    seeds.append(parquet_bytes(flat.select(["load", "name"]), data_page_size=16, dictionary_pagesize_limit=8))
    return seeds


def before_index(data: bytes) -> slice:
    return slice(4, len(data) - 8 - int.from_bytes(data[-8:-4], "little"))


# --- text -------------------------------------------------------------------------------------------------------------

ROWS_OF_CSV = [
    [
        b"time,load,room,count",
        b"2024-01-01T00:00:00Z,1.5,hall,1",
        b"2024-01-01T00:00:01Z,-2.25e3,,",
        b"noon,nan,attic,7",
    ],
    [b"load,name", b'1,"a ""quoted"" name"', b'2,"two\nlines"', b'3,"a, b"', b"4,", b'5,""'],
    [b"load", b"1", b"2", b"", b"3.5", b"inf", b"x"],
    ["größe,ß".encode(), "1.5,größer".encode(), "2,🙂".encode(), "3,日本".encode()],
    [b"a,b,c,d,e,f,g,h,i", *[b"0.125,12345.678,1e-7,-0,99,3.14159265358979,17,-42.5,1000000"] * 5],
    [b" load , room ", b" 1.5 , hall ", b"\t2\t,\tattic\t", b"NA,null", b"None,NaN"],
    [b"load,room", b"1", b"1,2,3", b"4,hall,"],
]


def csv() -> list[bytes]:
    seeds = [b"\n".join(rows) + b"\n" for rows in ROWS_OF_CSV]
    seeds += [b"\r\n".join(rows) for rows in ROWS_OF_CSV[:3]]
    seeds += [seeds[0].replace(b",", delimiter) for delimiter in (b";", b"\t", b"|")]
    seeds.append(b"\xef\xbb\xbf" + seeds[0])
    seeds.append(b"# a comment\n" + seeds[0] + b"#another\n")
    seeds.append(seeds[4] + b"\n".join(b"%d.5,%d,1,2,3,4,5,6,7" % (row, row) for row in range(300)))
    seeds += [gzip.compress(seeds[0], mtime=0), pa.compress(seeds[1], "zstd", asbytes=True)]
    return seeds


def behind_first_line(data: bytes) -> slice:
    return slice(data.find(b"\n") + 1, len(data))


ROWS_OF_NDJSON = [
    [b'{"time":"noon","load":1.5,"room":"hall"}', b'{"time":"night","load":null}', b'{"load":"2.5","room":"attic"}'],
    [b'{"load":1,"tags":["p",1,null],"place":{"lat":1.5}}', b'{"load":true,"tags":[],"place":{}}', b'{"load":NaN}'],
    [
        b'{"load":-Infinity,"name":"a \\"quoted\\" \\u00df \\ud83d\\ude42"}',
        b"",
        b'  {"load" : 1e400 , "name" : "\\n"}  ',
    ],
    ['{"größe":1,"名":"日本"}'.encode(), '{"größe":2.5,"名":"🙂"}'.encode()],
    [b'{"a":0.125,"b":12345.678,"c":1e-7,"d":-0,"e":99,"f":3.14159265358979,"g":17}'] * 5,
    [b'{"load":1,"load":2}', b'{"late":1,"load":3}', b"[1]", b'"text"', b"7", b'{"load":12345678901234567890}'],
]


def ndjson() -> list[bytes]:
    seeds = [b"\n".join(rows) + b"\n" for rows in ROWS_OF_NDJSON]
    seeds += [b"\r\n".join(rows) for rows in ROWS_OF_NDJSON[:2]]
    seeds.append(b"\xef\xbb\xbf" + seeds[0])
    seeds.append(
        seeds[4] + b"\n".join(b'{"a":%d.5,"b":%d,"c":1,"d":2,"e":3,"f":4,"g":5}' % (row, row) for row in range(300))
    )
    seeds += [gzip.compress(seeds[0], mtime=0), pa.compress(seeds[1], "zstd", asbytes=True)]
    return seeds


CORPORA = {
    "arrow-stream": lambda: Corpus("arrow", arrow_streams(), BINARY, behind_schema),
    "arrow-file": lambda: Corpus("arrow", arrow(pa.ipc.new_file), BINARY, behind_schema),
    "parquet": lambda: Corpus("parquet", parquet(), BINARY, before_index),
    "csv": lambda: Corpus("csv", csv(), TEXT, behind_first_line),
    "ndjson": lambda: Corpus("ndjson", ndjson(), OBJECTS, behind_first_line),
}
