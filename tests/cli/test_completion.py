"""What a shell is offered when somebody presses the tab key."""

import os
import shutil
import subprocess
import sys

import pytest
from streamrnn_cli.main import COMMANDS

SHELLS = ("bash", "zsh", "fish")
HEAVY = ("numba", "numpy", "pyarrow", "llvmlite", "orjson")


@pytest.fixture
def offered(csv, capfdbinary, monkeypatch):
    """Return what the command answers to bash for a line, of which the last word is being typed."""
    from streamrnn_cli.main import execute

    def offer(*words):
        monkeypatch.setenv("_STREAMRNN_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["streamrnn", *(word.replace("CSV", str(csv)) for word in words)]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit) as end:
            execute([])
        out, err = capfdbinary.readouterr()
        assert (end.value.code, err) == (0, b"")
        return out.decode().split()

    return offer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("",), [f"plain,{name}" for name in COMMANDS]),
        (("re",), ["plain,replay"]),
        (("replay", "--sp"), ["plain,--speed"]),
        (("replay", "CSV", "--spee"), ["plain,--speed"]),
        (("run", "--cell", ""), ["plain,elman", "plain,gru", "plain,lstm", "plain,coupled-lstm"]),
        (("run", "--cell", "g"), ["plain,gru"]),
        (("completion", ""), [f"plain,{name}" for name in SHELLS]),
        (("replay", ""), ["file,"]),
        (("replay", "loa"), ["file,loa"]),
        (("inspect", ""), ["file,"]),
        (("run", "CSV", "-m", ""), ["file,"]),
        (("run", "CSV", "--config", "x"), ["file,x"]),
        (("nonsense", "x"), []),
        (("run", "--nonsense", "x"), ["file,x"]),
        (("run", "CSV", "--hidden", ""), []),
    ],
)
def test_commands_options_choices_and_paths_are_offered(offered, words, answer):
    assert offered(*words) == answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("replay", "CSV", "--time", ""), ["time", "load", "wind", "site"]),
        (("replay", "CSV", "--time", "ti"), ["time"]),
        (("run", "CSV", "-t", ""), ["load", "wind"]),
        (("run", "CSV", "-t", "load,"), ["load,wind"]),
        (("run", "CSV", "--echo", "load,s"), ["load,site"]),
        (("run", "CSV", "--cell", "gru", "--features=w"), ["wind"]),
        (("run", "--time", "t"), []),
        (("run", "-", "--time", ""), []),
        (("run", "nowhere.csv", "--time", ""), []),
        (("run", "/dev/null", "--time", ""), []),
        (("replay", "CSV", "--delimiter", "ab", "--time", ""), []),
        (("replay", "--config", "nowhere.toml", "CSV", "--time", "ti"), ["time"]),
    ],
)
def test_columns_of_the_source_are_offered_where_it_is_a_file(offered, words, answer):
    assert offered(*words) == [f"plain,{name}" for name in answer]


def test_a_pipe_is_never_waited_for(offered, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert offered("replay", str(tmp_path / "pipe"), "--time", "") == []


def test_a_damaged_file_offers_nothing(offered, tmp_path):
    (tmp_path / "x.arrow").write_bytes(b"ARROW1\0\0\xff\xff\xff\xff\x10\0\0\0" + bytes(16))
    assert offered("replay", str(tmp_path / "x.arrow"), "--time", "") == []


def test_names_that_would_have_to_be_quoted_are_not_offered(offered, tmp_path):
    (tmp_path / "x.csv").write_text("a b,$(c),d\n1,2,3\n")
    assert offered("run", str(tmp_path / "x.csv"), "-t", "") == ["plain,d"]


def test_nothing_heavy_is_loaded_for_options():
    code = f"""
import sys
from streamrnn_cli.main import execute
try:
    execute([])
finally:
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    assert not heavy, heavy
"""
    environment = {"COMP_WORDS": "streamrnn run x.csv --ho", "COMP_CWORD": "3", "_STREAMRNN_COMPLETE": "bash_complete"}
    answer = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["plain,--horizon", "plain,--horizon-unit"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_is_printed(streamrnn, shell):
    result = streamrnn("completion", shell)
    assert (result.code, result.err) == (0, "")
    assert f"_STREAMRNN_COMPLETE={shell}_complete".encode() in result.out


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_takes_the_script(streamrnn, shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_bytes(streamrnn("completion", shell).out)
    subprocess.run([shell, "-n", script], check=True, capture_output=True)


def test_bash_completes_columns(streamrnn, csv, tmp_path):
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    (tmp_path / "script").write_bytes(streamrnn("completion", "bash").out)
    (tmp_path / "streamrnn").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m streamrnn_cli "$@"\n')
    (tmp_path / "streamrnn").chmod(0o755)
    line = f'source {tmp_path}/script; COMP_WORDS=(streamrnn replay {csv} --time ""); COMP_CWORD=4; '
    line += '_streamrnn_completion streamrnn; echo "${COMPREPLY[@]}"'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    answer = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=True)
    assert (answer.stdout, answer.stderr) == ("time load wind site\n", "")


def test_another_shell_is_a_usage_error(streamrnn):
    result = streamrnn("completion", "tcsh")
    assert (result.code, result.out) == (2, b"")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in result.err
