"""Help: quick, with examples first, and complete."""

import re
import resource
import subprocess
import sys

import pytest
from streamrnn_cli.main import COMMANDS

from streamrnn import __version__

HEAVY = ("numba", "numpy", "pyarrow", "llvmlite", "tqdm", "orjson", "matplotlib")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["run", "--help"], ["inspect", "-h"], ["--version"]])
def test_help_loads_nothing_heavy(arguments):
    code = f"""
import sys
from streamrnn_cli.main import execute
assert execute({arguments!r}) == 0
heavy = [name for name in {HEAVY!r} if name in sys.modules]
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_help_takes_less_than_a_third_of_a_second():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "streamrnn_cli", "--help"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_leads_with_examples(streamrnn, name):
    result = streamrnn(name, "--help")
    text = result.out.decode()
    assert (result.code, result.err) == (0, "")
    assert text.index("Usage:") < text.index("Examples:\n  streamrnn ") < text.index("--help")
    assert f"\n  {name} " in streamrnn("--help").out.decode()


def test_the_version_is_told(streamrnn):
    assert streamrnn("--version").out == f"streamrnn {__version__}\n".encode()


def test_help_shows_options_by_group_with_their_defaults(streamrnn):
    text = streamrnn("run", "--help").out.decode()
    groups = ["Columns:", "Forecast:", "Network:", "Training:", "Model:", "In and out:", "Help:"]
    places = [text.index(f"\n{group}\n") for group in groups]
    assert places == sorted(places)
    words = " ".join(text.split())
    assert "-t, --targets, --target COLUMNS columns to forecast [every numeric column]" in words
    assert "--window ROWS rows that a gradient flows back (k2) [32]" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspec"], r"there is no command 'inspec'; did you mean inspect\?"),
        (["foo"], f"there is no command 'foo'; the commands are {', '.join(COMMANDS)}"),
        (["run", "--targts", "x"], "No such option:? '?--targts"),  # as Click has it, old or new
        (["inspect"], r"Missing argument 'MODEL'\."),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_code_2(streamrnn, arguments, message):
    result = streamrnn(*arguments)
    (line,) = result.lines
    assert re.match(f"streamrnn: {message}", line)
    assert (result.code, result.out) == (2, b"")


def test_an_error_that_nobody_foresaw_is_one_line_too(capsys, monkeypatch):
    from streamrnn_cli.errors import exit_code_of

    def fail():
        raise KeyError("x")

    assert exit_code_of(fail) == 1
    assert capsys.readouterr().err == "streamrnn: this is a bug: KeyError: 'x'; STREAMRNN_TRACEBACK=1 shows where\n"
