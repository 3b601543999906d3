"""From a real Redis server: a list, a channel, a stream."""

import subprocess

import pytest

from cookbook.brokers import Redis
from cookbook.pipelines import assert_forecasts, until
from cookbook.readings import LOADS, payloads


def test_a_list_is_taken_row_by_row(start, redis):
    redis.command("RPUSH", "readings", *payloads(LOADS[:10]))
    recipe = start("Redis: a list", **redis.environment)
    records = recipe.records(10)
    redis.command("RPUSH", "readings", *payloads(LOADS[10:]))
    assert_forecasts([*records, *recipe.records(len(LOADS) - 10)], LOADS)
    assert redis.command("LLEN", "readings") == ["0"]
    assert recipe.stop() == []


def test_published_messages_become_forecasts(start, redis):
    recipe = start("Redis: publish and subscribe", **redis.environment)
    until(lambda: redis.command("PUBSUB", "NUMSUB", "readings") == ["readings", "1"], "somebody subscribed")
    for payload in payloads(LOADS):
        redis.command("PUBLISH", "readings", payload)
    assert_forecasts(recipe.records(len(LOADS)), LOADS)
    assert recipe.stop() == []


def test_a_stream_is_read_by_a_group_which_remembers_what_it_has_read(start, redis):
    if "--json" not in subprocess.check_output(["redis-cli", "--help"], text=True, stderr=subprocess.STDOUT):
        pytest.skip("redis-cli is older than 7: it has no --json")

    def add(loads):
        return [redis.command("XADD", "readings", "*", "load", str(load), "temperature", "20.5")[0] for load in loads]

    ids = add(LOADS[:20])
    recipe = start("Redis: a stream", "jq", **redis.environment)
    records = recipe.records(20)
    ids += add(LOADS[20:])
    records += recipe.records(len(LOADS) - 20)
    assert_forecasts(records, LOADS)
    assert [record["id"] for record in records] == ids
    assert recipe.stop() == []
    answer = redis.command("XINFO", "GROUPS", "readings")
    group = dict(zip(answer[::2], answer[1::2], strict=True))
    assert (group["name"], group["last-delivered-id"]) == ("streamrnn", ids[-1])


def test_rows_come_on_after_the_server_has_been_away_and_until_nobody_reads_them(start, tmp_path):
    with Redis.running(tmp_path) as server:
        recipe = start("A source that may end", "redis-cli", **server.environment, STREAMRNN_LIMIT=str(len(LOADS)))
        server.command("RPUSH", "readings", *payloads(LOADS[:10]))
        records = recipe.records(10)
    with Redis.running(tmp_path, server.port) as server:
        server.command("RPUSH", "readings", *payloads(LOADS[10:]))
        records += recipe.records(len(LOADS) - 10)
        assert_forecasts(records, LOADS)

        def ends_with_another_row():
            server.command("RPUSH", "readings", *payloads(LOADS[:1]))  # who writes to nobody ends when it writes
            return recipe.has_ended()

        until(ends_with_another_row, "the recipe had ended")
        assert recipe.finish() == []
