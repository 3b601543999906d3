"""From a real Redis server: a list, a channel, a stream."""

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
    heading = "Redis: a stream"

    def add(loads):
        return [redis.command("XADD", "readings", "*", "load", str(load), "temperature", "20.5")[0] for load in loads]

    ids = add(LOADS[:20])
    recipe = start(heading, "jq", **redis.environment)
    records = recipe.records(20)
    ids += add(LOADS[20:])
    records += recipe.records(len(LOADS) - 20)
    assert_forecasts(records, LOADS)
    assert [record["id"] for record in records] == ids
    assert recipe.stop() == []
    add([50.0])
    recipe = start(heading, "jq", **redis.environment)
    assert [record["load"] for record in recipe.records(1)] == [50.0]
    recipe.stop()


def test_rows_come_on_after_the_server_has_been_away(start, tmp_path):
    with Redis.running(tmp_path) as server:
        recipe = start("A source that may end", **server.environment)
        server.command("RPUSH", "readings", *payloads(LOADS[:10]))
        records = recipe.records(10)
    with Redis.running(tmp_path, server.port):
        server.command("RPUSH", "readings", *payloads(LOADS[10:]))
        records += recipe.records(len(LOADS) - 10)
        assert_forecasts(records, LOADS)
        assert recipe.stop() == []


def test_a_source_is_not_started_again_when_nobody_reads_it(start, redis):
    recipe = start("A source that may end", **redis.environment, STREAMRNN_LIMIT="3")
    redis.command("RPUSH", "readings", *payloads(LOADS[:3]))
    recipe.records(3)

    def ends_with_another_row():
        redis.command("RPUSH", "readings", *payloads(LOADS[:1]))  # who writes to nobody ends when it writes
        return recipe.has_ended()

    until(ends_with_another_row, "the recipe had ended")
    assert recipe.finish() == []
