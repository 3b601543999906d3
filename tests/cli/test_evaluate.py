"""`streamrnn evaluate`: tables, JSON and a page, from files and pipes; mistakes told in a line."""

import gzip
import json
import os
import re
import signal
from dataclasses import fields

import pytest
from commands import PATIENCE, SMALL, csv_of
from streamrnn_cli.evaluate import command
from streamrnn_cli.run import command as run_command

from streamrnn.settings import Settings

TARGETS = ("-t", "load,wind", "-f", "load,wind")


@pytest.fixture
def long_csv(tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(csv_of(400))
    return path


def without_speed(text):
    return re.sub(r" in [\d.]+ s(, [\d,]+ rows/s)?", "", text)


def test_every_setting_is_an_option_as_it_is_of_run():
    def options(group):
        return {option.name: (option.opts, option.help, option.envvar) for option in group.params}

    names = [field.name for field in fields(Settings)]
    of_run, of_evaluate = options(run_command), options(command)
    assert {name: of_evaluate[name] for name in names} == {name: of_run[name] for name in names}


def test_it_says_how_good_everybody_was(streamrnn, long_csv):
    result = streamrnn("evaluate", long_csv, *SMALL, *TARGETS, "--horizon", 3)
    lines = result.out.decode().splitlines()
    assert (result.code, without_speed(lines[0])) == (0, f"{long_csv}: 400 rows")
    assert lines[2].split() == ["MASE", "h", "1", "h", "2", "h", "3", "all", "skill"]
    names = ["last value", "seasonal", "linear", "joint", "readout", "network", "mix without network", "mix"]
    assert [line.split("  ")[0] for line in lines[3:11]] == names
    assert lines[3].split()[2] == "1"
    header = ["target", "horizon", "MAE", "RMSE", "MASE", "skill", "best", "other", "its", "RMSE", "DM", "p"]
    assert lines[12].split() == header
    assert [line.split()[:2] for line in lines[13:19]] == [[t, str(h)] for t in ("load", "wind") for h in (1, 2, 3)]
    assert lines[20].startswith("Of 6 tests against the best other forecaster, the learner wins ")


def test_its_figures_are_those_of_run(streamrnn, long_csv):
    of_run = streamrnn("run", long_csv, *SMALL, *TARGETS, "-o", os.devnull).lines
    by_target = {line.split()[0]: line.split()[2] for line in of_run if line.startswith(("load ", "wind "))}
    lines = streamrnn("evaluate", long_csv, *SMALL, *TARGETS).out.decode().splitlines()
    assert by_target == {line.split()[0]: line.split()[2] for line in lines if line.startswith(("load ", "wind "))}


def test_json_has_every_target_horizon_and_forecaster(streamrnn, long_csv):
    result = streamrnn("evaluate", long_csv, *SMALL, *TARGETS, "--horizon", "1,4", "--loss", "quantile", "--json")
    content = json.loads(result.out)
    scores = [(score["target"], score["horizon"], score["forecaster"]) for score in content["scores"]]
    assert scores == [(t, h, name) for t in ("load", "wind") for h in (1, 4) for name in ("last value", "network")]
    assert set(content["scores"][0]) == {
        "target", "horizon", "forecaster", "count", "mae", "rmse", "mase", "skill", "diebold_mariano", "p",
    }  # fmt: skip
    assert content["scores"][1]["p"] is None
    assert [interval["nominal"] for interval in content["intervals"]] == [0.9] * 4
    assert (content["rows"], content["complete"], content["settings"]["horizon"]) == (400, True, [1, 4])


def test_a_pipe_gives_what_a_file_gives(streamrnn, long_csv):
    arguments = [*SMALL, *TARGETS, "--horizon", 2, "--json"]
    of_file = json.loads(streamrnn("evaluate", long_csv, *arguments).out)
    of_pipe = json.loads(streamrnn("evaluate", "-", *arguments, stdin=long_csv.read_bytes()).out)
    assert of_pipe.pop("source") == "stdin" and of_file.pop("source") == str(long_csv)
    assert of_pipe == of_file
    assert streamrnn("evaluate", *arguments, stdin=long_csv.read_bytes()).code == 0


def test_the_report_is_one_file_and_is_not_replaced_unasked(streamrnn, long_csv, tmp_path):
    report = tmp_path / "report.html"
    arguments = ["evaluate", long_csv, *SMALL, *TARGETS, "--report", report]
    result = streamrnn(*arguments)
    page = report.read_text()
    assert (result.code, result.lines[-1]) == (0, f"streamrnn: the report is in {report}")
    assert page.startswith("<!doctype html>") and page.endswith("</html>\n")
    again = streamrnn(*arguments)
    assert (again.code, again.err) == (
        1, f"streamrnn: {report} exists already: choose another name, or replace it with --overwrite\n",
    )  # fmt: skip
    assert streamrnn(*arguments, "--overwrite").code == 0
    assert report.read_text() == page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.csv", "report.html"]


def test_nothing_but_the_report_is_written(streamrnn, long_csv, tmp_path):
    streamrnn("evaluate", long_csv, *SMALL, *TARGETS)
    assert [path.name for path in tmp_path.iterdir()] == ["long.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no.csv"], 1, r"no\.csv does not exist"),
        (["CSV", "-t", "lod"], 2, r".* has no column 'lod'; did you mean 'load'\?"),
        (["CSV", "--horizon", "0", "-t", "load", "-f", "load"], 2, "at horizon 0 a target cannot be a feature: load"),
        (["CSV", "--hidden", "x"], 2, ".*'x' is not a whole number"),
        (["CSV", "--report", "CSV", "--overwrite"], 2, "source and output are the same file, .*: name another one"),
        (["CSV", "--report", "FOLDER"], 1, ".* is a directory: name a file in it"),
        (["CSV", "--report", "FOLDER/no/report.html"], 1, r".*report\.html.*"),
        (["CSV", "--every", "1h"], 2, "a grid needs the times of the rows: name their column with --time"),
        (["CSV", "--model", "m"], 2, r"No such option:? '?--model.*"),
    ],
)
def test_a_mistake_is_one_line(streamrnn, long_csv, tmp_path, arguments, code, message):
    places = {"CSV": str(long_csv), "FOLDER": str(tmp_path)}
    words = [re.sub("CSV|FOLDER", lambda word: places[word[0]], argument) for argument in arguments]
    result = streamrnn("evaluate", *words)
    (line,) = result.lines
    assert re.fullmatch(f"streamrnn: {message}", line)
    assert (result.code, result.out) == (code, b"")


