"""The recipes of docs/cookbook.md run as they stand there, with real programs and brokers."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cookbook.brokers import Kafka, Mosquitto, Redis
from cookbook.document import recipe
from cookbook.pipelines import Pipeline, which

COMPILING = 300.0  # seconds that compiling the kernels may take on a slow machine


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a recipe sees: the command of this tree, first of all; no proxies, and nobody's own settings."""
    programs = tmp_path_factory.mktemp("programs")
    command = programs / "streamrnn"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m streamrnn_cli "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join(map(str, (programs, Path(sys.executable).parent, os.environ["PATH"])))
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STREAMRNN_") or name == "STREAMRNN_CACHE_DIR"
    }
    return {**kept, "PATH": path, "no_proxy": "*"}


@pytest.fixture(scope="session")
def _compiled(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The kernels are compiled before a recipe is waited for."""
    folder = tmp_path_factory.mktemp("compiling")
    code = "printf 'x\\n1\\n2\\n' | streamrnn run - --quiet"
    subprocess.run(["bash", "-c", code], cwd=folder, env=environment, check=True, timeout=COMPILING)


@pytest.fixture
def run_in_bash(_compiled: None, environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Pipeline]]:
    """Start bash with this code, in the test's folder."""
    started = []

    def run_in_bash(code: str, **variables: str) -> Pipeline:
        started.append(Pipeline(code, tmp_path, {**environment, **variables}))
        return started[-1]

    yield run_in_bash
    for pipeline in started:
        pipeline.close()


@pytest.fixture
def start(run_in_bash: Callable[..., Pipeline]) -> Callable[..., Pipeline]:
    """Start the recipe under a heading; skip the test where one of its programs is absent."""

    def start(heading: str, *programs: str, **variables: str) -> Pipeline:
        for program in programs:
            which(program)
        return run_in_bash(recipe(heading), **variables)

    return start


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    for program in ("mosquitto_pub", "mosquitto_sub"):
        which(program)
    with Mosquitto.running(tmp_path) as broker:
        yield broker


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    which("redis-cli")
    with Redis.running(tmp_path) as server:
        yield server


@pytest.fixture
def kafka() -> Kafka:
    which("kcat")
    pytest.importorskip(
        "confluent_kafka", reason="confluent_kafka, whose mock broker serves the test, is not installed"
    )
    return Kafka()
