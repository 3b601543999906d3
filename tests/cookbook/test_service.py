"""The systemd unit: systemd takes it, what it starts works, and a stop is a success."""

import json
import shlex
import signal
import subprocess
from collections import defaultdict

import pytest

from cookbook.document import PAGE
from cookbook.pipelines import PATIENCE, assert_forecasts, which
from cookbook.readings import LOADS, payloads
from streamrnn import Learner

UNIT = PAGE.parents[1] / "examples" / "streamrnn.service"


@pytest.fixture
def unit():
    """The values of each key, in order; a line that ends with a backslash goes on in the next one."""
    values = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            values[key].append(value)
    return values


def test_systemd_has_nothing_against_the_unit():
    answer = subprocess.run(
        [which("systemd-analyze"), "verify", UNIT], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert [line for line in answer.stderr.splitlines() if UNIT.name in line] == []


def test_what_it_starts_forecasts_and_a_stop_saves_the_model_and_is_a_success(unit, run_in_bash, mosquitto, tmp_path):
    (command,) = unit["ExecStart"]
    service = run_in_bash(f"exec {command}", **mosquitto.environment)
    mosquitto.wait_for_subscriber("plant/pump")
    mosquitto.publish("plant/pump", payloads(LOADS))
    service.wait_for_lines(tmp_path / "forecasts.ndjson", len(LOADS))
    service.stop()
    assert_forecasts([json.loads(line) for line in (tmp_path / "forecasts.ndjson").read_text().splitlines()], LOADS)
    assert Learner.load(tmp_path / "pump.safetensors").rows == len(LOADS)
    assert service.exit_code == 128 + signal.SIGTERM
    assert [str(service.exit_code)] == unit["SuccessExitStatus"]


def test_what_it_writes_lies_where_it_may_write(unit):
    environment = dict(pair.split("=", 1) for line in unit["Environment"] for pair in shlex.split(line))
    assert [environment["STREAMRNN_CACHE_DIR"]] == [f"%C/{name}" for name in unit["CacheDirectory"]]
    assert unit["WorkingDirectory"] == [f"%S/{name}" for name in unit["StateDirectory"]]
    assert {"MQTT_HOST", "MQTT_PORT"} <= set(environment)


def test_kernels_may_be_compiled(unit):
    assert "MemoryDenyWriteExecute" not in unit
