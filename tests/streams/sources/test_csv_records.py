"""CSV lines -> records: where a record ends, whatever the quotes and wherever the blocks are cut."""

import random
from dataclasses import replace

import pytest

from streamrnn.streams import Cause, ReadOptions
from streamrnn.streams.inputs.lines import line_blocks
from streamrnn.streams.sources.csv_cells import read_record
from streamrnn.streams.sources.csv_dialect import dialect_of
from streamrnn.streams.sources.csv_records import record_blocks, split_records
from streamrnn.streams.sources.rows import RowError
from streams.chunks import Chunks, cut_anywhere
from streams.sources.csv_reference import records

DEFAULT = ReadOptions()
DIALECTS = [
    ReadOptions(),
    ReadOptions(delimiter=";", quote="'", comment="#"),
    ReadOptions(delimiter="\t", comment="#"),
    ReadOptions(delimiter="|", quote=""),
    ReadOptions(quote="", comment="/"),
    ReadOptions(delimiter=" ", comment="%"),
    ReadOptions(delimiter="^", quote="]", comment="-"),
    ReadOptions(delimiter="\\", quote="^", comment="["),
    ReadOptions(delimiter=".", quote="$", comment="*"),
]


def found_in(stream, options):
    """Each record as (line, byte, its bytes, its cells or the cause why there are none)."""
    dialect = dialect_of(options)
    found = []
    for block in record_blocks(line_blocks(stream, options.max_line_bytes), dialect):
        for raw in split_records(block, dialect, keep_blank=True):
            if block.longer_than is not None:
                found.append((raw.line, raw.byte, raw.data, Cause.TOO_LONG))
                continue
            try:
                cells = read_record(raw.data, dialect)
            except RowError as error:
                cells = error.cause
            found.append((raw.line, raw.byte, raw.data, cells))
    return found


def cells_in(data, options=DEFAULT):
    return [cells for *_, cells in found_in(Chunks(data), options)]


@pytest.mark.parametrize("options", DIALECTS, ids=lambda options: options.delimiter + options.quote + options.comment)
def test_records_are_those_of_the_book_in_every_dialect_and_however_they_are_cut(options):
    generator = random.Random(options.delimiter)
    q, c = options.quote, options.comment
    pieces = [
        options.delimiter,
        options.delimiter,
        q,
        q,
        q + q,
        c,
        c + q,
        "a",
        "é",
        "bc ",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
    ]
    for _ in range(800):
        longest = generator.choice([3, 5, 8, 13, 30, 1000])
        data = "".join(generator.choices(pieces, k=generator.randint(0, 40))).encode()
        expected = records(data, options.delimiter.encode(), q.encode(), c.encode(), longest)
        found = found_in(cut_anywhere(data, generator), replace(options, max_line_bytes=longest))
        assert [place for *place, _, _ in found] == [[record.line, record.byte] for record in expected], data
        for (_, _, raw, cells), record in zip(found, expected, strict=True):
            if record.too_long:
                assert (cells, record.data[: len(raw)]) == (Cause.TOO_LONG, raw), data
            elif record.cells is None:
                assert (raw, isinstance(cells, Cause)) == (record.data, True), data
            else:
                assert (raw, cells) == (record.data, [cell.decode() for cell in record.cells]), data


def test_a_quote_that_is_never_closed_costs_its_own_line_even_where_other_quotes_follow():
    data = b'1,"stray\n2,b\n3,"c"\n4,"d ""e"" f"\n5,"g\nh"\n'
    assert cells_in(data) == [Cause.OPEN_QUOTE, ["2", "b"], ["3", "c"], ["4", 'd "e" f'], ["5", "g\nh"]]


def test_a_cell_that_goes_on_behind_its_closing_quote_costs_its_own_line():
    assert cells_in(b'1,"a"b\n2,"c" \n3,"d"\n') == [Cause.NOT_CSV, Cause.NOT_CSV, ["3", "d"]]


@pytest.mark.parametrize("cut", [9, 20, 31])
def test_a_quoted_cell_is_waited_for_within_the_longest_record_and_no_further(cut):
    options = ReadOptions(max_line_bytes=30)
    for size in (20, 29, 30, 31, 32, 40):
        lines = [b'1,"xxxxxx', b"y" * (size - 11) + b'"', b"2,z", b""]
        data = b"\n".join(lines)
        first = found_in(Chunks(data[:cut], data[cut:]), options)[0]
        if size <= 30:
            assert first == (1, 0, data[:size], ["1", "xxxxxx\n" + "y" * (size - 11)])
        else:
            assert first == (1, 0, lines[0], Cause.OPEN_QUOTE)


