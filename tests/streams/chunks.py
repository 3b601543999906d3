"""A stream for tests that delivers its bytes in pieces of one's choice."""

import random


class Chunks:
    """Delivers the given chunks, as a pipe might."""

    name = "chunks"
    following = None
    restarts = 0

    def __init__(self, *chunks):
        self.chunks = [chunk for chunk in chunks if chunk]
        self.warnings = []

    def read(self):
        return self.chunks.pop(0) if self.chunks else b""

    def close(self): ...


class Files(Chunks):
    """Delivers files, one after the other, each in one piece."""

    def __init__(self, *files):
        super().__init__(*files)
        self.restarts = -1

    def read(self):
        self.restarts += bool(self.chunks)
        return super().read()


def cut_anywhere(data: bytes, generator: random.Random, most: int = 5) -> Chunks:
    """Return the data as a stream that is cut at random places."""
    places = sorted(generator.randint(0, len(data)) for _ in range(generator.randint(0, most)))
    return Chunks(*(data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)))
