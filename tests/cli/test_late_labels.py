"""Labels that come late, through pipes: killed, resumed, replayed and evaluated."""

import json
import re
import signal
import subprocess
import sys

import pytest
from commands import PATIENCE, SMALL

from streamrnn import Learner

LATE = ("-t", "y", "-f", "x", "--categorical", "y", "--horizon", "0", "--max-delay", "4", "--label-id", "id", *SMALL)
HEADER = "t,id,x,y"


def lines(rows=30):
    """Every label comes two rows late."""
    mixed = []
    for row in range(rows):
        mixed.append(f"{row},n{row},{row * row % 7},")
        mixed += [f"{row},n{row - 2},,{'ab'[row % 2]}"] if row >= 2 else []
    return mixed


def text_of(some):
    return "\n".join([HEADER, *some, ""]).encode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_pipe_that_is_killed_and_goes_on_gives_the_records_of_one_that_was_not(process, streamrnn, tmp_path, number):
    whole = streamrnn("run", *LATE, "-m", tmp_path / "whole", stdin=text_of(lines())).out
    options = ("run", *LATE, "--quiet", "-m", tmp_path / "model", "--checkpoint-every", 1)
    running = process(*options)
    cut = 21  # the last of them is a row of labels, which has no record to wait for
    running.stdin.write(text_of(lines()[:cut]))
    first = b"".join(running.stdout.readline() for _ in range(len([line for line in lines()[:cut] if line[-1] == ","])))
    while not (tmp_path / "model").exists() or Learner.load(tmp_path / "model").rows < cut:
        assert running.poll() is None
    running.send_signal(number)
    running.wait(PATIENCE)
    rest = streamrnn(*options, stdin=text_of(lines()[cut:]))
    assert rest.code == 0
    assert first + rest.out == whole
    models = [Learner.load(tmp_path / name) for name in ("whole", "model")]
    for model in models:
        model.session = {}
    assert models[0].to_bytes() == models[1].to_bytes()


def test_a_replayed_stream_brings_its_labels_along(tmp_path, streamrnn):
    (tmp_path / "in.csv").write_bytes(text_of(lines()))
    replayed = subprocess.run(
        [sys.executable, "-m", "streamrnn_cli", "replay", tmp_path / "in.csv", "--time", "t", "--time-format", "s",
         "--speed", "max", "--quiet"],
        capture_output=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    through_pipe = streamrnn("run", *LATE, "--quiet", stdin=replayed.stdout)
    assert through_pipe.out == streamrnn("run", *LATE, "--quiet", tmp_path / "in.csv").out
    assert len(through_pipe.records) == 30


def test_inspect_and_the_summary_count_labels(tmp_path, streamrnn):
    result = streamrnn("run", *LATE, "-m", tmp_path / "model", stdin=text_of([*lines(), "99,n3,,a", "99,n27,,a"]))
    told = {line[:16].strip(): line[16:].strip() for line in result.lines if line[16:]}
    assert (told["late labels"], told["idle labels"], told["lost labels"]) == ("28", "1", "1")
    shown = streamrnn("inspect", tmp_path / "model").out.decode()
    assert all(f"{name:<18}{told[name]}\n" in shown for name in ("late labels", "idle labels", "lost labels"))
    assert json.loads(streamrnn("inspect", tmp_path / "model", "--json").out)["metrics"]["late_labels"] == 28


def test_a_temperature_is_shown_with_what_it_saves(tmp_path, streamrnn):
    result = streamrnn("run", *LATE, "--temperature", "auto", "-m", tmp_path / "model", stdin=text_of(lines()))
    (line,) = [line for line in result.lines if line.startswith("temperature")]
    assert re.fullmatch(r"temperature      y [\d.]+ \([\d.]+ bits; [\d.]+ at 1\)", line)
    shown = streamrnn("inspect", tmp_path / "model").out.decode().splitlines()
    assert line.split() in [line.split() for line in shown]


def test_evaluate_grades_labels_that_come_late(tmp_path, streamrnn):
    (tmp_path / "in.csv").write_bytes(text_of(lines(200)))
    result = streamrnn("evaluate", tmp_path / "in.csv", *LATE, "--json")
    assert result.code == 0
    report = json.loads(result.out)
    assert (report["late_labels"], report["lost_labels"]) == (198, 0)
    assert report["class_scores"][0]["count"] == 198
