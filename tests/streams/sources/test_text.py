"""Plain text as rows: bytes, characters, words; however it is cut."""

from __future__ import annotations

import random

import pytest

from streamrnn.streams import ReadOptions, StreamError, open_source
from streamrnn.streams.sources.text import TextSource
from streams.chunks import Chunks, cut_anywhere

TEXT = "Hé, wörld! snake_case 42\n\n日本語 мир\t😀 end"
WORDS = ["Hé", ",", "wörld", "!", "snake_case", "42", "日本語", "мир", "😀", "end"]


def symbols(stream, unit, **options):
    source = TextSource(stream, ReadOptions(text=unit, **options))
    return [text for batch in source.batches([], [unit]) for text in batch.table[unit].to_pylist()]


@pytest.mark.parametrize("seed", range(20))
def test_where_a_stream_is_cut_changes_no_symbol(seed):
    data = TEXT.encode()
    stream = cut_anywhere(data, random.Random(seed), 12)
    assert symbols(stream, "char") == list(TEXT)
    assert symbols(cut_anywhere(data, random.Random(seed), 12), "word") == WORDS
    assert len(symbols(cut_anywhere(data, random.Random(seed), 12), "byte")) == len(data)


def test_bytes_are_named_as_they_are_printed():
    assert symbols(Chunks(b"a \n\\\xff~"), "byte") == ["a", " ", "\\x0a", "\\x5c", "\\xff", "~"]


def test_what_is_not_utf8_is_replaced_and_told_once():
    stream = Chunks(b"\xef\xbb\xbfa\xff", b"b\xfe\xc3")
    assert symbols(stream, "char") == ["a", "\ufffd", "b", "\ufffd", "\ufffd"]
    assert stream.warnings == ["chunks: what is not UTF-8 counts as the character U+FFFD"]


def test_a_word_without_end_is_cut():
    words = symbols(Chunks(*[b"x" * 1000] * 10), "word", max_line_bytes=3000)
    assert "".join(words) == "x" * 10_000
    assert max(map(len, words)) <= 4000


def test_a_word_waits_for_its_end_and_nothing_else_does():
    source = TextSource(Chunks(b"one two", b"three four"), ReadOptions(text="word"))
    batches = [batch.table["word"].to_pylist() for batch in source.batches([], ["word"])]
    assert batches == [["one"], ["twothree"], ["four"]]


def test_a_text_has_one_column_of_text(file_of):
    source = open_source(file_of(b"abc", "a.csv"), options=ReadOptions(text="char"))
    assert (source.format, source.columns) == ("text", {"char": "text"})
    with pytest.raises(StreamError, match="there is no column 'word'"):
        source.schema([], ["word"])
    with pytest.raises(StreamError, match=r"column 'char' holds text, not numbers$"):
        source.schema(["char"], [])
    source.close()


def test_the_unit_is_one_of_three():
    with pytest.raises(ValueError, match=r"^text must be one of byte, char, word, not 'line'$"):
        ReadOptions(text="line")