def test_a_quoted_record_that_is_too_long_is_one_row_and_its_neighbours_survive():
    data = b'1,a\n2,"b\nc",' + b"d" * 20 + b"\n3,e\n"
    assert [(line, byte, cells) for line, byte, _, cells in found_in(Chunks(data), ReadOptions(max_line_bytes=25))] == [
        (1, 0, ["1", "a"]),
        (2, 4, Cause.TOO_LONG),
        (4, 33, ["3", "e"]),
    ]


def test_a_line_that_is_too_long_ends_a_quoted_cell_that_is_open():
    data = b'1,"a\n' + b"x" * 50 + b'\n2,b"\n'
    assert cells_in(data, ReadOptions(max_line_bytes=30)) == [Cause.OPEN_QUOTE, Cause.TOO_LONG, ["2", 'b"']]


def test_a_cell_may_be_as_long_as_the_longest_record():
    text = "x" * 400_000
    assert cells_in(f'1,"{text}\n{text}"\n'.encode()) == [["1", f"{text}\n{text}"]]


@pytest.mark.parametrize(
    ("data", "cells"),
    [
        (b"#1\na\n# b\n#c", [["a"]]),
        (b'#"open\na\n', [["a"]]),
        (b'1,"\n# text\n"\n', [["1", "\n# text\n"]]),
        (b"a#b\n #c\n", [["a#b"], [" #c"]]),
        (b'1,"stray\n#"2"\n"3"\n', [Cause.OPEN_QUOTE, ["3"]]),
        (b"#" + b"x" * 90 + b"\na\n", [["a"]]),
    ],
)
def test_a_comment_is_a_line_that_starts_so_outside_of_quotes(data, cells):
    assert cells_in(data, ReadOptions(comment="#", max_line_bytes=50)) == cells


def test_without_a_quote_character_every_line_is_a_record():
    assert cells_in(b'"a,b"\n"c\n', ReadOptions(quote="")) == [['"a', 'b"'], ['"c']]


class Counting:
    """A pattern that counts the bytes it walks over."""

    def __init__(self, pattern):
        self.pattern, self.walked = pattern, 0

    def match(self, data, position):
        match = self.pattern.match(data, position)
        self.walked += match.end() - position
        return match


@pytest.mark.parametrize(
    ("first", "line"),
    [
        (b"", b'1,"a\n'),  # an open quote on each line
        (b"", b'1,"a""\n'),
        (b"", b'1,"a"b\n'),
        (b"", b'1,""b""\n'),
        (b'1,"\n', b'"" x\n'),  # one open quote, and pairs of quotes on all that follow
        (b'1,"\n', b"x\n"),
        (b'1,"\n', b'"""x"""\n'),
        (b"", b'1,"""\n'),
        (b"", b'"a\nb",c\n'),
    ],
)
@pytest.mark.parametrize("longest", [100, 3000, 1_000_000])
@pytest.mark.parametrize("block", [7, 100_000])
def test_each_byte_is_looked_at_a_few_times_whatever_the_quotes(first, line, longest, block):
    data = first + line * (20_000 // len(line))
    stream = Chunks(*(data[start : start + block] for start in range(0, len(data), block)))
    dialect = dialect_of(ReadOptions(max_line_bytes=longest))
    tidy, inside = Counting(dialect.quoting.tidy), Counting(dialect.quoting.inside)
    counted = replace(dialect, quoting=dialect.quoting._replace(tidy=tidy, inside=inside))
    for records_together in record_blocks(line_blocks(stream, longest), counted):
        list(split_records(records_together, counted))
    assert tidy.walked + inside.walked < 6 * len(data)


def test_no_more_than_the_longest_record_and_a_block_is_held_for_an_open_quote():
    read = []

    class Source(Chunks):
        def read(self):
            read.append(b'1,"open\n' if not read else b"1,x\n" * 25)
            return read[-1]

    blocks = record_blocks(line_blocks(Source(), 1000), dialect_of(ReadOptions(max_line_bytes=1000)))
    next(blocks)
    assert sum(map(len, read)) < 1200
