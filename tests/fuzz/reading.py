"""Makes the n-th mutant of a format, and reads it to its end."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path
from typing import NamedTuple

from streamrnn.streams import Batch, ReadOptions, Source, StreamError, open_source

from .corpora import CORPORA, Corpus
from .mutators import mutate

LARGEST_BATCH = 4 * 1024 * 1024
LONGEST_MESSAGE = 10_000  # it may quote a line


class Mutant(NamedTuple):
    """A stream, and how it is read."""

    data: bytes
    format: str | None  # as it is told, or None to find out
    through_pipe: bool
    options: ReadOptions
    seed: int


@cache
def corpus(name: str) -> Corpus:
    """The streams that the mutants of this name are made of."""
    return CORPORA[name]()


def mutant(name: str, number: int) -> Mutant:
    """Make a mutant; it depends on nothing but its name and its number."""
    chance = random.Random(f"{name} {number}")
    format, seeds, mutators, body = corpus(name)
    data = chance.choice(seeds)
    delimiter, quote, comment = chance.choice(
        ((",", '"', ""),) * 4 + ((";", "'", "#"), ("\t", "", "#"), ("|", '"', ""))
    )
    options = ReadOptions(
        delimiter=delimiter,
        quote=quote,
        comment=comment,
        max_line_bytes=chance.choice((1 << 20,) * 6 + (1000, 50)),
        max_batch_bytes=chance.choice((LARGEST_BATCH,) * 8 + (3000, 100)),
    )
    return Mutant(
        mutate(data, body(data), seeds, mutators, chance),
        chance.choice((format, format, None)),
        chance.random() < (0.02 if format == "parquet" else 0.4),
        options,
        chance.randrange(1 << 30),
    )


def read(stream: Mutant, folder: Path) -> str:
    """Read a mutant to its end; return ``rows`` or ``refused``.

    Raises
    ------
    AssertionError
        If a source promises one thing and delivers another, or if memory that it asked for was not there.
    """
    path, descriptor = _place(stream, folder)
    try:
        source = open_source(path, stream.format, stream.options)
        try:
            _read_all(source, random.Random(stream.seed))
        finally:
            source.close()
        for warning in source.warnings:
            assert "\n" not in warning, f"a warning in several lines: {warning!r}"
        return "rows"
    except StreamError as error:
        assert "\n" not in str(error) and 0 < len(str(error)) < LONGEST_MESSAGE, f"no message in one line: {error}"
        assert not isinstance(error.__cause__, MemoryError), f"it asked for too much memory: {error}"
        return "refused"
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _place(stream: Mutant, folder: Path) -> tuple[str, int | None]:
    """Put a mutant where it can be read from."""
    if stream.through_pipe:
        read_end, write_end = os.pipe()
        os.write(write_end, stream.data)
        os.close(write_end)
        return f"/dev/fd/{read_end}", read_end
    path = folder / "mutant"
    path.unlink(missing_ok=True)  # to write over a file takes a journaling file system milliseconds
    path.write_bytes(stream.data)
    return str(path), None


def _read_all(source: Source, chance: random.Random) -> None:
    """Ask for some columns, as a learner would, and look at every batch."""
    wanted = [name for name in source.columns if chance.random() < 0.8] or list(source.columns)[:1]
    chance.shuffle(wanted)
    numbers = [name for name in wanted if source.columns[name] != "time" and _is_number(source, name, chance)]
    others = [name for name in wanted if name not in numbers]
    if chance.random() < 0.1:
        source.expect(["later"], [])
        numbers += ["later"] if "later" in source.columns and "later" not in wanted else []
    schema = source.schema(numbers, others)
    for batch in source.batches(numbers, others):
        assert batch.table.schema.equals(schema), f"{batch.table.schema} is not {schema}"
        _check(batch, [*numbers, *others])


def _is_number(source: Source, name: str, chance: random.Random) -> bool:
    """Mostly what the source says; text may be asked for as numbers, and numbers as they are."""
    return (source.columns[name] == "number") != (chance.random() < 0.1)


def _check(batch: Batch, columns: list[str]) -> None:
    batch.table.validate(full=True)
    rows = batch.table.num_rows
    offsets = [refused.offset for refused in batch.refused]
    assert offsets == sorted(offsets), f"refused rows out of order: {offsets}"
    assert all(0 <= offset <= rows for offset in offsets), f"refused rows out of the batch: {offsets}"
    for cell in batch.bad_cells:
        assert 0 <= cell.row < rows and cell.column in columns, f"a bad cell out of the batch: {cell}"
        assert not batch.table[cell.column][cell.row].is_valid, f"a bad cell that is not null: {cell}"
    assert batch.arrivals == rows + len(batch.refused)
    if batch.arrivals:
        middle = batch.slice(batch.arrivals // 2, batch.arrivals)
        assert middle.arrivals == batch.arrivals - batch.arrivals // 2
