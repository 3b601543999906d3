"""Alerts in a run: they are written, counted, and told alone where that is asked for."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sessions import Heard

from streamrnn import SettingsError

ALERTS = [250, 400, 720]
SETTINGS = {"alert": 0.999, "lr": 0.0, "experts": False, "targets": ["load"]}


@pytest.fixture
def spikes(files):
    """A stream with three values out of all range."""
    values = np.random.default_rng(0).uniform(-1.0, 1.0, 1500).round(6)
    values[ALERTS] = [5.0, -20.0, 60.0]
    (files / "in.csv").write_text("load\n" + "".join(f"{value}\n" for value in values.tolist()))
    return files


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_counts_its_alerts(spikes, run):
    outcome = run(source="in.csv", output="out.ndjson", settings=SETTINGS).outcome
    records = lines(spikes / "out.ndjson")
    assert [record["row"] for record in records if record["alert"]] == ALERTS
    assert (outcome.alerts, outcome.last_alert) == (3, 720)
    assert records[0]["anomaly"] is records[0]["alert"] is None and records[-1]["alert"] is False


def test_only_the_records_with_an_alert_are_written_if_they_alone_are_wanted(spikes, run):
    run(source="in.csv", output="all.ndjson", settings=SETTINGS)
    run(source="in.csv", output="out.ndjson", settings=SETTINGS, only_alerts=True)
    assert lines(spikes / "out.ndjson") == [record for record in lines(spikes / "all.ndjson") if record["alert"]]


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.arrow", "out.arrows"])
def test_alerts_alone_are_the_same_bytes_in_one_run_or_in_several(spikes, run, name):
    run(source="in.csv", output=f"whole.{name}", model="whole", settings=SETTINGS, only_alerts=True)
    for limit in (1, 300, 500, 699):
        run(source="in.csv", output=name, model="model", limit=limit, only_alerts=True, settings=SETTINGS)
    assert (spikes / name).read_bytes() == (spikes / f"whole.{name}").read_bytes()


@pytest.mark.parametrize("only_alerts", [False, True])
def test_rows_that_come_one_by_one_are_written_as_those_of_a_file(spikes, run, only_alerts):
    run(source="in.csv", output="file.ndjson", settings=SETTINGS, only_alerts=only_alerts)
    read_end, write_end = os.pipe()

    def feed():
        with open(write_end, "wb", buffering=0) as pipe:
            for line in (spikes / "in.csv").read_bytes().splitlines(keepends=True):
                pipe.write(line)

    with ThreadPoolExecutor() as pool:
        fed = pool.submit(feed)
        run(source=f"/dev/fd/{read_end}", output="pipe.ndjson", settings=SETTINGS, only_alerts=only_alerts)
        fed.result()
    os.close(read_end)
    assert (spikes / "pipe.ndjson").read_bytes() == (spikes / "file.ndjson").read_bytes()


def test_a_run_without_alerts_writes_an_output_without_records(files, run):
    run(source="in.csv", output="out.csv", settings={"alert": 0.999}, only_alerts=True)
    assert len((files / "out.csv").read_text().splitlines()) == 1


def test_alerts_alone_need_a_level(files, run):
    with pytest.raises(SettingsError, match=r"^--only-alerts needs --alert: the score from which a row is told"):
        run(source="in.csv", only_alerts=True)


def test_a_run_that_has_to_compile_the_scores_says_so(files, run, monkeypatch):
    monkeypatch.setattr("streamrnn.session.start.is_kept", lambda name: name != "score_rows")
    heard = Heard()
    run(heard, source="in.csv", output="out.csv")
    assert heard.said == []
    run(heard, source="in.csv", output="scored.csv", settings={"alert": 0.999})
    assert heard.said == ["compiling the kernels, once on this machine ..."]
