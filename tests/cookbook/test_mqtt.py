"""From a real MQTT broker, and back to it."""

import gzip
import json
from itertools import repeat

import pytest

from cookbook.pipelines import PATIENCE, assert_forecasts, until
from cookbook.readings import LOADS, csv, payloads
from streamrnn import Learner


def test_messages_become_forecasts(start, mosquitto):
    recipe = start("MQTT", **mosquitto.environment)
    mosquitto.wait_for_subscriber("plant/pump")
    mosquitto.publish("plant/pump", payloads(LOADS))
    assert_forecasts(recipe.records(len(LOADS)), LOADS, horizons=5)
    assert recipe.stop() == []


def test_bare_numbers_get_a_name_and_the_time_at_which_they_came(start, mosquitto):
    recipe = start("MQTT: a bare number in each message", **mosquitto.environment)
    mosquitto.wait_for_subscriber("plant/pump/load")
    mosquitto.publish("plant/pump/load", map(str, LOADS))
    records = recipe.records(len(LOADS))
    assert_forecasts(records, LOADS)
    times = [float(record["time"]) for record in records]
    assert times == sorted(times)
    assert times[0] > 1e9  # seconds since 1970
    assert recipe.stop() == []


def test_a_restart_goes_on_with_the_model_the_file_and_the_messages_in_between(start, mosquitto, tmp_path):
    forecasts = tmp_path / "forecasts.ndjson"
    heading = "Into a file, with the model kept"
    recipe = start(heading, **mosquitto.environment)
    mosquitto.wait_for_subscriber("plant/pump")
    mosquitto.publish("plant/pump", payloads(LOADS[:10]))
    recipe.wait_for_lines(forecasts, 10)
    recipe.stop()
    assert Learner.load(tmp_path / "pump.safetensors").rows == 10
    mosquitto.publish("plant/pump", payloads(LOADS[10:20]))
    recipe = start(heading, **mosquitto.environment)
    mosquitto.publish("plant/pump", payloads(LOADS[20:]))
    recipe.wait_for_lines(forecasts, len(LOADS))
    recipe.stop()
    assert_forecasts([json.loads(line) for line in forecasts.read_text().splitlines()], LOADS)


def test_live_rows_go_on_where_the_past_ended(start, mosquitto, tmp_path):
    (tmp_path / "past.csv.gz").write_bytes(gzip.compress(csv(LOADS).encode()))
    recipe = start("Learn from the past, then go on live", **mosquitto.environment)
    mosquitto.wait_for_subscriber("plant/pump")
    mosquitto.publish("plant/pump", payloads(LOADS[:3]))
    records = recipe.records(3)
    assert [record["row"] for record in records] == [30, 31, 32]
    assert [record["load"] for record in records] == LOADS[:3]
    assert None not in [record["load_expected"] for record in records]
    assert recipe.stop() == []


def test_a_surprise_is_told_to_the_broker_and_every_record_is_kept(start, mosquitto, tmp_path):
    listener = mosquitto.listen("plant/alerts")
    recipe = start("Alerts", "jq", **mosquitto.environment)
    mosquitto.wait_for_subscriber("plant/pump")
    loads = [40.0, 41.0] * 15 + [75.0, 41.0]
    mosquitto.publish("plant/pump", payloads(loads))
    alert = json.loads(listener.communicate(timeout=PATIENCE)[0])
    assert (alert["row"], alert["load"]) == (30, 75.0)
    assert list(alert) == ["row", "load", "load_expected"]
    recipe.wait_for_lines(tmp_path / "forecasts.ndjson", len(loads))
    recipe.stop()


def test_each_sensor_may_have_its_own_topic(start, mosquitto):
    recipe = start("MQTT: a topic for each sensor", **mosquitto.environment)
    mosquitto.wait_for_subscriber("plant/pump/+")
    loads = [40.0, 41.0, 42.0, 43.0, 44.0]
    for load in loads:
        mosquitto.publish("plant/pump/temperature", ["20.5"])
        mosquitto.publish("plant/pump/load", [str(load)])
    records = recipe.records(2 * len(loads))
    assert [record["row"] for record in records] == [*range(len(records))]
    target = "plant/pump/load"
    assert [record[target] for record in records] == [load for pair in zip(repeat(None), loads) for load in pair]
    made = [record[f"{target}_h1"] for record in records]
    assert [record[f"{target}_expected"] for record in records[3::2]] == made[2::2]
    assert recipe.stop() == []
    scores = [line.split() for line in recipe.errors.splitlines() if line.startswith(target)]
    # Three values on, a load that rises by one is three above the last value; three rows on, it would be two.
    assert [(horizon, last_value) for _, horizon, _, last_value, *_ in scores] == [("1", "1"), ("2", "2"), ("3", "3")]


def test_sensors_may_be_put_on_one_clock(start, mosquitto):
    recipe = start("MQTT: every sensor on one clock", **mosquitto.environment, EVERY="50ms")
    mosquitto.wait_for_subscriber("plant/pump/+")
    records, published = [], []

    def five_rows_have_come():
        published.append(40.0 + len(published))
        mosquitto.publish("plant/pump/temperature", ["20.5"])
        mosquitto.publish("plant/pump/load", [str(published[-1])])
        records.extend(recipe.records_so_far())
        return len(records) >= 5

    until(five_rows_have_come, "five rows of the grid came")
    cells = [round(record["time"] / 0.05) for record in records]
    assert [cell * 0.05 for cell in cells] == pytest.approx([record["time"] for record in records])
    assert cells == [*range(cells[0], cells[0] + len(records))]
    loads = [record["plant/pump/load"] for record in records if record["plant/pump/load"] is not None]
    assert loads == sorted(set(loads) & set(published))
    assert all(f"plant/pump/load_h{k}" in record for record in records for k in (10, 60))
    recipe.stop()


def test_a_recording_becomes_messages_again(start, mosquitto, tmp_path):
    (tmp_path / "past.csv").write_text(csv(LOADS))
    listener = mosquitto.listen("plant/pump", len(LOADS))
    assert start("Rehearse with a recording", **mosquitto.environment).finish() == []
    messages = [json.loads(line) for line in listener.communicate(timeout=PATIENCE)[0].splitlines()]
    assert [message["load"] for message in messages] == LOADS
    assert messages[0]["time"] == "2025-03-01T00:00:00"
