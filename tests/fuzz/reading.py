"""Makes the n-th mutant of a format, and reads it to its end."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from streamrnn.kernels.text.start import KernelStart
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
    has_kernels: bool
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
        format in ("csv", "ndjson"),
        chance.randrange(1 << 30),
    )


def read(stream: Mutant, folder: Path) -> str:
    """Read a mutant to its end; return ``rows`` or ``refused``. Text is read without kernels, then with them.

    Raises
    ------
    AssertionError
        If a source promises one thing and delivers another, if it asked for memory that was not there, or if kernels
        read something else.
    """
    outcome = _read_once(stream, folder)
    if stream.has_kernels:
        with patch.object(KernelStart, "is_due", lambda self, rows: True):
            by_kernels = _read_once(stream, folder)
        for place, (expected, other) in enumerate(zip_longest(outcome.batches, by_kernels.batches)):
            assert expected == other, f"batch {place} is {other} by kernels, not {expected}"
        assert outcome.words == by_kernels.words, f"by kernels: {by_kernels.words}, not {outcome.words}"
    return "refused" if outcome.is_refused else "rows"


class Outcome(NamedTuple):
    """What came of a mutant."""

    is_refused: bool
    words: list[str]  # warnings, then the error
    batches: list[tuple[object, ...]]  # to compare; not kept where there is nothing to compare them with


def _read_once(stream: Mutant, folder: Path) -> Outcome:
    path, descriptor = _place(stream, folder)
    batches: list[tuple[object, ...]] = []
    words: list[str] = []
    is_refused = False
    try:
        source = open_source(path, stream.format, stream.options)
        try:
            for batch in _batches(source, random.Random(stream.seed)):
                if stream.has_kernels:
                    batches.append((batch.table, batch.refused, batch.bad_cells))
        finally:
            source.close()
            words += source.warnings
    except StreamError as error:
        is_refused = True
        words.append(str(error))
        assert not isinstance(error.__cause__, MemoryError), f"it asked for too much memory: {error}"
    finally:
        if descriptor is not None:
            os.close(descriptor)
    for message in words:
        assert "\n" not in message and 0 < len(message) < LONGEST_MESSAGE, f"no message in one line: {message!r}"
    return Outcome(is_refused, words, batches)


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


def _batches(source: Source, chance: random.Random) -> Iterator[Batch]:
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
        yield batch


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
