"""Real brokers, for one test each: on 127.0.0.1, at a free port, in a folder of the test's own."""

import contextlib
import socket
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from cookbook.pipelines import PATIENCE, until, which

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return server.getsockname()[1]


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=PATIENCE):
        return True
    return False


@contextlib.contextmanager
def daemon(command: list[str | Path], folder: Path, port: int) -> Iterator[Path]:
    """Run a server until the block ends; gives its log."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as file:
        server = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        until(lambda: server.poll() is not None or is_listening(port), f"{command[0]} listens")
        assert server.poll() is None, log.read_text()
        yield log
    finally:
        server.terminate()
        server.wait(PATIENCE)


class Mosquitto:
    """An MQTT broker that lets everybody in."""

    def __init__(self, port: int, log: Path) -> None:
        self.environment = {"MQTT_HOST": HOST, "MQTT_PORT": str(port)}
        self._address = ["-h", HOST, "-p", str(port)]
        self._log = log

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator["Mosquitto"]:
        port = free_port()
        settings = [f"listener {port} {HOST}", "allow_anonymous true", "persistence false"]
        settings += ["log_dest stderr", "log_type subscribe"]
        (folder / "mosquitto.conf").write_text("\n".join([*settings, ""]))
        with daemon([which("mosquitto"), "-c", folder / "mosquitto.conf"], folder, port) as log:
            yield cls(port, log)

    def wait_for_subscriber(self, topic: str) -> None:
        """A message that nobody has subscribed to is lost."""
        until(lambda: f" {topic}\n" in self._log.read_text(), f"somebody subscribed to {topic}")

    def publish(self, topic: str, payloads: Iterable[str]) -> None:
        """Publish one message for each payload."""
        lines = "".join(f"{payload}\n" for payload in payloads)
        command = ["mosquitto_pub", *self._address, "-t", topic, "-q", "1", "-l"]
        subprocess.run(command, input=lines, text=True, check=True, timeout=PATIENCE)

    def listen(self, topic: str, messages: int = 1) -> subprocess.Popen[str]:
        """Start a process that writes the next messages, and ends."""
        command = ["mosquitto_sub", *self._address, "-t", topic, "-C", str(messages), "-W", str(round(PATIENCE))]
        listener = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.wait_for_subscriber(topic)
        return listener


class Redis:
    """A Redis server that keeps nothing."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.environment = {"REDIS": f"redis://{HOST}:{port}"}

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path, port: int | None = None) -> Iterator["Redis"]:
        port = port or free_port()
        options = ["--bind", HOST, "--port", str(port), "--save", "", "--appendonly", "no"]
        with daemon([which("redis-server"), *options], folder, port):
            yield cls(port)

    def command(self, *words: str) -> list[str]:
        """Send a command; the lines of its answer."""
        command = ["redis-cli", "-h", HOST, "-p", str(self.port), *words]
        return subprocess.check_output(command, text=True, timeout=PATIENCE).splitlines()


class Kafka:
    """The mock cluster of librdkafka, which lives as long as its client in this process."""

    def __init__(self) -> None:
        from confluent_kafka import Producer

        self._producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        (broker,) = self._producer.list_topics(timeout=PATIENCE).brokers.values()
        assert broker.host == HOST
        self.environment = {"KAFKA": f"{broker.host}:{broker.port}"}

    def publish(self, topic: str, payloads: Iterable[str]) -> None:
        """Append messages to the first partition."""
        for payload in payloads:
            self._producer.produce(topic, payload, partition=0)
        assert self._producer.flush(PATIENCE) == 0

    def committed(self, group: str, topic: str) -> int:
        """The offset in the first partition at which a group would go on."""
        from confluent_kafka import Consumer, TopicPartition

        consumer = Consumer({"bootstrap.servers": self.environment["KAFKA"], "group.id": group})
        (partition,) = consumer.committed([TopicPartition(topic, 0)], timeout=PATIENCE)
        consumer.close()
        return partition.offset
