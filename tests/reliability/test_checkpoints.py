"""Checkpoints from strangers: whatever one says, it is refused in words or makes a learner that works."""

from __future__ import annotations

import copy
import json
import os
import random
import resource
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from learners import COLUMNS, stream

from streamrnn import CheckpointError, Learner
from streamrnn.checkpoints.file import decode, encode
from streamrnn.description import describe_model
from streamrnn.session.note import Note

SOAK = bool(os.environ.get("STREAMRNN_SOAK"))
MUTANTS = 10_000 if SOAK else 400
ROOM = 512 * 2**20  # bytes that a mutant may take besides
ODD_VALUES = [None, True, -1, 0, 1, 2**31, 2**62, -(2**63), 2**70, 1e300, "", "x", "lstm", [], [1], ["a"], {}, {"a": 1}]
ODD_INTEGERS = [-(2**63), -(2**40), -1, 0, 1, 5, 1000, 2**40, 2**62, 2**63 - 1]
ODD_NUMBERS = [np.nan, np.inf, -np.inf, 1e300, -1e30, 1e-320, 0.0, 1.0]

Content = tuple[dict[str, Any], dict[str, np.ndarray]]


def learner() -> Learner:
    learner = Learner(["a", "b"], COLUMNS, hidden=3, window=4, horizon=2, stride=2, time="at", time_features=True)
    for number, row in enumerate(stream(60, nulls=0.1)):
        learner.step({"at": number, **dict(zip(COLUMNS, row, strict=True))})
    learner.session = Note("/in.csv").to_dict()
    return learner


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested dictionaries and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items for place in [(*path, key), *places_in(inner, (*path, key))]]


def change_description(content: Content, generator: random.Random) -> None:
    description = content[0]
    *way, key = generator.choice(places_in(description))
    for step in way:
        description = description[step]
    if generator.random() < 0.2 and isinstance(description, dict):
        del description[key]
    else:
        description[key] = copy.deepcopy(generator.choice(ODD_VALUES))


def change_numbers(content: Content, generator: random.Random) -> None:
    tensor = content[1][generator.choice(sorted(content[1]))]
    flat = tensor.reshape(-1)
    odd = ODD_INTEGERS if tensor.dtype.kind == "i" else ODD_NUMBERS
    for _ in range(generator.randrange(1, 4)):
        if flat.size:
            with np.errstate(all="ignore"):
                flat[generator.randrange(flat.size)] = np.array(generator.choice(odd)).astype(flat.dtype)


def change_shape(content: Content, generator: random.Random) -> None:
    tensors = content[1]
    name = generator.choice(sorted(tensors))
    tensor = tensors[name]
    match generator.randrange(5):
        case 0:
            del tensors[name]
        case 1:
            tensors[name] = tensor.ravel()
        case 2:
            tensors[name] = tensor[:0]
        case 3:
            with np.errstate(all="ignore"):
                tensors[name] = tensor.astype(generator.choice([np.float16, np.int8, np.float64, np.int64, bool]))
        case 4:
            tensors["more"] = tensor


CHANGES: list[Callable[[Content, random.Random], None]] = [
    change_description,
    change_numbers,
    change_numbers,
    change_shape,
]


def mutant(description: dict[str, Any], tensors: dict[str, np.ndarray], number: int) -> bytes:
    """A checkpoint with a right checksum and odd content."""
    generator = random.Random(number)
    content = copy.deepcopy(description), {name: tensor.copy() for name, tensor in tensors.items()}
    for _ in range(generator.choice([1, 1, 2, 5])):
        generator.choice(CHANGES)(content, generator)
    return encode(*content)


def use(data: bytes, rows: np.ndarray) -> str:
    """Load a checkpoint and go on from it."""
    try:
        loaded = Learner.from_bytes(data)
    except CheckpointError as error:
        assert "\n" not in str(error) and len(str(error)) < 1000
        return "refused"
    for number, row in enumerate(rows):
        loaded.step({"at": 60 + number, **dict(zip(COLUMNS, row, strict=True))})
    loaded.to_bytes()
    return "used"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits how much memory a process may ask for")
def test_odd_content_behind_a_right_checksum_is_refused_in_words_or_does_no_harm():
    description, tensors = decode(learner().to_bytes())
    rows = stream(30, seed=9)
    outcomes = {"refused": 0, "used": 0}
    for start in range(0, MUTANTS, 100):
        said = in_child(lambda start=start: told(description, tensors, range(start, start + 100), rows))
        for number, outcome in enumerate(said, start):
            assert outcome in outcomes, f"mutant {number}: {outcome}"
            outcomes[outcome] += 1
        assert len(said) == 100, f"mutant {start + len(said)} ended the process"
    assert min(outcomes.values()) > MUTANTS // 20, outcomes


def told(description, tensors, numbers, rows) -> Any:
    for number in numbers:
        try:
            yield use(mutant(description, tensors, number), rows)
        except BaseException as error:
            yield f"{type(error).__name__}: {error}"


def in_child(lines: Callable[[], Any]) -> list[str]:
    """What a process of its own says, as far as it comes."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        with open("/proc/self/statm") as statm:
            taken = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, taken + ROOM))
        for line in lines():
            os.write(write_end, json.dumps(line).encode() + b"\n")
        os._exit(0)
    os.close(write_end)
    with open(read_end, "rb") as said:
        found = [json.loads(line) for line in said]
    os.waitpid(pid, 0)
    return found


def test_what_a_file_says_is_not_believed_before_it_is_looked_at(tmp_path):
    description, tensors = decode(learner().to_bytes())
    huge = {**description, "settings": {**description["settings"], "hidden": 8192, "layers": 64}}
    (tmp_path / "model").write_bytes(encode(huge, tensors))
    for load in (Learner.load, describe_model):
        with pytest.raises(CheckpointError, match="does not hold the arrays of its settings"):
            load(tmp_path / "model")


@pytest.mark.skipif(not SOAK, reason="takes a minute: make soak")
def test_no_flipped_bit_of_a_learners_checkpoint_goes_unseen():
    data = bytearray(Learner("a", hidden=1, window=1).to_bytes())
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CheckpointError):
            Learner.from_bytes(bytes(data))
        data[bit // 8] ^= 1 << bit % 8
