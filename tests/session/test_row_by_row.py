"""Rows that come one by one are taken without a table; what comes out is what a file of them gives, byte for byte."""

import json
import os
import random
from contextlib import contextmanager

import pytest
from sessions import SMALL, Heard, content, model_of

from streamrnn import Learner
from streamrnn.session import Plan, Session
from streamrnn.streams import Cells
from streamrnn.streams.bad_rows import MaxBad
from streamrnn.streams.inputs.input import Input

NAMES = ["x", "y", "at", "part", "note"]
FIRST = {"x": 1.5, "y": 2.5, "at": "2024-01-01T00:00:00", "part": "a", "note": "first"}
NUMBERS = ["", "nan", "NA", "inf", "-Infinity", "1e400", "-0", " 5 ", "1_000", "abc", "1e300", "0.1234567890123456789"]
VALUES = [None, True, "3.5", "abc", 2**70, -0.0, 7, [1], {"a": 1}, "", 1e300, float("nan"), float("inf")]
TEXTS = ["", "plain", "a,b", 'say "hi"', "1.50", "true", "007", "é", "😀", "\\", "%s", "two\nlines"]
PARTS = ["a", "a", "a", "b", "", "a\u00a0"]
HOSTILE_CSV = [b"1,2\n", b"1,2,3,4,5,6\n", b"\n", b'1,2,"open\n', b"\xff,1,t,a,n\n", b"1,\0,t,a,n\n", b'1,2,t,a,"n"x\n']
HOSTILE_JSON = [
    b"[1]\n",
    b"{\n",
    b" \n",
    b'{"x":1,"x":2,"y":3}\n',
    b'{"x":"\xff"}\n',
    b'{"new":1}\n',
    b"{}\n",
    b"null\n",
]


def time_of(generator, row):
    """Most run forward, some go back, some are none."""
    second = generator.choice([row, row, generator.randint(0, 59)])
    return generator.choice([f"2024-01-01T00:00:{second:02}", f"2024-01-01T00:00:{second:02}.25", "", "soon"])


def csv_lines(generator, rows):
    """A header, a row that tells what the columns hold, and rows of all sorts."""
    yield (",".join(NAMES) + "\n").encode()
    yield (",".join(map(str, FIRST.values())) + "\n").encode()
    for row in range(rows):
        if generator.random() < 0.15:
            yield generator.choice([*HOSTILE_CSV, (",".join(NAMES) + "\n").encode()])
            continue
        numbers = [generator.choice([repr(generator.gauss(0, 9)), str(row), generator.choice(NUMBERS)]) for _ in "xy"]
        cells = [*numbers, time_of(generator, row), generator.choice(PARTS), generator.choice(TEXTS)]
        yield (",".join(quoted(cell, generator) for cell in cells) + generator.choice(["\n", "\r\n"])).encode()


def quoted(cell, generator):
    must = any(mark in cell for mark in ',"\n')
    return '"' + cell.replace('"', '""') + '"' if must or generator.random() < 0.1 else cell


def json_lines(generator, rows):
    """The same as objects, whose keys come and go."""
    yield json.dumps(FIRST).encode() + b"\n"
    for row in range(rows):
        if generator.random() < 0.15:
            yield generator.choice(HOSTILE_JSON)
            continue
        numbers = [generator.choice([generator.gauss(0, 9), row, generator.choice(VALUES)]) for _ in "xy"]
        note = generator.choice([*TEXTS, None, 1.50, 10**30, [1], False])
        cells = [*numbers, time_of(generator, row), generator.choice(PARTS), note]
        pairs = [pair for pair in zip(NAMES, cells, strict=True) if generator.random() < 0.95]
        generator.shuffle(pairs)
        yield json.dumps(dict(pairs), ensure_ascii=generator.random() < 0.5).encode() + b"\n"


