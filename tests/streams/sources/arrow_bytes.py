"""Tables as Arrow IPC writes them."""

import pyarrow as pa
import pyarrow.ipc

TABLE = pa.table({"x": [1.0, None, 3.0], "name": ["a", None, "c"], "count": pa.array([1, 2, 3], pa.int32())})


def ipc_bytes(table, new=pa.ipc.new_stream, rows=None, **options):
    sink = pa.BufferOutputStream()
    with new(sink, table.schema, **options) as writer:
        writer.write_table(table, rows)
    return sink.getvalue().to_pybytes()