def test_many_targets_are_cut_short_and_all_in_json(streamrnn, tmp_path):
    names = [f"c{place}" for place in range(40)]
    rows = "\n".join(",".join(str((row * place) % 13) for place in range(40)) for row in range(60))
    (tmp_path / "many.csv").write_text(f"{','.join(names)}\n{rows}\n")
    lines = streamrnn("evaluate", tmp_path / "many.csv", *SMALL).out.decode().splitlines()
    assert "... and 16 more targets: --json has them all" in lines


def test_a_signal_ends_it_with_what_is_known(process, tmp_path):
    running = process("evaluate", "-", *SMALL, *TARGETS, "--report", tmp_path / "report.html", "--quiet")
    running.stdin.write(csv_of(25_000))  # more than a pipe holds: most of it has been taken when this returns
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, err) == (128 + signal.SIGTERM, b"")
    assert b"; stopped by a signal\n" in out
    assert "; stopped by a signal</p>" in (tmp_path / "report.html").read_text()


def test_a_source_that_breaks_off_is_told_and_what_came_is_evaluated(streamrnn, tmp_path):
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(csv_of(20_000))[:-5000])
    result = streamrnn("evaluate", path, *SMALL, *TARGETS, "--no-experts", "--report", tmp_path / "report.html")
    assert result.code == 1
    assert any(
        line.startswith(f"streamrnn: {path} cannot be read: its compressed data are cut") for line in result.lines
    )
    lines = result.out.decode().splitlines()
    assert re.fullmatch(rf"{path}: 1\d,\d{{3}} rows; the source broke off", without_speed(lines[0]))
    assert lines[2].startswith("MASE")
    assert "; the source broke off</p>" in (tmp_path / "report.html").read_text()


def test_options_come_from_the_environment_and_from_a_file_too(streamrnn, long_csv, tmp_path, monkeypatch):
    (tmp_path / "options.toml").write_text("hidden = 5\n[run]\nmodel = 'x'\n[evaluate]\ntargets = ['wind']\n")
    monkeypatch.setenv("STREAMRNN_WINDOW", "6")
    result = streamrnn("evaluate", long_csv, "--config", tmp_path / "options.toml", "--json", "--quiet")
    settings = json.loads(result.out)["settings"]
    assert (settings["hidden"], settings["window"], settings["targets"]) == (5, 6, ["wind"])
    assert result.err == ""
