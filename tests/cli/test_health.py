"""What a person is told of how learning does: in the summary, in `inspect`, and in each record."""

import json
from dataclasses import asdict

import pyarrow.csv
import pytest
from commands import SMALL

from streamrnn import Learner


def waves(rows, shift_at):
    """Two columns; the second one goes to another level and stays."""
    lines = [f"{(i * 7) % 12},{(i * 5) % 9 + (10**6 if i >= shift_at else 0)}" for i in range(rows)]
    return "\n".join(["load,wind", *lines, ""]).encode()


@pytest.fixture
def wild(streamrnn, tmp_path):
    """A run at a rate that makes it diverge, and its model."""
    (tmp_path / "in.csv").write_bytes(waves(600, shift_at=400))
    model = tmp_path / "wild.model"
    run = ("run", *SMALL, tmp_path / "in.csv", "-m", model, "--lr", 5, "--clip", 0, "-o", tmp_path / "out.ndjson")
    return streamrnn(*run), model, tmp_path / "out.ndjson"


def test_the_records_tell_where_it_diverged_and_where_a_level_shifted(wild):
    _, model, output = wild
    events = [json.loads(line)["event"] or "" for line in output.read_text().splitlines()]
    metrics = Learner.load(model).metrics
    assert sum("diverged" in event.split(",") for event in events) == metrics.diverged > 0
    assert events[419] == "level-shift" and metrics.level_shifts == 1


def told(lines):
    """What lines say, in whatever columns it stands."""
    return [" ".join(line.split()) for line in lines]


def test_the_summary_and_inspect_tell_how_often_and_what_became_of_the_rate(streamrnn, wild):
    result, model, _ = wild
    learner = Learner.load(model)
    health = learner.health
    expected = [
        "level shifts 1",
        f"diverged {learner.metrics.diverged}",
        f"gradient norm {health.gradient_norm:.2g}, {health.clipped:.0%} clipped; "
        f"{health.reach:.2g} times as much reaches 4 rows back",
        f"learning rate at most {health.rate_cap:.2g} since the network diverged; lr is 5",
    ]
    for lines in (result.lines, streamrnn("inspect", model).out.decode().splitlines()):
        assert [line for line in told(lines) if line in expected] == expected


def test_each_of_several_networks_is_told(streamrnn, tmp_path):
    (tmp_path / "in.csv").write_bytes(waves(600, shift_at=1000))
    model = tmp_path / "pool.model"
    several = ("--lr", 0.01, "--lr-pool", "1,50000", "--channels", "independent", "--clip", 0)
    run = ("run", *SMALL, tmp_path / "in.csv", "-m", model, *several, "-o", tmp_path / "out.ndjson")
    result = streamrnn(*run)
    lines = streamrnn("inspect", model).out.decode().splitlines()
    networks = Learner.load(model).health.networks
    assert list(networks) == ["1.load", "1.wind", "50000.load", "50000.wind"]
    for name, network in networks.items():
        cap = f"at most {network.rate_cap or 0:.2g} since the network diverged"
        rate = f"{network.rate:.2g}" if network.rate_cap is None else cap
        start = f"network {name} rate {rate}; gradient norm {network.gradient_norm:.2g}, "
        for text in (result.lines, lines):
            assert len([line for line in told(text) if line.startswith(start)]) == 1
    assert networks["50000.load"].rate_cap is not None


def test_json_has_the_health(streamrnn, wild):
    content = json.loads(streamrnn("inspect", wild[1], "--json").out)
    assert content["health"] == asdict(Learner.load(wild[1]).health)


def test_updates_that_were_skipped_are_told(streamrnn, tmp_path):
    """One wild weight: the gradient is finite, its square is not; then the guard takes the weight back."""
    (tmp_path / "in.csv").write_bytes(waves(200, shift_at=1000))
    learner = Learner(["load", "wind"], hidden=4, window=4)
    learner.run(pyarrow.csv.read_csv(tmp_path / "in.csv"))
    learner.parameters["head.weight"][...] = 1e25
    model = tmp_path / "my.model"
    learner.save(model)
    result = streamrnn("run", tmp_path / "in.csv", "-m", model, "-o", tmp_path / "out.ndjson")
    events = ",".join(json.loads(line)["event"] or "" for line in (tmp_path / "out.ndjson").read_text().splitlines())
    assert events.count("update-skipped") == Learner.load(model).metrics.skipped_updates > 0
    assert any(line.startswith("skipped updates  ") for line in result.lines)


def test_before_any_update_nothing_is_said_of_gradients(streamrnn, tmp_path):
    Learner("load", hidden=4).save(tmp_path / "new.model")
    assert "gradient" not in streamrnn("inspect", tmp_path / "new.model").out.decode()
    assert json.loads(streamrnn("inspect", tmp_path / "new.model", "--json").out)["health"]["reach"] is None
