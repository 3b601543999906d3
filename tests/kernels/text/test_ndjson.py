"""Lines of NDJSON: which are plain and what is read of them; where the odd ones stand."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import orjson
import pytest
from kernels.text.reading import JSON_MARKS, keys_of, ndjson_rows
from streams.number_cases import JSON_NOT_NUMBERS, JSON_NUMBERS, NO_JSON

from streamrnn.kernels.text.ndjson import STRANGE, read_ndjson

NAMES = ["load", "a", "note", "temperature_of_pump_1"]


def test_numbers_texts_and_literals_are_read_and_other_columns_skipped():
    data = (
        b'{"load":1.5,"a":-2,"note":"x y","temperature_of_pump_1":"z"}\n'
        b'{"load":null,"a":true,"note":"","temperature_of_pump_1":1e3}\n'
        b'{"load":NaN,"a":false,"note":null,"temperature_of_pump_1":true}\n'
    )
    assert ndjson_rows(data, NAMES, "nnt-").rows == [(1.5, -2.0, "x y"), (None, 1.0, ""), (None, 0.0, None)]
    assert ndjson_rows(data, NAMES, "---t").rows == [("z",), ("1e3",), ("true",)]


def test_a_number_in_a_text_column_keeps_every_digit():
    data = b'{"a":1.50}\n{"a":1700000000123456789}\n{"a":-0.0}\n'
    assert ndjson_rows(data, ["a"], "t").rows == [("1.50",), ("1700000000123456789",), ("-0.0",)]


def test_keys_may_come_in_any_order_and_be_absent():
    data = b'{"load":1,"a":2}\n{"a":3,"load":4}\n{"a":5}\n{}\n{"load":6,"a":7}\n'
    assert ndjson_rows(data, ["load", "a"], "nn").rows == [
        (1.0, 2.0),
        (4.0, 3.0),
        (None, 5.0),
        (None, None),
        (6.0, 7.0),
    ]


def test_space_may_stand_wherever_json_allows_it():
    data = b' { "load" : 1 ,\t"a":2 } \n{"load":  3, "a" :4}\r\n\t{"load":5}\n'
    assert ndjson_rows(data, ["load", "a"], "nn").rows == [(1.0, 2.0), (3.0, 4.0), (5.0, None)]


def test_a_column_may_have_several_spellings():
    keys = keys_of(["é", "\\u00e9"], "n-")
    keys.table[2, 2] = 0  # the second one is of the first one's column
    data = '{"é":1}\n{"\\u00e9":2}\n{"é":3,"\\u00e9":4}\n'.encode()
    outcome = ndjson_rows(data, ["é", "\\u00e9"], "n-", keys)
    assert outcome.rows == [(1.0,), (2.0,)]
    assert len(outcome.odd) == 1


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b" ", b"\r", b"[]", b"1", b"null", b"{", b"}", b"{}{}", b"{} x", b"{,}", b'{"load"}', b'{"load":}'),
        *(b'{"load":1', b'{"load":1,', b'{"load":1,}', b'{"load":1 "a":2}', b'{"load" 1}', b"{load:1}", b'{"load":1}}'),
        *(b'{"load":1,"load":2}', b'{"b":1}', b'{"loa":1}', b'{"loads":1}', b'{"l\\u006fad":1}', b'{"":1}'),
        *(b'{"note":"a\\nb"}', b'{"note":"a\tb"}', b'{"note":"a}', b"{\"note\":'a'}", b'{"load":"1"}', b'{"load":"x"}'),
        *(b'{"load":[1]}', b'{"load":{"a":1}}', b'{"load":nul}', b'{"load":nulll}', b'{"load":True}'),
        *(b'\xef\xbb\xbf{"load":1}', b'{"load":\x0b1}', b'{"load":1}\0', b'{"load":n', b'{"load":tru', b'{"load":fals'),
        *(b'{"load":Infinity}', b'{"load":-Infinity}', b'{"load":1e400}', b'{"load":-0}', b'{"load":1.e5}'),
    ],
    ids=repr,
)
def test_an_odd_line_is_told_with_its_place_and_its_neighbours_are_read(line):
    data = b'{"load":1}\n{"load":2}\n' + line + b'\n{"load":3}\n'
    outcome = ndjson_rows(data, NAMES, "nnt-")
    assert [row[0] for row in outcome.rows] == [1.0, 2.0, 3.0]
    assert outcome.odd == [(2, line)]


ESCAPES = [r"\n", r"\"", r"\\", r"\/", r"\b\f\r\t", r"\u00b0C", r"\uD7FF", r"\ue000", r"a\u0000b", r"\u12aFz", r"\\\""]
NO_ESCAPES = [
    "\\",
    r"\x",
    r"\u",
    r"\u12",
    r"\u12g4",
    r"\ud800",
    r"\uDBFF",
    r"\udc00",
    r"\uDFFF",
    r"\N",
    "\\\n",
    "\\n\t",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_text_with_escapes_is_skipped_where_it_is_not_wanted(text):
    assert orjson.loads(f'"{text}"') is not None
    data = f'{{"note":"{text}","load":1}}\n'.encode()
    assert ndjson_rows(data, NAMES, "n---").rows == [(1.0,)]
    assert ndjson_rows(data, NAMES, "n-t-").odd == [(0, data.strip())]


@pytest.mark.parametrize("text", NO_ESCAPES)
def test_a_wrong_escape_makes_its_line_odd(text):
    lines = f'{{"note":"{text}","load":1}}\n{{"load":2}}\n'.encode()
    assert ndjson_rows(lines, NAMES, "n---").rows == [(2.0,)]


@pytest.mark.parametrize("text", JSON_NUMBERS)
def test_a_number_of_json_is_what_it_should_be_or_is_left_to_the_source(text):
    outcome = ndjson_rows(f'{{"load":{text}}}\n'.encode(), NAMES, "nnt-")
    if outcome.rows:
        assert (outcome.rows[0][0], math.copysign(1.0, outcome.rows[0][0])) == (
            JSON_NUMBERS[text],
            math.copysign(1.0, JSON_NUMBERS[text]),
        )


@pytest.mark.parametrize("text", [*JSON_NOT_NUMBERS, *NO_JSON])
def test_what_is_no_number_of_json_is_never_taken_for_one(text):
    for kinds in ("nnt-", "----"):
        outcome = ndjson_rows(f'{{"load":{text}}}\n'.encode("utf-8", "surrogatepass"), NAMES, kinds)
        assert outcome.odd or text in JSON_NOT_NUMBERS


def test_whatever_is_plain_is_json_and_means_the_same_to_orjson():
    generator = random.Random(1)
    values = ["1", "-0.5", "1e5", "01", "-", "1.", ".5", "+1", "null", "true", '"a"', '"', "[1]", "0", "-0", "9" * 15]
    pieces = [*values, '"a":', '"b":', ":", ",", "{", "}", " ", *[""] * 60]
    lines = []
    for _ in range(5000):
        a, b = generator.choices(values, k=2)
        before, between, behind = generator.choices(pieces, k=3)
        lines.append(f'{before}{{"a":{a}{between},"b":{b}}}{behind}')
    outcome = ndjson_rows("".join(f"{line}\n" for line in lines).encode(), ["a", "b"], "nn")
    odd = {line.decode() for _, line in outcome.odd}
    plain = [orjson.loads(line) for line in lines if line not in odd]
    numbers = [[None if value is None else float(value) for value in (row.get("a"), row.get("b"))] for row in plain]
    assert list(map(list, outcome.rows)) == numbers
    assert len(plain) > 250


def test_a_byte_that_is_marked_strange_makes_its_line_odd(monkeypatch):
    marks = JSON_MARKS.copy()
    marks[128:] = STRANGE
    monkeypatch.setattr("kernels.text.reading.JSON_MARKS", marks)
    assert ndjson_rows('{"note":"é"}\n{"note":"e"}\n'.encode(), NAMES, "--t-").rows == [("e",)]


def test_the_order_of_keys_is_remembered_and_changes_no_value():
    generator = random.Random(2)
    names = [f"key{number}" for number in range(12)]
    keys = keys_of(names, "n" * 12)
    for _ in range(200):
        objects = []
        for _ in range(generator.randint(1, 5)):
            some = generator.sample(names, generator.randint(0, 12))
            objects.append({name: float(generator.randint(0, 99)) for name in some})
        data = "".join(json.dumps(object_) + "\n" for object_ in objects).encode()
        outcome = ndjson_rows(data, names, "n" * 12, keys)
        assert outcome.rows == [tuple(object_.get(name) for name in names) for object_ in objects]
    assert set(keys.table[:, 3].tolist()) <= set(range(1, 13))


def test_there_is_one_machine_code_for_all_blocks():
    ndjson_rows(b'{"a":1}\n', ["a"], "n")
    ndjson_rows(b'{"a":"x"}\n' * 100, ["a", "b"], "tn")
    assert len(read_ndjson.signatures) == 1


def test_what_stands_behind_a_block_does_not_matter():
    generator = random.Random(3)
    pieces = [
        b'{"a":',
        b'"b":',
        b"1",
        b"2.5",
        b'"x',
        b'"',
        b"nul",
        b"tru",
        b"fals",
        b"Na",
        b"}",
        b",",
        b'{"a',
        b"-",
        b"1e",
        b" ",
    ]
    for _ in range(3000):
        data = b"".join(generator.choices(pieces, k=generator.randint(1, 8))) + b"\n"
        outcomes = []
        for behind in (b'1}\n{"a":1}\n', b'"}\n', b"l}\n", b""):
            memory = np.frombuffer(data + behind, np.uint8)[: len(data)]
            outcomes.append(ndjson_rows(memory, ["a", "b"], "nt"))
        assert all(outcome == outcomes[0] for outcome in outcomes), data
