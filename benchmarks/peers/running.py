"""Peers as processes that take turns: start them, wait until they are warm, ask for a round, keep what they answer."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import click

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Peer:
    """A library that has a module here, and how to get it."""

    name: str  # of its module, and with _peer of ours
    install: str

    def is_installed(self) -> bool:
        """Tell whether Python finds it, without loading it."""
        return importlib.util.find_spec(self.name) is not None


@dataclass(frozen=True)
class Configuration:
    """The flags of a peer that change from one line of the table to the next."""

    cell: str
    hidden: int
    window: int
    stride: int
    rows: int


@dataclass
class Timing:
    """What one contender took at one configuration."""

    cell: str
    hidden: int
    window: int
    stride: int
    rows: int
    group: str
    variant: str
    learned_error: float  # median squared error, when it is warm
    last_value_error: float  # that of forecasting the last value
    rounds: list[float]  # microseconds a row

    def median(self) -> float:
        """The figure that the table shows."""
        return statistics.median(self.rounds)


class PeerFailed(click.ClickException):
    """A peer ended before it answered; the message is the last thing that it said."""


class Process:
    """A peer that does a round when it is asked."""

    def __init__(self, peer: Peer, configuration: Configuration) -> None:
        flags = [f"--{name}={value}" for name, value in asdict(configuration).items()]
        self.name = peer.name
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (it lives as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.peers.{peer.name}_peer", "--serve", *flags],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it: a peer leaves when nothing more can be asked."""
        with suppress(BrokenPipeError):
            self.process.communicate()
        self.errors.close()

    def answer(self) -> dict[str, Any]:
        """Wait for the next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines() or ["it said nothing"]
            raise PeerFailed(f"{self.name}: {said[-1]}")
        return dict(json.loads(line))

    def round(self) -> list[float]:
        """Microseconds a row of each of its contenders, timed now."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # if it has ended, answer() tells why
            self.process.stdin.write("round\n")
            self.process.stdin.flush()
        return list(self.answer()["microseconds"])


def measure(
    peers: list[Peer], configuration: Configuration, rounds: int, versions: dict[str, str], say: Callable[[str], None]
) -> list[Timing]:
    """Warm all peers up, then let them take turns; write the version of each into `versions`."""
    title = f"{configuration.cell} {configuration.hidden}"
    running: list[tuple[Process, list[Timing]]] = []
    with ExitStack() as processes:
        for peer in peers:
            say(f"{title}: {peer.name} warms up")
            process = processes.enter_context(Process(peer, configuration))
            try:
                ready = process.answer()
            except PeerFailed as failure:
                say(f"{title}: left out, {failure}")
                continue
            versions[peer.name] = ready["version"]
            timings = [Timing(**asdict(configuration), **contender, rounds=[]) for contender in ready["contenders"]]
            running.append((process, timings))
        for number in range(rounds):
            say(f"{title}: round {number + 1} of {rounds}")
            for process, timings in running:
                for timing, microseconds in zip(timings, process.round(), strict=True):
                    timing.rounds.append(microseconds)
    return [timing for _, timings in running for timing in timings]
