"""`streamrnn inspect`: what is in a model file."""

import json

import pytest
from commands import SMALL, csv_of

from streamrnn import Learner


@pytest.fixture
def model(streamrnn, tmp_path):
    """A model that has seen 60 rows, one of them refused, and a null."""
    (tmp_path / "in.csv").write_bytes(csv_of(30) + b"t,,1,a\n" + b"1,2\n" + csv_of(28, start=30).partition(b"\n")[2])
    path = tmp_path / "my.model"
    streamrnn("run", *SMALL, tmp_path / "in.csv", "-m", path, "-o", tmp_path / "out.csv", "--horizon", 2)
    return path


def test_everything_that_is_in_a_model_is_shown(streamrnn, model, tmp_path):
    result = streamrnn("inspect", model)
    lines = result.out.decode().splitlines()
    learner = Learner.load(model)
    assert (result.code, result.err) == (0, "")
    assert lines[0] == f"{model}: {model.stat().st_size:,} bytes; in memory {learner.nbytes:,} bytes"
    for line in (
        "targets           load,wind",
        "hidden            4",
        "columns           load, wind",
        f"parameters        {sum(view.size for view in learner.parameters.values()):,}",
        f"  weight_hh_l0    {learner.parameters['weight_hh_l0'].shape[0]} x 4",
        "  head.bias       4",
        "rows              60",
        "nulls             1 (load 1)",
        "refused rows      1",
        f"source            {tmp_path / 'in.csv'}, 60 rows of it",
        f"output            {tmp_path / 'out.csv'}",
    ):
        assert line in lines
    assert lines[-6].split()[:3] == ["target", "horizon", "MAE"]


def test_what_follows_from_other_settings_is_shown_as_what_it_comes_to(streamrnn, tmp_path):
    learner = Learner("kind", "x", categorical="kind", horizon=0, hidden=4)
    for row in range(30):
        learner.step({"x": row, "kind": "ab"[row // 9 % 2] if row % 9 == 8 else None})
    learner.save(tmp_path / "my.model")
    lines = streamrnn("inspect", tmp_path / "my.model").out.decode().splitlines()
    for line in (
        "lr                0.001",
        "clip              10",
        "experts           no",
        "learning rate     0.003 at the last update",
    ):
        assert line in lines


def test_every_setting_stands_in_the_same_column(streamrnn, model):
    lines = streamrnn("inspect", model).out.decode().splitlines()
    shown = lines[2 : lines.index("", 2)]
    assert [line.split()[0] for line in shown] == list(Learner.load(model).settings.to_dict())
    assert {len(line) - len(line.split(maxsplit=1)[1]) for line in shown} == {18}


def test_json_holds_the_same(streamrnn, model):
    content = json.loads(streamrnn("inspect", model, "--json").out)
    learner = Learner.load(model)
    assert content["settings"] == learner.settings.to_dict()
    assert content["columns"] == list(learner.columns)
    assert content["parameters"] == {name: list(view.shape) for name, view in learner.parameters.items()}
    assert content["metrics"]["rows"] == 60
    assert [score["mae"] for score in content["metrics"]["scores"]] == [score.mae for score in learner.metrics.scores]
    assert (content["memory_bytes"], content["session"]) == (learner.nbytes, learner.session)


def test_a_model_that_has_seen_nothing_is_shown_without_errors(streamrnn, tmp_path):
    Learner("load", hidden=4).save(tmp_path / "new.model")
    assert "rows              0" in streamrnn("inspect", tmp_path / "new.model").out.decode().splitlines()
    content = json.loads(streamrnn("inspect", tmp_path / "new.model", "--json").out)
    assert content["metrics"]["scores"][0]["mae"] is None


def test_what_is_no_model_is_one_line_and_exit_code_1(streamrnn, model, csv, tmp_path):
    damaged = tmp_path / "damaged.model"
    damaged.write_bytes(model.read_bytes()[:-1] + b"\xff")
    for path, message in (
        (csv, f"{csv} is not a streamrnn model"),
        (tmp_path / "no.model", f"{tmp_path / 'no.model'}: No such file or directory"),
        (tmp_path, f"{tmp_path}: Is a directory"),
        (damaged, f"{damaged} is damaged: its content does not match its checksum"),
    ):
        result = streamrnn("inspect", path)
        assert (result.err, result.code, result.out) == (f"streamrnn: {message}\n", 1, b"")


def test_shards_are_shown(streamrnn, tmp_path):
    (tmp_path / "in.csv").write_text("site,load\n" + "".join(f"{'agbh'[row % 4]},{row}\n" for row in range(40)))
    run = ["run", tmp_path / "in.csv", "--key", "site", "--hidden", 4, "--window", 4, "-o", tmp_path / "out.csv"]
    dry = streamrnn(*run, "--shards", 2, "--dry-run").out.decode()
    assert ", in each of 2 shards" in dry
    result = streamrnn(*run, "--shards", 2, "-m", tmp_path / "m")
    assert result.code == 0
    told = next(line.split() for line in result.err.splitlines() if line.startswith("streamrnn: memory for"))
    shown = streamrnn("inspect", tmp_path / "m").out.decode().splitlines()
    assert shown[0].endswith(f"in memory {told[-2]} bytes") and f" {told[-2]} bytes" in dry
    assert {"shards            2", "rows              40"} <= set(shown)
    assert json.loads(streamrnn("inspect", tmp_path / "m", "--json").out)["shards"] == 2


@pytest.mark.parametrize("shards", [1, 2])
def test_experts_of_keys_are_shown_as_the_mean_of_their_weights_and_the_most_common_season(streamrnn, tmp_path, shards):
    rows = [f"{key},{(1 + key) * (row % 12)}\n" for row in range(200) for key in range(3)]
    (tmp_path / "in.csv").write_text("site,load\n" + "".join(rows))
    run = ["run", tmp_path / "in.csv", "--key", "site", "--experts", "--hidden", 4, "--window", 4]
    result = streamrnn(*run, "--shards", shards, "-m", tmp_path / "m", "-o", tmp_path / "out.csv")
    assert result.code == 0
    shown = streamrnn("inspect", tmp_path / "m").out.decode().splitlines()
    assert "season            12; the most common among the keys" in shown
    assert next(line for line in shown if line.startswith("experts  ") and "%" in line).count("%") > 1
