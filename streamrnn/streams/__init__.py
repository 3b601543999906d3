"""Bytes <-> rows: live pipes and recordings in, records out. Nothing here knows about learning.

::

    from streamrnn.streams import open_source, open_sink

    source = open_source("load.csv")                     # or "-" for stdin; Arrow, Parquet, CSV, NDJSON
    for batch in source.batches(numbers=["load"], others=["time"]):
        ...                                              # batch.table is a pyarrow.RecordBatch

Importing this package is cheap: pyarrow and orjson are loaded when the first stream is opened.
"""

from .batch import BadCell, Batch, Cause, Kind, Refused
from .cells import Cells
from .errors import StreamError
from .options import ReadOptions
from .sinks import Sink, open_sink, prepare_output
from .sources import Source, open_source

__all__ = [
    "BadCell",
    "Batch",
    "Cause",
    "Cells",
    "Kind",
    "ReadOptions",
    "Refused",
    "Sink",
    "Source",
    "StreamError",
    "open_sink",
    "open_source",
    "prepare_output",
]
