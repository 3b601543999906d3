"""One design rule: a setting has one name and one default in every place where it can be given or seen."""

import importlib.util
import inspect
import json
from dataclasses import fields
from pathlib import Path

import click
import pytest
from commands import SMALL
from streamrnn_cli.run import RUN_OPTIONS, command

from streamrnn import Learner
from streamrnn.settings import Settings, SettingsError, default

ROOT = Path(__file__).parents[2]
NAMES = [field.name for field in fields(Settings)]
# A value that is not the default, as it is written on the command line and in TOML.
EXAMPLES = {
    "targets": ("load", "['load']"), "features": ("wind,load", "['wind', 'load']"),
    "time": ("time", "'time'"), "time_format": ("ms", "'ms'"), "sequence": ("site", "'site'"),
    "key": ("site", "'site'"), "label_id": ("site", "'site'"),
    "categorical": ("load", "['load']"), "target_weights": ("2,3", "[2.0, 3.0]"),
    "horizon": ("2,5", "[2, 5]"), "quantiles": ("0.1,0.5,0.9", "[0.1, 0.5, 0.9]"), "season": ("24", "24"),
    "alert": ("0.99", "0.99"), "lr": ("0.01", "0.01"), "clip": ("0.5", "0.5"), "intervals": ("0.5,0.9", "[0.5, 0.9]"),
    "lr_pool": ("0.3,1", "[0.3, 1.0]"), "temperature": ("auto", "'auto'"), "focal": ("2", "2.0"),
    "class_weights": ("on=2,off=0.5", "'on=2,off=0.5'"),
}  # fmt: skip


