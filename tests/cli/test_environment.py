"""Variables of the environment that look like options."""

import pytest


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("STREAMRNN_HIDEN", "did you mean STREAMRNN_HIDDEN?"),
        ("STREAMRNN_CASH_DIR", "did you mean STREAMRNN_CACHE_DIR?"),
        ("STREAMRNN_XYZZY_QUUX", "it means nothing to streamrnn"),
    ],
)
def test_a_name_that_no_option_has_is_told_with_the_nearest_one(streamrnn, csv, monkeypatch, name, hint):
    monkeypatch.setenv(name, "1")
    result = streamrnn("replay", csv, "--speed", "max", "--quiet")
    assert (result.code, result.err) == (0, f"streamrnn: no option is named by {name}: {hint}\n")


@pytest.mark.parametrize("name", ["STREAMRNN_HIDDEN", "STREAMRNN_TRACEBACK", "STREAMRNN_DATA", "STREAMRNNING"])
def test_options_of_other_commands_and_what_is_read_elsewhere_are_not_told(streamrnn, csv, monkeypatch, name):
    monkeypatch.setenv(name, "7")
    assert streamrnn("replay", csv, "--speed", "max", "--quiet").err == ""


def test_help_tells_nothing_of_the_environment_unless_a_command_is_named(streamrnn, monkeypatch):
    monkeypatch.setenv("STREAMRNN_HIDEN", "1")
    assert streamrnn("--help").err == ""
