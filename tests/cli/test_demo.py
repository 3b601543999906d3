"""`streamrnn demo`: a table and a picture; what is wrong with its one option is told before it learns."""

import pytest
from streamrnn_cli import demo


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        ("forecast.xyz", "'forecast.xyz' ends in none of .png, .svg, .pdf"),
        ("forecast", "'forecast' ends in none of .png, .svg, .pdf"),
        ("nowhere/forecast.png", "there is no directory nowhere"),
        ("folder.png", "folder.png is a directory: name a file in it"),
    ],
)
def test_a_picture_that_cannot_be_drawn_is_refused_before_anything_is_learned(
    streamrnn, tmp_path, monkeypatch, picture, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    result = streamrnn("demo", "--picture", picture)
    assert (result.code, result.out) == (2, b"")
    assert result.err == f"streamrnn: Invalid value for '--picture': {message}\n"


def test_the_demo_tells_errors_and_draws_a_picture(streamrnn, tmp_path, monkeypatch):
    recording = demo.read_recording()
    monkeypatch.setattr(demo, "read_recording", lambda: recording.slice(0, 640))
    picture = tmp_path / "forecast.svg"
    result = streamrnn("demo", "--picture", picture)
    assert result.code == 0, result.err
    lines = result.out.decode().splitlines()
    assert lines[0] == "11 minutes of one machine's metrics, a row a second: 640 rows."
    assert [line.split()[:2] for line in lines if line.startswith(("load ", "network_sent "))] == [
        [target, str(horizon)] for target in demo.TARGETS for horizon in demo.SHOWN
    ]
    assert lines[-1] == f"The picture is in {picture}."
    assert picture.read_bytes().startswith(b"<?xml")
