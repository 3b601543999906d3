"""From the mock cluster of librdkafka, which speaks Kafka's protocol."""

from cookbook.pipelines import assert_forecasts
from cookbook.readings import LOADS, payloads
from streamrnn import Learner


def test_a_partition_is_read_from_its_beginning_and_on(start, kafka):
    kafka.publish("readings", payloads(LOADS[:20]))
    recipe = start("Kafka", **kafka.environment)
    records = recipe.records(20)
    kafka.publish("readings", payloads(LOADS[20:]))
    assert_forecasts([*records, *recipe.records(len(LOADS) - 20)], LOADS)
    assert recipe.stop() == []


def test_a_group_keeps_what_it_has_read_for_the_next_start(start, kafka, tmp_path):
    kafka.publish("readings", payloads(LOADS))
    recipe = start("Kafka: go on after a restart", **kafka.environment)
    assert_forecasts(recipe.records(len(LOADS)), LOADS)
    assert recipe.stop() == []
    assert kafka.committed("streamrnn", "readings") == len(LOADS)
    assert Learner.load(tmp_path / "pump.safetensors").rows == len(LOADS)