def any_plan(generator):
    """Settings and options of a run, drawn anew each time."""
    settings = {**SMALL, "targets": generator.choice([("x",), ("y", "x")]), "features": ("x", "y")}
    settings["horizon"] = generator.choice([1, (1, 3)])
    if generator.random() < 0.2:
        settings |= {"targets": ("y",), "features": ("x",), "horizon": 0}
        settings |= generator.choice([{}, {"label_id": "note", "max_delay": 5}])
    settings["loss"] = generator.choice(["huber", "quantile"])
    settings |= generator.choice([{}, {"time": "at"}, {"time": "at", "time_features": True}])
    settings |= generator.choice([{}, {"sequence": "part"}, {"key": "part", "max_keys": 2}])
    plan = {
        "learn": generator.random() < 0.9,
        "on_bad": generator.choice(["null", "null", "skip"]),
        "limit": generator.choice([None, None, 20]),
        "emit": generator.choice([(), (1,)]) if settings["horizon"] == (1, 3) else (),
        "max_bad": generator.choice([MaxBad(), MaxBad(count=30)]),
        "every": generator.choice([None, None, 2 * 10**9])
        if {"at"} == {*map(settings.get, ("time", "label_id", "key"))} - {None}
        else None,
        "checkpoint_every": generator.choice([None, 7]),
        "shards": generator.choice([None, 2]) if "key" in settings else None,
    }
    taken = {
        *settings["targets"],
        settings.get("time"),
        settings.get("sequence"),
        settings.get("key"),
        settings.get("label_id"),
    }
    echo = [name for name in NAMES if name not in taken and generator.random() < 0.5]
    return Plan(settings=settings, echo=tuple(generator.sample(echo, len(echo))), **plan)


@contextmanager
def live(lines, most_at_once=1, generator=None):
    """A pipe that gets its next lines when a session has nothing left to read; yields its path."""
    reading, writing = os.pipe()
    rest, read = list(lines), Input.read

    def fed(stream, *size):
        if not stream._ahead:
            count = generator.randint(1, most_at_once) if generator else 1
            os.write(writing, b"".join(rest[:count])) if rest else os.close(writing)
            del rest[:count]
        return read(stream, *size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Input, "read", fed)
        yield f"/dev/fd/{reading}"
    os.close(reading)


def left_by(plan, folder, **changes):
    """All that a run leaves: records, rejects, the learner, and what it tells of bad rows."""
    folder.mkdir()
    output = next(name for name in ("out.csv", "out.ndjson", "out.arrows") if name.endswith(changes["output"]))
    paths = {"output": str(folder / output), "model": str(folder / "m"), "rejects": str(folder / "rejects")}
    session = Session(Plan(**{**plan.__dict__, **changes, **paths}))
    trouble = None
    try:
        session.run(Heard())
    except Exception as error:
        trouble = type(error)
    outcome = session.outcome
    told = outcome.rows, outcome.refused, outcome.bad_cells, outcome.backward, trouble
    return told, content(folder / output), (folder / "rejects").read_bytes(), model_of(folder / "m")


@pytest.mark.parametrize("output", ["csv", "ndjson", "arrows"])
@pytest.mark.parametrize("format", ["csv", "ndjson"])
@pytest.mark.parametrize("most_at_once", [1, 7])
def test_a_stream_gives_the_same_bytes_row_by_row_as_in_a_file(tmp_path, format, output, most_at_once):
    for seed in range(6):
        generator = random.Random(f"{format} {output} {most_at_once} {seed}")
        plan = any_plan(generator)
        lines = list((csv_lines if format == "csv" else json_lines)(generator, rows=50))
        (tmp_path / "in").write_bytes(b"".join(lines))
        changes = {"input_format": format, "output": output}
        whole = left_by(plan, tmp_path / f"whole{seed}", source=str(tmp_path / "in"), **changes)
        with live(lines, most_at_once, generator) as pipe:
            by_row = left_by(plan, tmp_path / f"by_row{seed}", source=pipe, **changes)
        assert by_row == whole, (seed, plan)


def test_a_lone_row_never_becomes_a_table(tmp_path, monkeypatch):
    def fail(*_):
        raise AssertionError("a table was made")

    generator = random.Random(1)
    rows = [b"x,y,at,part\n", *(b"%d,%.3f,2024-01-01,a\n" % (n, generator.random()) for n in range(20))]
    settings = {**SMALL, "targets": ("x",), "time": "at", "sequence": "part"}
    monkeypatch.setattr(Cells, "table", fail)
    monkeypatch.setattr(Learner, "run", fail)
    with live(rows) as pipe:
        session = Session(Plan(pipe, str(tmp_path / "out.csv"), settings, echo=("y",)))
        session.run()
    assert session.outcome.rows == 20
