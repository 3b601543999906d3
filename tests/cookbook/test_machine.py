"""From this machine's own metrics, and over HTTP."""

import gzip
import json

import pytest

from cookbook.pipelines import assert_forecasts, until
from cookbook.readings import LOADS, csv
from cookbook.web import Web


@pytest.fixture
def web():
    with Web.running() as web:
        yield web


def test_vmstat_tells_of_this_machine(start):
    recipe = start("Metrics of this machine", "vmstat")
    records = recipe.records(2)
    assert [record["row"] for record in records] == [0, 1]
    for record in records:
        assert 0.0 <= record["us"] <= 100.0
        assert record["free"] > 0.0
        assert isinstance(record["us_h10"], float)
        assert isinstance(record["free_h10"], float)
    recipe.stop()


def page(load, memory):
    lines = ["# HELP node_load1 1m load average.", "# TYPE node_load1 gauge", f"node_load1 {load}"]
    return "\n".join([*lines, f"node_memory_MemAvailable_bytes {memory}", "node_load15 99", ""]).encode()


def test_a_prometheus_page_is_a_row_and_none_is_a_row_of_nothing_until_nobody_reads_them(start, web):
    pages = iter([page(0.5, 2e9), page(1.5, 1e9), None])
    web.page = lambda: next(pages, page(2.5, 3e9))
    variables = {"EVERY": "0.05", "METRICS": f"{web.url}/metrics", "STREAMRNN_LIMIT": "5"}
    records = [json.loads(line) for line in start("A Prometheus page", "curl", **variables).finish()]
    assert [record["load"] for record in records] == [0.5, 1.5, None, 2.5, 2.5]
    assert [record["memory"] for record in records] == [2e9, 1e9, None, 3e9, 3e9]
    assert all(isinstance(record["load_h4"], float) for record in records)


def test_a_compressed_file_is_read_over_http(start, web):
    web.page = lambda: gzip.compress(csv(LOADS).encode())
    recipe = start("CSV over HTTP", "curl", READINGS=f"{web.url}/readings.csv.gz")
    assert_forecasts([json.loads(line) for line in recipe.finish()], LOADS)


def test_a_surprise_is_sent_to_a_web_hook(start, web, tmp_path):
    loads = [40.0, 41.0] * 15 + [75.0, 41.0]
    (tmp_path / "plant.csv").write_text(csv(loads))
    recipe = start("Alerts to a web hook", "jq", "curl", HOOK=f"{web.url}/alerts")
    until(lambda: web.posted, "an alert was sent")
    alert = json.loads(web.posted[0])
    assert (alert["row"], alert["load"]) == (30, 75.0)
    recipe.stop()