def example(name):
    """A value that differs from the default: as text, and as TOML."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    option, before = Settings.__dataclass_fields__[name].metadata["option"], default(name)
    if option.choices:
        other = next(choice for choice in option.choices if choice != before)
        return other, f"'{other}'"
    kind = str(Settings.__dataclass_fields__[name].type)
    if "bool" in kind:
        return None, "true" if before is False else "false"
    if "int" in kind:
        return str((before or 8) + 1), str((before or 8) + 1)
    return str(before / 2), str(before / 2)


def arguments(name):
    text, as_toml = example(name)
    flag = "--" + name.replace("_", "-")
    if text is not None:
        return [flag, text]
    return [flag if as_toml == "true" else flag.replace("--", "--no-", 1)]


def what_goes_with(name):
    """Settings without which this one would be refused."""
    needed = {"max_delay": ["--horizon-unit", "values"], "target_weights": ["--targets", "load,wind"]}
    needed |= {"categorical": ["--targets", "load"], "batch_keys": ["--key", "site"]}
    needed |= {"weights": ["--key", "site"], "quantiles": ["--loss", "quantile"]}
    clips = ["--targets", "load", "--categorical", "load", "--features", "wind", "--horizon", "0", "--sequence", "site"]
    needed |= {"sequence_forecast": clips, "max_keys": ["--key", "site"], "nonlinearity": ["--cell", "elman"]}
    needed |= {"huber_delta": ["--loss", "huber"], "momentum": ["--optimizer", "sgd"]}
    needed |= {"alpha": ["--optimizer", "rmsprop"], "weight_decay": ["--optimizer", "adamw"]}
    about_categories = (
        "max_categories", "evict_categories", "temperature", "count_order", "top", "embedding", "class_weights", "focal"
    )  # fmt: skip
    needed |= {name: ["--targets", "site"] for name in about_categories}
    needed["count_contexts"] = ["--targets", "site", "--count-order", "2"]
    needed["label_id"] = ["--targets", "load", "--features", "wind", "--horizon", "0", "--max-delay", "3"]
    return needed.get(name, ["--time", "time"] if name.startswith("time_") else [])


def shown(result, name):
    """Value and origin of a setting, as --dry-run shows them."""
    assert result.code == 0, result.err
    line = next(line for line in result.out.decode().splitlines() if line.split(maxsplit=1)[:1] == [name])
    return line.split(maxsplit=2)[1:]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_a_keyword_of_the_learner(name):
    parameter = inspect.signature(Learner.__init__).parameters
    assert name in parameter or parameter["settings"].kind is inspect.Parameter.VAR_KEYWORD
    with pytest.raises(SettingsError, match=name):
        Learner("load", **{name: object()}) if name not in ("targets", "features") else Learner(**{name: [object()]})


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_a_flag_an_environment_variable_and_a_key_of_toml(streamrnn, csv, tmp_path, monkeypatch, name):
    base = ["run", csv, "--dry-run", *what_goes_with(name)]
    flag = shown(streamrnn(*base, *arguments(name)), name)
    assert flag[1:] == ["flag"]
    monkeypatch.setenv(f"STREAMRNN_{name.upper()}", example(name)[0] or example(name)[1])
    assert shown(streamrnn(*base), name) == [flag[0], "environment"]
    monkeypatch.delenv(f"STREAMRNN_{name.upper()}")
    (tmp_path / "run.toml").write_text(f"{name} = {example(name)[1]}\n")
    assert shown(streamrnn(*base, "--config", tmp_path / "run.toml"), name) == [flag[0], str(tmp_path / "run.toml")]
    assert shown(streamrnn("run", csv, "--dry-run"), name) != flag


def test_every_setting_has_its_default_on_the_command_line_and_a_line_in_inspect(streamrnn, csv, tmp_path):
    model = tmp_path / "model"
    streamrnn("run", csv, "-m", model, "-t", "load", "-f", "load")
    expected = {**Settings().to_dict(), "targets": ["load"], "features": ["load"]}
    assert json.loads(streamrnn("inspect", model, "--json").out)["settings"] == expected
    lines = streamrnn("inspect", model).out.decode().splitlines()
    assert [line.split()[0] for line in lines[2 : 2 + len(NAMES)]] == NAMES


def test_a_flag_goes_before_the_environment_and_that_before_the_file(streamrnn, csv, tmp_path, monkeypatch):
    (tmp_path / "run.toml").write_text("hidden = 5\nwindow = 6\nlayers = 2\ntargets = 'load,wind'\n")
    monkeypatch.setenv("STREAMRNN_HIDDEN", "7")
    monkeypatch.setenv("STREAMRNN_WINDOW", "8")
    monkeypatch.setenv("STREAMRNN_CONFIG", str(tmp_path / "run.toml"))
    result = streamrnn("run", csv, "--dry-run", "--hidden", 9)
    assert shown(result, "hidden") == ["9", "flag"]
    assert shown(result, "window") == ["8", "environment"]
    assert shown(result, "layers") == ["2", str(tmp_path / "run.toml")]
    assert shown(result, "targets") == ["load,wind", str(tmp_path / "run.toml")]
    assert shown(result, "seed") == ["0", "default"]


def test_a_dry_run_shows_columns_record_and_memory_and_does_nothing(streamrnn, csv, tmp_path):
    result = streamrnn("run", csv, *SMALL, "--dry-run", "-m", tmp_path / "model", "-o", tmp_path / "out.csv")
    learner = Learner(["load", "wind"], hidden=4, window=4)
    facts = dict(line.split(maxsplit=1) for line in result.out.decode().split("\n\n")[0].splitlines())
    assert facts == {
        "source": f"{csv} (csv)",
        "columns": "time (text), load (number), wind (number), site (text)",
        "output": f"{tmp_path / 'out.csv'}",
        "record": "row, load, load_expected, load_h1, wind, wind_expected, wind_h1, loss, event",
        "model": f"{tmp_path / 'model'} (new)",
        "memory": f"{learner.nbytes:,} bytes",
        "parameters": f"{sum(view.size for view in learner.parameters.values()):,}",
    }
    assert shown(result, "targets") == ["load,wind", "default: every number column"]
    assert (result.err, [path.name for path in tmp_path.iterdir()]) == ("", ["load.csv"])


def test_a_dry_run_shows_what_defaults_come_to(streamrnn, csv):
    numbers = streamrnn("run", csv, "--dry-run", "--horizon", 16)
    categories = streamrnn("run", csv, "--dry-run", "--categorical", "load", "-t", "load")
    assert [shown(numbers, name)[0] for name in ("lr", "clip", "experts")] == ["0.0005", "1", "yes"]
    assert [shown(categories, name) for name in ("lr", "clip")] == [["0.001", "default"], ["10", "default"]]


def test_a_dry_run_shows_what_comes_from_the_model(streamrnn, csv, tmp_path):
    streamrnn("run", csv, *SMALL, "-m", tmp_path / "model")
    result = streamrnn("run", csv, "-m", tmp_path / "model", "--dry-run", "--lr", 0.5)
    assert (shown(result, "hidden"), shown(result, "lr")) == (["4", "model"], ["0.5", "flag"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hiden = 3", "there is no option 'hiden'; did you mean hidden?"),
        ("hidden = 'x'", "hidden: 'x' is not a whole number"),
        ("hidden = 2.5", "hidden: 2.5 is not a whole number"),
        ("lr = true", "lr: True is not a number"),
        ("cell = 'rnn'", "cell: 'rnn' is not one of 'elman', 'gru', 'lstm', 'coupled-lstm'."),
        ("skip = 1", "skip: 1 is neither true nor false"),
        ("targets = [0]", "targets: 0 is not text; put it in quotes"),
        ("[network]\nhidden = 3", "there is no option 'network'; "),
        ("config = 'x'", "there is no option 'config'; "),
        ("hidden =", "is not TOML: "),
    ],
)
def test_a_mistake_in_a_file_is_one_line_and_exit_code_2(streamrnn, csv, tmp_path, text, message):
    path = tmp_path / "run.toml"
    path.write_text(text)
    result = streamrnn("run", csv, "--config", path)
    (line,) = result.lines
    assert line.startswith(f"streamrnn: {path}{' ' if 'TOML' in message else ': '}{message}"), line
    assert result.code == 2


def test_a_file_that_is_not_there_is_told(streamrnn, csv):
    result = streamrnn("run", csv, "--config", "no.toml")
    assert (result.err, result.code) == ("streamrnn: no.toml cannot be read: No such file or directory\n", 2)


def test_a_file_can_name_everything_that_a_run_needs(streamrnn, csv, tmp_path):
    (tmp_path / "run.toml").write_text(
        f"source = '{csv}'\noutput = '{tmp_path / 'out.csv'}'\ntargets = ['load']\nhidden = 4\nquiet = true\n"
        f"learn = false\nmodel = '{tmp_path}/model'\ncheckpoint-every = '5m'\necho = ['site']\n"
    )
    result = streamrnn("run", "--config", tmp_path / "run.toml")
    assert (result.code, result.out, result.err) == (0, b"", "")
    assert (tmp_path / "out.csv").read_text().startswith("row,site,load,load_expected,load_h1,loss,event\n")


def test_names_with_commas_stand_in_quotes(streamrnn):
    result = streamrnn("run", *SMALL, "-t", '"a,b", c', "--limit", 1, stdin=b'"a,b",c\n1,2\n')
    assert list(result.records[0])[:2] == ["row", "a,b"]


@pytest.mark.parametrize(("text", "horizon"), [("3", 3), ("2,5", [2, 5]), ("5,", [5]), ("0", 0)])
def test_a_horizon_is_a_number_or_single_ones(streamrnn, csv, tmp_path, text, horizon):
    streamrnn("run", csv, *SMALL, "-t", "load", "-m", tmp_path / "model", "--horizon", text)
    assert json.loads(streamrnn("inspect", tmp_path / "model", "--json").out)["settings"]["horizon"] == horizon


def test_every_option_has_help_and_a_group():
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.group, parameter.name
    assert len({option.name for option in RUN_OPTIONS} & set(NAMES)) == 0


def test_the_page_of_options_is_current():
    location = importlib.util.spec_from_file_location("generate_options", ROOT / "docs" / "generate_options.py")
    generate_options = importlib.util.module_from_spec(location)
    location.loader.exec_module(generate_options)
    page = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    assert page == generate_options.page(), "run: python docs/generate_options.py"
