"""A checkpoint is canonical, refuses every kind of damage, and is a plain safetensors file, replaced as a whole."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from learners import COLUMNS, stream

from streamrnn import CheckpointError, Learner
from streamrnn.checkpoints import file as checkpoint
from streamrnn.checkpoints.file import KEY, VERSION, decode, encode

DAMAGED = "pump is damaged: its content does not match its checksum"
NO_MODEL = "pump is not a streamrnn model"


def learner_after(rows: int = 60) -> Learner:
    learner = Learner("a", COLUMNS, hidden=3, window=4, horizon=2)
    learner.run(stream(rows, nulls=0.1))
    return learner


@pytest.fixture(scope="module")
def small() -> bytes:
    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensors = {"a": numbers, "b": np.array([7], np.int64), "empty": np.zeros((0, 2))}
    return encode({"settings": {"lr": 0.1, "targets": ["load"]}, "rows": 3}, tensors)


def refusal(data: bytes) -> str:
    with pytest.raises(CheckpointError) as error:
        decode(bytes(data), "pump")
    return str(error.value)


def header_size(data: bytes) -> int:
    return 8 + int.from_bytes(data[:8], "little")


# --- canonical --------------------------------------------------------------------------------------------------------


def test_what_is_decoded_is_what_was_encoded(small):
    description, tensors = decode(small)
    assert description == {"settings": {"lr": 0.1, "targets": ["load"]}, "rows": 3}
    assert {name: (tensor.dtype.str, tensor.shape) for name, tensor in tensors.items()} == {
        "a": ("<f4", (2, 3)),
        "b": ("<i8", (1,)),
        "empty": ("<f8", (0, 2)),
    }
    np.testing.assert_array_equal(tensors["a"].ravel(), np.arange(6))


def test_equal_content_gives_equal_bytes_in_whatever_order_it_comes():
    tensors = {"x": np.zeros(3), "y": np.ones((2, 2), np.float32), "z": np.arange(4)}
    backwards = dict(reversed(tensors.items()))
    assert encode({"a": 1, "b": {"c": 2, "d": 3}}, tensors) == encode({"b": {"d": 3, "c": 2}, "a": 1}, backwards)
    assert encode({}, {"y": np.asfortranarray(tensors["y"])}) == encode({}, {"y": tensors["y"]})


def test_equal_learners_give_equal_bytes_and_any_difference_shows():
    assert learner_after().to_bytes() == learner_after().to_bytes()
    others = [learner_after() for _ in range(4)]
    others[0].parameters["head.bias"][0] += 1e-7
    others[1].refuse()
    others[2].session["note"] = 1
    others[3].step(stream(1)[0], learn=False)
    assert len({learner.to_bytes() for learner in [learner_after(), *others]}) == 5


def test_a_description_that_is_not_strict_json_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        encode({"rows": float("nan")}, {})


# --- damage -----------------------------------------------------------------------------------------------------------


def test_no_flipped_bit_goes_unseen(small):
    for bit in range(8 * len(small)):
        damaged = bytearray(small)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CheckpointError):
            decode(bytes(damaged))


def test_no_flipped_bit_in_a_learners_checkpoint_goes_unseen():
    """All bits of the length and of the first and last of the header, and 1,000 anywhere."""
    data = learner_after().to_bytes()
    header = 8 * header_size(data)
    random = np.random.default_rng(0)
    bits = [*range(128), *range(header - 64, header + 64), *random.integers(0, 8 * len(data), 1000).tolist()]
    for bit in bits:
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CheckpointError):
            Learner.from_bytes(bytes(damaged))


def test_a_truncated_file_is_refused_wherever_it_ends(small):
    for length in range(len(small)):
        assert refusal(small[:length]) in (DAMAGED, NO_MODEL)
    assert refusal(small[:-1]) == DAMAGED


def test_a_file_with_more_behind_it_is_refused(small):
    assert refusal(small + b"\0") == DAMAGED
    assert refusal(small + small) == DAMAGED


def test_random_mutants_are_refused_and_nothing_else_is_raised(small):
    random = np.random.default_rng(1)
    for _ in range(1000):
        mutant = bytearray(small)
        for _ in range(random.integers(1, 6)):
            start, length = random.integers(0, len(mutant)), random.integers(0, 9)
            mutant[start : start + length] = random.integers(0, 256, random.integers(0, 9), dtype=np.uint8).tobytes()
        if bytes(mutant) != small:
            refusal(mutant)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"time,load\n1,2\n",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        bytes(64),
        b"\xff" * 64,
        pickle.dumps({"model": 1}),
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (4).to_bytes(8, "little") + b"null",
        (19).to_bytes(8, "little") + b'{"__metadata__": 1}',
        (20).to_bytes(8, "little") + b'{"__metadata__": {}}',
        (36).to_bytes(8, "little") + b'{"__metadata__": {"streamrnn": "1"}}',
        (38).to_bytes(8, "little") + b'{"__metadata__": {"streamrnn": "[1]"}}',
    ],
)
def test_what_is_not_a_model_is_told_apart_from_damage(data):
    assert refusal(data) == NO_MODEL


def test_another_programs_safetensors_file_is_not_a_model():
    from safetensors.numpy import save

    assert refusal(save({"weight": np.zeros(3, np.float32)}, metadata={"format": "pt"})) == NO_MODEL
    assert refusal(save({"weight": np.zeros(3, np.float32)})) == NO_MODEL


def test_an_unknown_version_is_named(small, monkeypatch):
    monkeypatch.setattr(checkpoint, "VERSION", 99)
    later = encode({}, {"a": np.zeros(2)})
    monkeypatch.undo()
    assert refusal(later) == f"pump has format version 99; this streamrnn reads version {VERSION}"


def test_metadata_with_a_second_key_is_refused(small):
    """One key alone makes the bytes canonical: with several safetensors writes them in random order."""
    from safetensors.numpy import load, save

    size = header_size(small)
    content = json.loads(small[8:size])["__metadata__"][KEY]
    assert refusal(save(load(small), metadata={KEY: content, "other": "x"})) == DAMAGED


def test_loading_names_the_file(tmp_path):
    path = tmp_path / "pump.safetensors"
    path.write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match=rf"^{path} is not a streamrnn model$"):
        Learner.load(path)
    with pytest.raises(FileNotFoundError):
        Learner.load(tmp_path / "absent")


# --- a plain safetensors file -----------------------------------------------------------------------------------------


def test_the_file_is_plain_safetensors_with_pytorchs_names(tmp_path):
    from safetensors import safe_open

    learner = learner_after()
    learner.save(tmp_path / "model.safetensors")
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as file:
        names = set(file.keys())
        assert set(file.metadata()) == {KEY}
        for name, view in learner.parameters.items():
            np.testing.assert_array_equal(file.get_tensor(name), view)
    assert {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "head.weight", "head.bias"} <= names
    content = json.loads(json.loads(learner.to_bytes()[8 : header_size(learner.to_bytes())])["__metadata__"][KEY])
    assert content["version"] == VERSION and len(content["sha256"]) == 64
    assert content["settings"] == learner.settings.to_dict()
